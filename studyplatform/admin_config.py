"""The admin site under the platform's own name."""

from django.contrib.admin.apps import AdminConfig


class StudyAdminConfig(AdminConfig):
    default_site = "studyplatform.admin_site.StudyAdminSite"
