"""Times in the reader's zone, whose name every page prints."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from studyplatform.accounts.time_zones import zone_names
from studyplatform.models import AuditEntry, Preferences
from surveys.models import Participant, StudySchedule
from tests.surveys import factories

WINTER, SUMMER = "2026-01-15T12:00:00+00:00", "2026-07-15T12:00:00+00:00"


@pytest.fixture
def person(study) -> Participant:
    person = factories.walk(factories.allocated(study, "somebody"))
    Participant.objects.filter(pk=person.pk).update(consented_at=WINTER, finished_at=SUMMER)
    return person


def choose(browser: Client, zone: str):
    return browser.post(reverse("time-zone"), {"time_zone": zone}, follow=True)


def page_of(browser: Client, person: Participant) -> str:
    path = reverse("panel:participant", args=[person.study.slug, person.pseudonym])
    return browser.get(path).content.decode()


def test_times_are_in_utc_until_somebody_chooses_a_zone(person, signed_in):
    page = page_of(signed_in("analyst"), person)
    assert "15 Jan 2026, 12:00 UTC" in page
    assert "All times are in UTC." in page


def test_every_time_is_in_the_chosen_zone_with_its_name_in_summer_and_winter(person, signed_in):
    analyst, owner = signed_in("analyst"), signed_in("owner")
    assert "All times are in Europe/Berlin." in choose(analyst, "Europe/Berlin").content.decode()
    page = page_of(analyst, person)
    assert '<time datetime="2026-01-15T13:00:00+01:00">15 Jan 2026, 13:00 CET</time>' in page
    assert '<time datetime="2026-07-15T14:00:00+02:00">15 Jul 2026, 14:00 CEST</time>' in page
    assert not re.search(r"<time[^>]*>[^<]* UTC</time>", page)
    # It is the choice of one person, in all of the person's browsers.
    assert "13:00 CET" in page_of(signed_in("analyst"), person)
    assert "12:00 UTC" in page_of(owner, person)


def test_every_page_of_the_panel_names_the_zone(study, signed_in):
    owner = signed_in("owner")
    choose(owner, "Asia/Kolkata")
    for name in ("study", "monitor", "participants", "launch", "members", "audit", "data", "jobs"):
        page = owner.get(reverse(f"panel:{name}", args=[study.slug])).content.decode()
        assert "All times are in Asia/Kolkata." in page, name
    for path in (reverse("panel:home"), reverse("mfa_index")):
        assert "All times are in Asia/Kolkata." in owner.get(path).content.decode(), path


def test_a_time_that_is_typed_is_read_in_the_zone(study, signed_in):
    owner, path = signed_in("owner"), reverse("panel:schedule", args=[study.slug])
    choose(owner, "America/New_York")
    assert "Date and time in America/New_York." in owner.get(path).content.decode()
    owner.post(path, {"ends_at": "2099-05-04T18:30"})
    assert StudySchedule.objects.get().ends_at.isoformat() == "2099-05-04T22:30:00+00:00"
    assert 'value="2099-05-04T18:30"' in owner.get(path).content.decode()
    # What is stored and what others read does not depend on a reader.
    assert AuditEntry.objects.get(act="schedule set").after == {"ends_at": "2099-05-04T22:30+00:00"}


def test_files_stay_in_utc(study, person, signed_in):
    owner = signed_in("owner")
    choose(owner, "Asia/Tokyo")
    file = owner.get(reverse("panel:audit-csv", args=[study.slug])).content.decode()
    assert "+00:00" in file
    assert "+09:00" not in file


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd"])
def test_an_unknown_zone_is_refused(study, signed_in, zone):
    page = choose(signed_in("owner"), zone)
    assert "This is not the name of a time zone." in page.content.decode()
    assert not Preferences.objects.exists()


def test_a_zone_that_the_server_no_longer_knows_gives_utc(person, signed_in):
    owner = signed_in("owner")
    choose(owner, "Europe/Berlin")
    Preferences.objects.update(time_zone="Europe/Atlantis")
    assert "12:00 UTC" in page_of(owner, person)


def test_the_list_has_utc_first_and_the_zones_of_places():
    names = zone_names()
    assert names[0] == "UTC"
    assert {"Europe/Berlin", "America/Argentina/Buenos_Aires", "Pacific/Auckland"} <= set(names)
    assert "EST" not in names
