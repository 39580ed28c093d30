"""URLs of a study's participants."""

from django.urls import path

from studyplatform.panel import participant_views

urlpatterns = [
    path("", participant_views.people, name="participants"),
    path("<slug:pseudonym>/", participant_views.person, name="participant"),
    path("<slug:pseudonym>/erase/", participant_views.erase, name="erase-participant"),
]
