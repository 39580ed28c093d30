"""Stopping, withdrawing now or later, resuming within a limit, and a second person at a device."""

import json
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from surveys import services
from surveys.models import (
    AllocationSlot,
    BonusPayment,
    FollowUp,
    PageView,
    Participant,
    Study,
    Submission,
)
from surveys.models.personal_code import personal_code, read_code
from surveys.services.excluding import exclude
from surveys.simulation.browser import Browser
from surveys.study_checks.loading import parse
from surveys.study_file.declaration import StudyFileError
from surveys.web import signed_links
from tests.surveys import factories
from tests.surveys.drawn import drawn_study
from tests.surveys.factories import export_closed
from tests.surveys.people import begin, first_answers, go_on, who


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


def traces(person: Participant) -> dict[str, int]:
    """Rows of each table of the application that lead to the participant, by the table's name."""
    found = {}
    for model in apps.get_app_config("surveys").get_models():
        for field in model._meta.get_fields():
            if getattr(field, "related_model", None) is Participant and field.concrete:
                found[model.__name__] = model.objects.filter(**{field.name: person.pk}).count()
    return found


def test_every_page_offers_to_stop_and_to_withdraw(drawn):
    browser, page, participant = begin(drawn)
    while "step" in page.hidden:
        assert f"{page.path}withdraw/" in page.links
        page = go_on(browser, page, 1)
    offered = browser.open(f"/p/{participant.code}/withdraw/")
    assert offered.headings == ["Do you want your answers deleted?"]


