"""Django's admin with the platform's title."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import reverse


class StudyAdminSite(AdminSite):
    site_header = "Explanation studies"
    site_title = "Explanation studies"
    index_title = "Studies, images and participants"

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the tables, and next to the studies the questionnaires, which are files."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            if app["app_label"] == "surveys" and request.user.has_perm("surveys.view_study"):
                app["models"].append(
                    {
                        "name": "Questionnaires",
                        "object_name": "Questionnaire",
                        "admin_url": reverse("questionnaires:list"),
                        "view_only": True,
                        "perms": {"view": True},
                    }
                )
        return apps
