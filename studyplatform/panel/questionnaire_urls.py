"""URLs of the panel's pages of questionnaires, below the panel's own URL."""

from django.urls import path

from studyplatform.panel import questionnaire_views

app_name = "questionnaires"
urlpatterns = [
    path("", questionnaire_views.library, name="list"),
    path("<slug:key>/", questionnaire_views.preview, name="preview"),
]