def test_who_withdraws_leaves_only_a_count(drawn, tmp_path):
    browser, page, participant = begin(drawn)
    begin(drawn)
    now = go_on(browser, page, 4)
    participant.refresh_from_db()
    arm = participant.arm
    browser.send(page, {})  # leaves an event, too
    exclude(participant=participant, reason="A neighbour answered.", by="anna", scope="all")
    now_and_later = {"opens_at": timezone.now(), "closes_at": timezone.now() + timedelta(days=1)}
    FollowUp.objects.create(participant=participant, session="later", **now_and_later)
    BonusPayment.objects.create(participant=participant, amount=1, by="anna", at=timezone.now())
    left = traces(participant)
    del left["Identity"]  # whoever comes by an open study's link has none
    assert min(left.values()) > 0
    end = browser.send(browser.open(f"{page.path}withdraw/"), {"choice": "delete"})
    assert end.headings == ["Your answers are deleted"]
    assert set(traces(participant).values()) == {0}
    assert not Participant.objects.filter(pk=participant.pk).exists()
    slot = AllocationSlot.objects.get(erased=True)
    assert (slot.arm, slot.position) == (arm, 1)
    assert browser.send(now, first_answers(now)).status == 404
    assert browser.open(page.path).status == 404
    export_closed(study=drawn, output=tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["withdrawn_and_deleted"][arm.key] == 1
    assert sum(manifest["withdrawn_and_deleted"].values()) == 1
    everything = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
    assert participant.pseudonym not in everything


def test_the_place_of_who_was_deleted_after_the_allocation_is_not_given_again(study):
    people = [factories.allocated(study, f"person {n}") for n in range(3)]
    services.erase(participant=people[1])
    services.erase(participant=people[1])
    after = factories.allocated(study, "one more")
    assert [people[0].slot.position, people[2].slot.position, after.slot.position] == [1, 3, 4]


def test_the_personal_code_stands_on_the_consent_and_at_the_end_and_deletes_later(drawn):
    browser = Browser()
    consent = Client().get("/s/drawn/").content.decode()
    page = browser.open("/s/drawn/")
    first = browser.send(page, {})
    participant = who(first)
    key = signed_links.arrival_key(drawn, page.hidden["arrival_key"])
    assert participant.personal_code == personal_code(key)
    assert "Your personal code" in consent
    end = go_on(browser, first)
    assert participant.personal_code in Client().get(end.path).content.decode()

    other = Browser()
    later = other.open("/s/drawn/withdraw/")
    refused = other.send(later, {"personal_code": "ABCD-EFGH-JKLM"})
    assert refused.headings == ["Have your answers deleted"]
    typed = participant.personal_code.lower().replace("-", " ")
    done = other.send(later, {"personal_code": typed})
    assert done.headings == ["Your answers are deleted"]
    assert not Participant.objects.exists()


def test_the_consent_shows_the_code_that_agreeing_gives(drawn):
    client = Client()
    text = client.get("/s/drawn/").content.decode()
    shown = text.split('Your personal code: <strong dir="ltr">')[1][:14]
    key = text.split('name="arrival_key" value="')[1].split('"')[0]
    client.post("/s/drawn/", {"arrival_key": key})
    assert Participant.objects.get().personal_code == shown


def test_a_code_of_another_study_deletes_nobody(drawn, tmp_path):
    other = drawn_study(tmp_path, slug="other")
    _, _, participant = begin(other)
    Client().post("/s/drawn/withdraw/", {"personal_code": participant.personal_code})
    Client().get("/s/other/withdraw/", {"personal_code": participant.personal_code})
    assert Participant.objects.count() == 1


@pytest.mark.parametrize("typed", ["", " ", "-", "x" * 10_000, "\0", "äöü", "ABCD"])
def test_a_code_that_is_none_deletes_nobody(drawn, typed):
    begin(drawn)
    response = Client().post("/s/drawn/withdraw/", {"personal_code": typed})
    # NUL is refused in every form, before any page reads it.
    assert response.status_code == (400 if typed == "\0" else 200)
    assert Participant.objects.count() == 1


def test_a_personal_code_is_read_however_it_is_typed():
    code = personal_code("an arrival")
    assert len(code) == 14
    assert read_code(f" {code.lower().replace('-', '')} ") == code
    assert len({personal_code(f"arrival {n}") for n in range(1000)}) == 1000


def test_who_stopped_can_have_everything_deleted_later(drawn):
    browser, page, participant = begin(drawn)
    services.stop(participant=participant)
    stopped = browser.open(page.path)
    assert f"{page.path}withdraw/" in stopped.links
    browser.send(browser.open(f"{page.path}withdraw/"), {"choice": "delete"})
    assert not Participant.objects.exists()


def set_back(person: Participant, hours: float) -> None:
    """All that the participant did, so much earlier."""
    earlier = timezone.now() - timedelta(hours=hours)
    PageView.objects.filter(participant=person).update(
        first_shown_at=earlier, last_shown_at=earlier
    )
    Submission.objects.filter(participant=person).update(submitted_at=earlier)
    Participant.objects.filter(pk=person.pk).update(consented_at=earlier)


@pytest.mark.parametrize(("hours", "goes_on"), [(1.9, True), (2.1, False)])
def test_after_a_longer_gap_than_the_study_allows_nobody_goes_on(db, tmp_path, hours, goes_on):
    study = drawn_study(tmp_path, resume_hours=2)
    browser, page, participant = begin(study)
    now = go_on(browser, page, 1)
    set_back(participant, hours)
    sent = browser.send(now, first_answers(now))
    shown = browser.open(page.path)
    assert ("step" in shown.hidden) == goes_on
    assert participant.submissions.count() == (2 if goes_on else 1)
    if not goes_on:
        assert (sent.status, shown.headings) == (409, ["Too much time has passed"])
        assert participant.events.get().kind == "lapsed"
        # Coming back is no sign of life, and neither is a page that was refused.
        assert browser.open(page.path).headings == ["Too much time has passed"]
        replay = browser.send(page, first_answers(page))
        assert replay.headings == ["Too much time has passed"]


@pytest.mark.parametrize("kept", ["consented", "shown", "sent"])
def test_the_last_sign_of_life_of_any_kind_keeps_a_participation_open(db, tmp_path, kept):
    browser, page, participant = begin(drawn_study(tmp_path, resume_hours=2))
    go_on(browser, page, 1)
    set_back(participant, 3)
    assert services.has_lapsed(Participant.objects.get(pk=participant.pk))
    recent = timezone.now() - timedelta(hours=1)
    if kept == "consented":
        Participant.objects.update(consented_at=recent)
    if kept == "shown":
        PageView.objects.update(last_shown_at=recent)
    if kept == "sent":
        Submission.objects.update(submitted_at=recent)
    assert not services.has_lapsed(Participant.objects.get(pk=participant.pk))


def test_without_a_limit_people_come_back_after_a_year(drawn):
    browser, page, participant = begin(drawn)
    now = go_on(browser, page, 1)
    set_back(participant, 24 * 365)
    assert browser.send(now, first_answers(now)).hidden["step"] != now.hidden["step"]


def test_who_has_finished_sees_the_end_after_any_gap(db, tmp_path):
    study = drawn_study(tmp_path, resume_hours=1)
    browser, page, participant = begin(study)
    go_on(browser, page)
    set_back(participant, 500)
    assert browser.open(page.path).headings == ["Thank you"]


@pytest.mark.parametrize("value", ["-1", "true", '"2"', "100000"])
def test_a_faulty_limit_is_named(tmp_path, value):
    text = factories.study_text(tmp_path / "dots.safetensors")
    text = text.replace("[analysis]", f"[pages]\nresume_hours = {value}\n[analysis]", 1)
    with pytest.raises(StudyFileError, match="resume_hours"):
        parse(text)


def test_a_second_person_at_the_same_browser_begins_anew(drawn):
    browser, page, first = begin(drawn)
    go_on(browser, page, 2)
    link = next(link for link in page.links if link.endswith("/anew/"))
    asked = browser.open(link)
    assert page.path in asked.links
    assert who(browser.open("/s/drawn/")) == first  # asking alone forgets nobody
    consent = browser.send(asked, {})
    assert "arrival_key" in consent.hidden
    second = who(browser.send(consent, {}))
    assert second != first
    assert who(browser.open("/s/drawn/")) == second
    assert browser.open(page.path).hidden["step"].startswith("trial")  # the first one goes on


def test_a_second_rehearsal_in_the_same_browser_stays_a_rehearsal(drawn):
    browser = Browser()
    page = browser.send(browser.open(signed_links.rehearsal_path(drawn)), {})
    link = next(link for link in page.links if "/anew/" in link)
    consent = browser.send(browser.open(link), {})
    assert who(browser.send(consent, {})).simulated
    assert Participant.objects.filter(simulated=True).count() == 2


@pytest.mark.parametrize("why", ["closed", "paused"])
def test_nobody_is_offered_to_begin_where_nobody_can(drawn, why):
    browser, page, first = begin(drawn)
    assert "/s/drawn/anew/" in page.links
    (services.close_study if why == "closed" else services.pause_study)(study=drawn)
    assert "/s/drawn/anew/" not in browser.open(page.path).links
    assert browser.open("/s/drawn/anew/").path == page.path, "an old link leads back"
    assert who(browser.open("/s/drawn/")) == first


def test_anew_without_a_participation_is_the_consent(drawn):
    assert "arrival_key" in Browser().open("/s/drawn/anew/").hidden


@pytest.fixture
def clock(monkeypatch):
    """The time of day, which moves only when a test moves it."""
    clock = SimpleNamespace(now=timezone.now())
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.mark.nightly  # by day, test_rate_limit.py lets a program and a laboratory come
@pytest.mark.parametrize("arrivals", [50, 1000])
def test_a_program_is_throttled_and_a_laboratory_is_not(drawn, settings, clock, arrivals):
    settings.ARRIVALS_PER_MINUTE = 35
    for _ in range(30):
        begin(drawn)
    # A program behind the same address as the 30 seats begins over and over.
    program, answers = Client(), Counter[int]()
    for _ in range(arrivals):
        program.cookies.clear()
        key = signed_links.new_arrival_key(drawn)
        answers[program.post("/s/drawn/", {"arrival_key": key}).status_code] += 1
    assert answers == {303: 5, 429: arrivals - 5}
    consent = Browser().open("/s/drawn/")
    clock.now += timedelta(seconds=59)
    response = Client().post("/s/drawn/", consent.hidden)
    assert (response.status_code, response["Retry-After"]) == (429, "60")
    assert Participant.objects.count() == 35
    assert not AllocationSlot.objects.exists()  # a consent alone takes no place
    assert consent.hidden["arrival_key"] in response.content.decode()
    clock.now += timedelta(seconds=2)
    assert Client().post("/s/drawn/", consent.hidden).status_code == 303


def test_rehearsals_are_not_throttled(drawn, settings):
    settings.ARRIVALS_PER_MINUTE = 1
    for _ in range(3):
        browser = Browser()
        assert who(browser.send(browser.open(signed_links.rehearsal_path(drawn)), {})).simulated
