"""URLs of a study's participants."""

from django.urls import path

from studyplatform.panel import (
    bonus_views,
    participant_views,
    sending_views,
    service_places_views,
    submission_views,
)

urlpatterns = [
    path("", participant_views.people, name="participants"),
    # Pseudonyms have nine characters, so that no person has one of these addresses.
    path("submissions/", submission_views.show, name="submissions"),
    path("submissions/approve/", submission_views.approve, name="approve-submissions"),
    path("submissions/compare/", submission_views.compare, name="compare-submissions"),
    path("submissions/statuses/", submission_views.refresh, name="refresh-statuses"),
    path("submissions/prepare/", sending_views.prepare, name="prepare-decisions"),
    path("submissions/send/", sending_views.send, name="send-decisions"),
    path(
        "submissions/places/prepare/", service_places_views.prepare, name="prepare-service-places"
    ),
    path("submissions/places/send/", service_places_views.send, name="send-service-places"),
    path("submissions/bonuses/", bonus_views.show, name="bonuses"),
    path("submissions/bonuses/pay/", bonus_views.pay, name="pay-bonuses"),
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
