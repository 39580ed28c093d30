"""URLs of a study's participants."""

from django.urls import path

from studyplatform.panel import participant_views

urlpatterns = [
    path("", participant_views.people, name="participants"),
    path("<slug:pseudonym>/", participant_views.person, name="participant"),
    path("<slug:pseudonym>/exclude/", participant_views.exclude, name="exclude-participant"),
    path("<slug:pseudonym>/include/", participant_views.include, name="include-participant"),
    path("<slug:pseudonym>/notes/", participant_views.note, name="note-on-participant"),
    path(
        "<slug:pseudonym>/notes/<int:pk>/delete/",
        participant_views.delete_note,
        name="delete-note",
    ),
    path("<slug:pseudonym>/decision/", participant_views.decide, name="decide-submission"),
    path("<slug:pseudonym>/erase/", participant_views.erase, name="erase-participant"),
]
