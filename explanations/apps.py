"""Django's configuration of the app."""

from django.apps import AppConfig


class ExplanationsConfig(AppConfig):
    """The app's name in code and in the admin."""

    name = "explanations"
    verbose_name = "Images and explanations"
