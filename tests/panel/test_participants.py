"""The list of participants, one person's way, and erasure on request."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from studyplatform.panel.page_names import page_names
from studyplatform.panel.participants import EVENTS_IN_WORDS
from surveys import services
from surveys.models import AllocationSlot, Answer, Participant, Study
from surveys.models.sealed import keyed_hash
from surveys.services.finding import participant_with_code
from surveys.services.recording import Recorded
from surveys.study_file.stored import definition
from tests.conftest import ROOT
from tests.surveys import factories


def listed(browser, study, **filters):
    address = reverse("panel:participants", args=[study.slug])
    return browser.get(address, filters).context["rows"]


def address(name, person):
    return reverse(f"panel:{name}", args=[person.study.slug, person.pseudonym])


@pytest.fixture
def people(study):
    """Two who completed, one under way, one who stopped, and one simulated."""
    for key in ("done", "done too"):
        factories.walk(factories.allocated(study, key))
    factories.walk(factories.allocated(study, "under way"), pages=3)
    services.stop(participant=factories.walk(factories.allocated(study, "stopped"), pages=2))
    factories.walk(factories.allocated(study, "robot", simulated=True))
    found = Participant.objects.select_related("study")
    names = ("done", "done too", "under way", "stopped", "robot")
    return {name: found.get(arrival_key=keyed_hash("arrival_key", name)) for name in names}


def test_people_are_listed_by_state_and_kind(study, people, signed_in):
    analyst = signed_in("analyst")
    for filters, wanted in (
        ({}, {"done", "done too", "under way", "stopped"}),
        ({"state": "completed"}, {"done", "done too"}),
        ({"state": "stopped"}, {"stopped"}),
        ({"state": "nonsense"}, {"done", "done too", "under way", "stopped"}),
        ({"simulated": "yes"}, {"robot"}),
    ):
        rows = listed(analyst, study, **filters)
        assert {row.participant for row in rows} == {people[name] for name in wanted}, filters
    Study.objects.filter(pk=study.pk).update(is_pilot=True)
    assert [row.participant for row in listed(analyst, study)] == [people["robot"]]


def test_somebody_is_found_by_each_code_however_it_is_typed(study, people, signed_in):
    analyst = signed_in("analyst")
    for field in ("pseudonym", "personal_code", "completion_code"):
        code = getattr(people["done"], field)
        for typed in (code, f" {code.lower()} "):
            (row,) = listed(analyst, study, code=typed)
            assert row.participant == people["done"], field
            assert participant_with_code(study, typed) == people["done"], field


def test_somebody_is_found_by_the_code_of_each_later_session_and_once(study, people, signed_in):
    person, now = people["done"], timezone.now()
    for session, code in (("week", "WEEKCODE"), ("month", "MNTHCODE")):
        person.follow_ups.create(
            session=session, opens_at=now, closes_at=now, begun_at=now, completed_at=now,
            completion_code=code,
        )  # fmt: skip
    people["done too"].follow_ups.create(session="week", opens_at=now, closes_at=now)
    for typed in ("weekcode", " MNTHCODE ", person.personal_code, person.pseudonym):
        (row,) = listed(signed_in("analyst"), study, code=typed)
        assert row.participant == person
        assert participant_with_code(study, typed) == person


def test_no_code_and_a_wrong_code_find_nobody(study, people):
    """Least of all the people without a completion code, whose code is empty."""
    for typed in ("", "  ", "-", "AAAA-AAAA-AAAA", "%", "P"):
        assert participant_with_code(study, typed) is None, typed


def test_the_code_of_another_study_finds_nobody(study, other_study, people):
    assert participant_with_code(other_study, people["done"].personal_code) is None


def test_arms_are_hidden_until_the_study_is_unblinded(study, people, signed_in):
    browser, person = signed_in("analyst"), people["done"]

    def shown():
        listing = browser.get(reverse("panel:participants", args=[study.slug])).content.decode()
        return [
            person.arm.label in page
            for page in (listing, browser.get(address("participant", person)).content.decode())
        ]

    assert shown() == [False, False]
    factories.end_and_unblind(study)
    assert shown() == [True, True]


def test_the_way_of_a_person_has_every_page_in_its_order(study, people, signed_in):
    person = people["under way"]
    seen = signed_in("analyst").get(address("participant", person)).context["seen"]
    sent = list(person.submissions.order_by("submitted_at").values_list("step", flat=True))
    names = page_names(definition(study))
    assert [page.name for page in seen if page.submitted_at] == [names[step] for step in sent]
    assert len(sent) == 3


def test_a_person_of_another_study_has_no_page_here(study, other_study, people, signed_in):
    stranger = factories.allocated(other_study, "stranger")
    path = reverse("panel:participant", args=[study.slug, stranger.pseudonym])
    assert signed_in("owner").get(path).status_code == 404
    path = reverse("panel:erase-participant", args=[study.slug, stranger.pseudonym])
    assert signed_in("owner").post(path, {"confirmed": "yes"}).status_code == 404
    assert Participant.objects.filter(pk=stranger.pk).exists()


def test_an_owner_erases_a_person_and_gets_a_receipt_that_names_nobody(study, people, signed_in):
    person = people["done"]
    answers = Answer.objects.filter(submission__participant=person).count()
    path = address("erase-participant", person)
    assert signed_in("analyst").post(path, {"confirmed": "yes"}).status_code == 404
    assert signed_in("owner").post(path).status_code == 409
    assert Participant.objects.filter(pk=person.pk).exists()
    page = signed_in("owner").post(path, {"confirmed": "yes"}).content.decode()
    assert f"<li>answers to questions: {answers}</li>" in page
    assert not [
        code
        for code in (person.pseudonym, person.personal_code, person.completion_code)
        if code in page
    ]
    assert not Participant.objects.filter(pk=person.pk).exists()
    assert AllocationSlot.objects.filter(study=study, erased=True).count() == 1


def test_after_the_only_person_was_erased_the_pages_say_so_and_invite_nobody(study, signed_in):
    services.erase(participant=factories.walk(factories.allocated(study, "alone")))
    services.close_study(study=study)
    browser = signed_in("owner")

    def text(name: str) -> str:
        return browser.get(reverse(f"panel:{name}", args=[study.slug])).content.decode()

    assert "<h2>1 person erased</h2>" in text("participants")
    assert "Everybody who came was erased." in text("monitor")
    assert "1 erased" in text("study")
    data = text("data")
    assert "1 real person had an arm and was erased." in data
    assert "Send people the link" not in data


def test_the_command_asks_first_and_erases_then(study, people):
    person = people["done"]
    line = call_command("erase_participant", "small", code=person.personal_code)
    assert line.startswith(f"{person.pseudonym}, completed, consented on ")
    assert Participant.objects.filter(pk=person.pk).exists()
    line = call_command("erase_participant", "small", "--yes", code=person.personal_code)
    assert line.startswith("Erased from the study 'small' on ")
    assert "participants 1" in line
    assert not Participant.objects.filter(pk=person.pk).exists()
    with pytest.raises(CommandError, match="No participant of 'small' has this code"):
        call_command("erase_participant", "small", "--yes", code=person.personal_code)


def test_every_event_has_words_for_readers():
    noted = re.compile(r'note\((?:participant|locked), "([a-z ]+)"')
    files = (ROOT / "surveys" / "services").glob("*.py")
    kinds = {kind for file in files for kind in noted.findall(file.read_text(encoding="utf-8"))}
    kinds |= {outcome.value for outcome in Recorded} - {Recorded.RECORDED.value}
    assert len(kinds) >= 9
    assert kinds == EVENTS_IN_WORDS.keys()
