"""What is put together once says the same as its parts, in each language, escaped or not; what is one's own is not."""

import pytest
from django.template import Context, Engine, engines
from django.utils import translation

from exchange.folding import FoldedNode, fold

PAGE = (
    '<a href="{% url "help" %}">{% translate "Help" %}</a>{% if one %}{% translate "Talks" %} & {{ one }}{% endif %}'
    '{% for each in many %}{% url "person" each %}{% translate "Home" %} {% endfor %}{% translate name %}'
    '{% blocktranslate %}Page {{ one }}{% endblocktranslate %}{% translate "Find" as word %}{{ word }}'
)


def _template(text):
    engine = engines["django"].engine
    return engine.from_string("{% load i18n %}" + text)


@pytest.mark.parametrize("autoescape", [True, False])
def test_says_the_same_folded_or_not(autoescape):
    plain, folded = _template(PAGE), _template(PAGE)
    fold(folded.nodelist)
    assert folded.nodelist.get_nodes_by_type(FoldedNode)
    for language in ("ar", "en", "ar"):
        for one in ("<b>", ""):
            context = {"one": one, "many": [1, 2], "name": "Me"}
            with translation.override(language):
                whole = plain.render(Context(context, autoescape=autoescape))
                assert folded.render(Context(context, autoescape=autoescape)) == whole


def test_only_what_depends_on_nothing_is_folded():
    template = _template('{% csrf_token %}{% url "person" 5 %}{{ x }}{% translate x %}{% translate "a"|upper %}')
    fold(template.nodelist)
    assert template.nodelist.get_nodes_by_type(FoldedNode) == []


def test_pages_of_the_house_are_folded():
    template = Engine.get_default().get_template("base.html")
    assert template.nodelist.get_nodes_by_type(FoldedNode)
