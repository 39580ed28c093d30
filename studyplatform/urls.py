"""Addresses: the panel, the researchers' pictures, and the participants' pages."""

from django.contrib import admin
from django.urls import include, path

from studyplatform.health import health
from surveys import draftviews

urlpatterns = [
    path("health/", health, name="health"),
    path("admin/explanations/", include("explanations.urls")),
    path("admin/surveys/questionnaires/", include("surveys.panel_urls")),
    path("admin/surveys/preview/", include("surveys.preview_urls")),
    path("admin/surveys/draft/", draftviews.draft, name="draft-study"),
    path("admin/", admin.site.urls),
    path("", include("surveys.urls")),
]
