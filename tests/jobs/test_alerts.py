"""E-mails to owners, sent by the worker where e-mail is configured, at most once a day each."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from studyplatform.jobs import alerts, presence, watch
from studyplatform.models import Alert, Job
from surveys import services
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories


@pytest.fixture
def owned(study, settings):
    """An open study of 60 places, with an owner and an analyst who have e-mail addresses."""
    settings.EMAIL_HOST = "mail.example.org"
    for name in ("owner", "analyst"):
        user = add_member(study, name, **SWITCHES[name])
        user.email = f"{name}@example.org"
        user.save()
    return study


def fail_jobs(study, count: int) -> None:
    for number in range(count):
        Job.objects.create(
            kind="maps", study=study, request_sha256=str(number), state="failed", error="No.",
            queued_at=timezone.now(), finished_at=timezone.now(),
        )  # fmt: skip


def wait_in_vain(study, minutes: int) -> None:
    Job.objects.create(
        kind="maps", study=study, request_sha256="w",
        queued_at=timezone.now() - timedelta(minutes=minutes),
    )  # fmt: skip


def fill(study, people: int) -> None:
    for number in range(people):
        factories.holding(study, f"person {number}")


def test_owners_are_told_when_jobs_fail_and_nobody_else(owned):
    fail_jobs(owned, 3)
    watch.Watch().look()
    (message,) = mail.outbox
    assert message.to == ["owner@example.org"]
    assert message.subject == "A small study: jobs fail"
    assert "Jobs that failed within an hour: 3." in message.body
    assert "small" in message.body


def test_one_failure_is_no_rise(owned):
    fail_jobs(owned, 2)
    assert alerts.send_alerts() == 0


def test_owners_are_told_when_no_worker_takes_a_job(owned):
    wait_in_vain(owned, minutes=11)
    assert alerts.send_alerts() == 1
    assert mail.outbox[0].subject == "A small study: no worker takes the jobs"


def test_a_job_that_waits_shortly_or_behind_others_is_not_stalled(owned):
    wait_in_vain(owned, minutes=9)
    assert alerts.send_alerts() == 0
    Job.objects.update(queued_at=timezone.now() - timedelta(hours=2))
    with presence.shown("a worker", ["maps"]) as still_here:
        still_here()
        assert alerts.send_alerts() == 0
    assert alerts.send_alerts() == 1, "without the worker it is stalled"


def test_owners_are_told_when_a_worker_is_silent(owned):
    Job.objects.create(
        kind="maps", study=owned, request_sha256="r", state="running", holder="somebody",
        queued_at=timezone.now(), lease_until=timezone.now() - timedelta(minutes=11),
    )  # fmt: skip
    assert alerts.send_alerts() == 1


def test_owners_are_told_when_places_run_out(owned):
    fill(owned, 53)
    assert alerts.send_alerts() == 0
    fill(owned, 54)
    assert alerts.send_alerts() == 1
    assert "Places that are left: 6." in mail.outbox[0].body
    for arm in owned.arms.all():
        assert arm.label not in mail.outbox[0].body


@pytest.mark.nightly
def test_simulated_people_and_studies_that_admit_nobody_take_no_places(owned):
    for number in range(54):
        factories.allocated(owned, f"robot {number}", simulated=True)
    assert alerts.send_alerts() == 0
    fill(owned, 54)
    services.pause_study(study=owned)
    assert alerts.send_alerts() == 0


def test_each_alert_is_sent_at_most_once_a_day(owned):
    fail_jobs(owned, 3)
    assert [alerts.send_alerts() for _ in range(3)] == [1, 0, 0]
    Alert.objects.update(sent_at=timezone.now() - timedelta(hours=25))
    assert [alerts.send_alerts() for _ in range(2)] == [1, 0]
    wait_in_vain(owned, minutes=20)
    assert alerts.send_alerts() == 1, "another kind has a day of its own"


def test_an_alert_that_could_not_be_sent_is_tried_again_after_an_hour(owned, monkeypatch):
    def refuse(*message: object) -> None:
        raise ConnectionRefusedError

    fail_jobs(owned, 3)
    with monkeypatch.context() as broken:
        broken.setattr(alerts, "send_mail", refuse)
        assert alerts.send_alerts() == 0
    assert alerts.send_alerts() == 0
    Alert.objects.update(sent_at=Alert.objects.get().sent_at - timedelta(hours=1))
    assert alerts.send_alerts() == 1


def test_without_email_and_without_addresses_nothing_is_noted(owned, settings):
    fail_jobs(owned, 3)
    settings.EMAIL_HOST = ""
    assert alerts.send_alerts() == 0
    settings.EMAIL_HOST = "mail.example.org"
    owned.members.filter(owner=True).delete()
    assert alerts.send_alerts() == 0
    assert not Alert.objects.exists()


def test_a_title_with_a_line_break_cannot_add_a_header(owned):
    type(owned).objects.filter(pk=owned.pk).update(title="A study\nBcc: thief@example.org")
    fail_jobs(owned, 3)
    assert alerts.send_alerts() == 1
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].recipients() == ["owner@example.org"]
