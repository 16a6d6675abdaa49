"""Skills as a Django application."""

from django.apps import AppConfig


class SkillsConfig(AppConfig):
    """Concepts and listings."""

    name = "skills"
