"""A laboratory: people type their id, one after the other, on one machine."""

import pytest
from django.test import Client

from surveys.models import Identity, Participant
from surveys.services import erase
from surveys.simulation.browser import Browser, Page
from surveys.study_file.declaration import StudyFileError
from tests.surveys.people import go_on, who
from tests.surveys.recruitment import studies

LAB = '[recruitment]\nkind = "lab"\n'
LANDING = "/s/paid/"


@pytest.fixture
def lab(db, tmp_path):
    return studies.recruited(tmp_path, LAB)


def begin(browser: Browser, typed: str) -> Page:
    """Type the id on the start page, and agree."""
    return browser.send(browser.open(f"{LANDING}?id={typed}"), {})


def text(browser: Browser, path: str = LANDING) -> str:
    return browser._client.get(path, secure=True).content.decode()


def next_person(browser: Browser, page: Page) -> Page:
    """Press the button of a last page."""
    return browser.send(Page(f"{LANDING}anew/", 200, page.hidden), {})


def test_the_start_page_asks_for_an_id(lab):
    page = Client().get(LANDING, headers={"accept-language": "en"})
    assert page.status_code == 200
    assert 'name="id"' in page.content.decode()
    assert not Participant.objects.exists()


def test_the_typed_id_leaves_the_address_and_is_stored_apart(lab):
    browser = Browser()
    consent = browser.open(f"{LANDING}?id=S-017")
    assert "S-017" not in consent.path
    assert "the ID that you entered" in text(browser)
    person = who(browser.send(consent, {}))
    assert Identity.objects.get().external_id == "S-017"
    assert Identity.objects.get().participant == person


@pytest.mark.parametrize("typed", ["a%20b", "=1%2B1", "%3Cb%3E", "a" * 129])
def test_what_cannot_be_an_id_is_told_and_can_be_typed_again(lab, typed):
    shown = Client().get(f"{LANDING}?id={typed}", headers={"accept-language": "en"})
    assert "cannot be an ID" in shown.content.decode()
    assert not Participant.objects.exists()


def test_the_next_person_starts_on_the_same_machine(lab):
    browser = Browser()
    page = begin(browser, "S-1")
    while "step" in page.hidden:
        page = go_on(browser, page, 1)
    assert "Next person: start here" in text(browser, page.path)
    next_person(browser, page)
    assert 'name="id"' in text(browser), "the first person is forgotten"
    second = begin(browser, "S-2")
    assert who(second).identity.external_id == "S-2"
    assert Participant.objects.count() == 2


def test_an_id_takes_part_once(lab):
    begin(Browser(), "S-1")
    other = Browser()
    other.open(f"{LANDING}?id=S-1")
    shown = text(other)
    assert "already" in shown
    assert "Next person: start here" in shown, "a mistyped id can be typed again"
    assert Participant.objects.count() == 1


def test_an_id_whose_person_had_everything_deleted_takes_no_part_again(lab):
    erase(participant=who(begin(Browser(), "S-1")))
    other = Browser()
    other.open(f"{LANDING}?id=S-1")
    assert "cannot take part again" in text(other)


def test_a_laboratory_has_no_codes(db, tmp_path):
    with pytest.raises(StudyFileError, match="codes"):
        studies.recruited(tmp_path, LAB + '[recruitment.codes]\ncomplete = "C1"\n')
