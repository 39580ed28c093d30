"""Django's configuration that selects the platform's admin site."""

from django.contrib.admin.apps import AdminConfig


class StudyAdminConfig(AdminConfig):
    """Configuration of the admin with the platform's site."""

    default_site = "studyplatform.admin_site.StudyAdminSite"
