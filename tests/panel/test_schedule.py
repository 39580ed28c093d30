"""Scheduled start, end and stop: applied by arrivals and by the worker, once, and in the audit."""

import logging
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studyplatform.jobs import watch
from studyplatform.models import AuditEntry
from surveys import services
from surveys.models import Study, StudySchedule
from surveys.services import StudyError
from tests.surveys import factories

HOUR = timedelta(hours=1)
MOMENT = timedelta(seconds=1)
CONSENT = 'name="arrival_key"'


def state(study: Study) -> str:
    return Study.objects.get(pk=study.pk).state


def let_time_pass(**times: object) -> None:
    """As if the times of the only schedule were these."""
    assert StudySchedule.objects.update(**times) == 1


def scheduled_acts() -> list[str]:
    entries = AuditEntry.objects.filter(way="schedule", who="").order_by("pk")
    return list(entries.values_list("act", flat=True))


def somebody_comes(study: Study) -> str:
    return Client().get(f"/s/{study.slug}/").content.decode()


@pytest.mark.parametrize("who", ["an arrival", "the worker"])
def test_collection_ends_at_the_time(study, who):
    services.set_schedule(study=study, ends_at=timezone.now() + HOUR)
    assert CONSENT in somebody_comes(study)
    watch.apply_schedules()
    assert state(study) == "open"
    let_time_pass(ends_at=timezone.now() - MOMENT)
    if who == "the worker":
        watch.apply_schedules()
        assert state(study) == "closed"
    assert CONSENT not in somebody_comes(study)
    assert state(study) == "closed"
    assert Study.objects.get(pk=study.pk).unblinded_at is None, "the end reveals nothing"
    assert scheduled_acts() == ["closed"]
    somebody_comes(study)
    watch.apply_schedules()
    assert scheduled_acts() == ["closed"], "it happens once"


@pytest.mark.parametrize("who", ["an arrival", "the worker"])
def test_a_paused_study_goes_on_at_the_time(study, who):
    services.pause_study(study=study)
    services.set_schedule(study=study, starts_at=timezone.now() + HOUR)
    assert CONSENT not in somebody_comes(study)
    let_time_pass(starts_at=timezone.now() - MOMENT)
    if who == "the worker":
        watch.apply_schedules()
    assert CONSENT in somebody_comes(study)
    assert scheduled_acts() == ["opened"]


def test_a_launch_before_the_scheduled_start_waits_for_it(study):
    Study.objects.filter(pk=study.pk).update(state="draft")
    services.set_schedule(study=study, starts_at=timezone.now() + HOUR)
    study.refresh_from_db()
    services.open_study(study=study)
    assert state(study) == "paused"
    assert study.versions.exists(), "what participants see is frozen"
    assert scheduled_acts() == ["paused"]
    let_time_pass(starts_at=timezone.now() - MOMENT)
    watch.apply_schedules()
    assert state(study) == "open"


def test_whoever_resumes_a_study_by_hand_cancels_the_start(study):
    services.pause_study(study=study)
    services.set_schedule(study=study, starts_at=timezone.now() + HOUR)
    services.open_study(study=study)
    assert state(study) == "open"
    assert StudySchedule.objects.get().starts_at is None


@pytest.mark.parametrize("who", ["an arrival", "the worker"])
def test_a_study_pauses_when_so_many_real_people_have_completed(study, who):
    services.set_schedule(study=study, stop_at=2)
    factories.walk(factories.allocated(study, "first"))
    factories.walk(factories.allocated(study, "robot", simulated=True))
    factories.walk(factories.allocated(study, "under way"), pages=3)
    watch.apply_schedules()
    assert CONSENT in somebody_comes(study)
    factories.walk(factories.allocated(study, "second"))
    if who == "the worker":
        watch.apply_schedules()
    assert CONSENT not in somebody_comes(study)
    assert state(study) == "paused"
    assert scheduled_acts() == ["paused"]
    # A person who resumes it knows the number, and is not stopped at once.
    study.refresh_from_db()
    services.open_study(study=study)
    watch.apply_schedules()
    assert state(study) == "open"


def test_somebody_who_is_under_way_finishes_after_the_end(study):
    person = factories.walk(factories.allocated(study, "under way"), pages=3)
    services.set_schedule(study=study, ends_at=timezone.now() + HOUR)
    let_time_pass(ends_at=timezone.now() - MOMENT)
    watch.apply_schedules()
    factories.walk(person)
    person.refresh_from_db()
    assert person.state == "completed"


def test_a_start_that_fails_is_told_and_not_tried_for_ever(study, monkeypatch):
    services.pause_study(study=study)
    services.set_schedule(study=study, starts_at=timezone.now() + HOUR)
    let_time_pass(starts_at=timezone.now() - MOMENT)
    monkeypatch.setattr(
        "surveys.services.studies.missing_for_launch", lambda study: ["Maps are missing."]
    )
    watch.apply_schedules()
    watch.apply_schedules()
    assert state(study) == "paused"
    assert scheduled_acts() == ["start failed"]


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({"ends_at": -HOUR}, "The end, .* has passed"),
        ({"starts_at": HOUR}, "admits people already"),
    ],
)
def test_a_schedule_that_cannot_happen_is_refused(study, times, words):
    with pytest.raises(StudyError, match=words):
        services.set_schedule(
            study=study, **{name: timezone.now() + time for name, time in times.items()}
        )


def test_an_end_before_the_start_is_refused_by_the_service_and_by_the_database(study):
    services.pause_study(study=study)
    now = timezone.now()
    with pytest.raises(StudyError, match="not after the start"):
        services.set_schedule(study=study, starts_at=now + 2 * HOUR, ends_at=now + HOUR)
    with pytest.raises(IntegrityError), transaction.atomic():
        StudySchedule.objects.create(study=study, starts_at=now + 2 * HOUR, ends_at=now + HOUR)
    services.close_study(study=study)
    with pytest.raises(StudyError, match="Collection has ended"):
        services.set_schedule(study=study, stop_at=3)


def test_an_owner_schedules_in_the_panel_and_the_audit_says_what_changed(study, signed_in):
    owner, path = signed_in("owner"), reverse("panel:schedule", args=[study.slug])
    assert "Date and time in UTC." in owner.get(path).content.decode()
    page = owner.post(path, {"ends_at": "2099-05-04T18:30", "stop_at": "40"}, follow=True)
    assert "Pauses when 40 people have completed." in page.content.decode()
    assert "4 May 2099, 18:30 UTC" in page.content.decode()
    entry = AuditEntry.objects.get(act="schedule set")
    assert (entry.who, entry.before) == ("owner", {})
    assert entry.after == {"ends_at": "2099-05-04T18:30+00:00", "stop_at": 40}
    refused = owner.post(path, {"ends_at": "2001-01-01T00:00"})
    assert refused.status_code == 422
    assert "Choose a later time." in refused.content.decode()
    owner.post(path, {})
    assert AuditEntry.objects.filter(act="schedule set").first().after == {}


def test_the_worker_looks_once_a_minute_and_survives_a_locked_database(monkeypatch, caplog):
    looks, now = [], [1000.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])

    def look() -> None:
        looks.append(now[0])
        raise OperationalError("database is locked")

    monkeypatch.setattr(watch, "apply_schedules", look)
    watcher = watch.Watch()
    with caplog.at_level(logging.WARNING, logger="studyplatform"):
        for seconds in (0, 30, 59, 61, 90, 125):
            now[0] = 1000.0 + seconds
            watcher.look()
    assert looks == [1000.0, 1061.0, 1125.0]
