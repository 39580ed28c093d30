"""Earlier URLs of the pages of questionnaires, which lead to those of the panel."""

from django.urls import path
from django.views.generic import RedirectView

app_name = "questionnaires"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="panel:questionnaires"), name="list"),
    path(
        "<slug:key>/",
        RedirectView.as_view(pattern_name="panel:questionnaire", query_string=True),
        name="preview",
    ),
]
