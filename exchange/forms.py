"""How every form field is drawn: one template for label, hint, error and input."""

from django.forms.renderers import TemplatesSetting


class RuknRenderer(TemplatesSetting):
    """Draws a field group with `components/field.html`."""

    field_template_name = "components/field.html"
