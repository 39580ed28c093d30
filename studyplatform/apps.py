"""The roof of the platform as a Django app, which keeps the audit and the files of results."""

from importlib import import_module

from django.apps import AppConfig


class StudyPlatformConfig(AppConfig):
    name = "studyplatform"

    def ready(self) -> None:
        """Write every act that the services announce into the audit, delete the files that list
        people whenever somebody is erased, and check the database before it is migrated."""
        from studyplatform.audit.writing import on_act
        from surveys.services.acts import acted

        acted.connect(on_act, dispatch_uid="audit")
        import_module("studyplatform.jobs.erasure").connect()
        import_module("studyplatform.upgrade").connect()
