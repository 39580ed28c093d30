"""URLs of the researchers' pages and pictures, of the API, and of the participants' pages."""

from django.contrib import admin
from django.urls import include, path

from studyplatform.api.interface import api
from studyplatform.health import health
from studyplatform.metrics import metrics
from studyplatform.panel import draft_views

urlpatterns = [
    path("health/", health, name="health"),
    path("metrics/", metrics, name="metrics"),
    path("api/v1/", api.urls),
    path("panel/account/", include("studyplatform.accounts.urls")),
    path("panel/", include("studyplatform.panel.urls")),
    path("admin/explanations/", include("studyplatform.panel.gallery_urls")),
    path("admin/surveys/questionnaires/", include("studyplatform.panel.questionnaire_urls")),
    path("admin/surveys/preview/", include("studyplatform.panel.preview_urls")),
    path("admin/surveys/draft/", draft_views.draft, name="draft-study"),
    path("admin/", admin.site.urls),
    path("", include("surveys.web.urls")),
]
