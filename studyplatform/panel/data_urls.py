"""URLs of a study's data and reports, below /panel/studies/SLUG/data/."""

from django.urls import path

from studyplatform.panel import data_views

urlpatterns = [
    path("", data_views.data, name="data"),
    path("compare/", data_views.compare, name="compare-reports"),
]
