"""Participants' pages that fail at the server are counted by study, without anything personal."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studyplatform import page_errors
from studyplatform.jobs import alerts
from studyplatform.models import PageErrors
from studyplatform.panel.overview import overviews
from surveys.web import participation
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories


@pytest.fixture
def study(db, tmp_path):
    """Open, with an owner who has an e-mail address."""
    study = factories.small_study(tmp_path)
    owner = add_member(study, "owner", **SWITCHES["owner"])
    owner.email = "owner@example.org"
    owner.save()
    return study


@pytest.fixture
def failing(monkeypatch):
    """A browser of somebody to whom every page of a participant fails."""

    def broken(*arguments, **options):
        raise RuntimeError("an answer that somebody gave")

    monkeypatch.setattr(participation, "find_participant", broken)
    monkeypatch.setattr(participation, "get_object_or_404", broken)
    return Client(raise_request_exception=False)


def fail(browser, study, times=1):
    for _ in range(times):
        assert browser.get(reverse("landing", args=[study.slug])).status_code == 500


def test_failed_pages_are_counted_by_study_and_hour_and_nothing_else_is_kept(study, failing):
    person = factories.allocated(study, "somebody")
    fail(failing, study, times=2)
    assert failing.get(reverse("page", args=[person.code])).status_code == 500
    (counted,) = PageErrors.objects.all()
    assert (counted.study, counted.count) == (study, 3)
    assert {field.name for field in PageErrors._meta.get_fields()} == {
        "id", "study", "hour", "count",
    }  # fmt: skip


def test_a_page_that_works_or_is_not_there_is_not_counted(study):
    browser = Client(raise_request_exception=False)
    browser.get(reverse("landing", args=[study.slug]))
    browser.get(reverse("landing", args=["nothing"]))
    assert not PageErrors.objects.exists()


def test_researchers_see_the_failures_in_the_list_and_in_the_monitor(study, failing, signed_in):
    fail(failing, study)
    (entry,) = overviews([study])
    assert "1 page of participants failed at the server within a day." in entry.attention
    page = signed_in("owner").get(reverse("panel:monitor", args=[study.slug]))
    assert page.context["monitor"].errors == 1
    assert "1 page failed at the server" in page.content.decode()


def test_owners_are_told_by_e_mail_when_several_fail_with_a_link(study, failing, settings):
    settings.EMAIL_HOST = "mail.example.org"
    settings.SITE_ADDRESS = "https://study.example.org"
    fail(failing, study, times=2)
    assert alerts.send_alerts() == 0, "two may be chance"
    fail(failing, study)
    assert alerts.send_alerts() == 1
    (message,) = mail.outbox
    assert message.subject.endswith("participants' pages fail")
    assert f"https://study.example.org/panel/studies/{study.slug}/monitor/" in message.body
    assert "an answer" not in message.body


def test_failures_of_yesterday_raise_no_alarm(study, settings):
    settings.EMAIL_HOST = "mail.example.org"
    PageErrors.objects.create(study=study, hour=timezone.now() - timedelta(days=1), count=9)
    assert alerts.send_alerts() == 0


def test_a_database_that_is_away_leaves_the_answer_as_it_is(study, failing, monkeypatch):
    def away(*arguments):
        raise OperationalError("the database is locked")

    monkeypatch.setattr(page_errors, "count", away)
    fail(failing, study)
