"""Django's admin with the platform's title."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from studyplatform.accounts import sessions


class StudyAdminSite(AdminSite):
    site_header = "Explanation studies"
    site_title = "Explanation studies"
    index_title = "Studies, images and participants"
    site_url = "/panel/"  # where "view site" leads

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        """Register all models but allauth's, whose rows are the secrets of second factors.

        The panel's page of a person removes them.
        """
        given = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        models = [model for model in given if model._meta.app_label not in {"account", "mfa"}]
        super().register(models, admin_class, **options)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send everybody to the panel's sign-in, which throttles and asks for second factors.

        Staff who lack a permission and come back here get 404 instead of a loop.
        """
        if request.user.is_authenticated:
            raise Http404("This page of the administration is not for this account.")
        target = request.GET.get(REDIRECT_FIELD_NAME, "") or reverse("admin:index")
        return redirect_to_login(target)

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Sign out, and take the browser off the user's list."""
        sessions.forget(request)
        return super().logout(request, extra_context)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send everybody to the account's page, which signs out the other browsers."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the tables, and next to the studies the questionnaires, which are files."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            if app["app_label"] == "surveys" and request.user.has_perm("surveys.view_study"):
                app["models"].append(
                    {
                        "name": "Questionnaires",
                        "object_name": "Questionnaire",
                        "admin_url": reverse("panel:questionnaires"),
                        "view_only": True,
                        "perms": {"view": True},
                    }
                )
        return apps
