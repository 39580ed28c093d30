"""The roof of the platform as a Django app, which keeps the audit."""

from django.apps import AppConfig


class StudyPlatformConfig(AppConfig):
    name = "studyplatform"

    def ready(self) -> None:
        """Write every act that the services announce into the audit."""
        from studyplatform.audit.writing import on_act
        from surveys.services.acts import acted

        acted.connect(on_act, dispatch_uid="audit")
