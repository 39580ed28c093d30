"""Endings: screeners and failed checks end a participation early, each with its own way back."""

import csv
import json

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from studyplatform.panel import preview
from surveys import quizzes, services
from surveys.export.writing import export_study
from surveys.models import Identity, Participant, Study
from surveys.pages.kinds.attention import expected
from surveys.pages.sequence import step_of
from surveys.recruitment.exits import way_back_of
from surveys.recruitment.identity_list import write_identifiers
from surveys.recruitment.prolific import Submission
from surveys.recruitment.reconciliation import codes_of, compare, participations
from surveys.services.ledger_audit import verify
from surveys.services.places import taken
from surveys.simulation.browser import Browser
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from tests.surveys.drawn import drawn_study
from tests.surveys.people import begin, first_answers, who
from tests.surveys.test_preview import address

ARMS = ("none", "gradcam")
PARTS = """
[[parts]]
kind = "questionnaire"
questionnaire = "ai-experience-v2"
[[parts]]
kind = "questionnaire"
questionnaire = "demographics-v2"
[[parts]]
kind = "instructions"
[[parts]]
kind = "quiz"
[[parts]]
kind = "attention"
key = "check-1"
[[parts]]
kind = "attention"
key = "check-2"
[[parts]]
kind = "trials"
right = 1
wrong = 1
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
ENDINGS = """
[[endings]]
key = "novice"
heading = "Thank you for your interest"
text = "We need people with some experience."
when = [{ item = "experience", equals = 1 }, { item = "use", at_most = 2 }]
code = "NOVICE"
paid = true
[[endings]]
key = "colours"
heading = "The maps are coloured"
text = "We need people who can tell their colours apart."
when = [{ item = "colour_vision", one_of = ["red_green", "other"] }]
code = "COLOURS"
[[endings]]
key = "unclear"
heading = "It was not clear"
text = "The instructions were not clear enough."
failed_quizzes = 1
code = "UNCLEAR"
[[endings]]
key = "inattentive"
heading = "Two checks were missed"
text = "We asked for particular answers twice."
failed_attention = 2
code = "CHECKS"
replace = true
[recruitment]
kind = "prolific"
[recruitment.codes]
complete = "COMPLETE"
"""
OPEN = ENDINGS.partition("[recruitment]")[0]
for _code in ("NOVICE", "COLOURS", "UNCLEAR", "CHECKS"):
    OPEN = OPEN.replace(f'code = "{_code}"\n', "")
PERSON = "5f0000000000000000000001"
SUBMISSION = "6f0000000000000000000001"


@pytest.fixture
def study(db, tmp_path) -> Study:
    return drawn_study(tmp_path, right=2, wrong=1, parts=PARTS, arms=ARMS, extra=OPEN)


@pytest.fixture
def recruited(db, tmp_path) -> Study:
    return drawn_study(tmp_path, right=2, wrong=1, parts=PARTS, arms=ARMS, extra=ENDINGS, places=2)


def answers_of(study: Study, page, *, quiz=True, attentive=True, **more: str) -> dict[str, str]:
    """Answers that reach no ending, unless ``more`` or the two flags say otherwise."""
    given = first_answers(page) | {"use": "5", "experience": "5", "colour_vision": "none"} | more
    step = step_of(study, page.hidden["step"])
    if step.kind == "attention":
        right = expected(study, step)
        wrong = next(value for value in page.questions["attention"] if value != right)
        given["attention"] = right if attentive else wrong
    if step.kind == "quiz" and quiz:
        given |= {name: right_answer(name, values) for name, values in page.questions.items()}
    return {name: value for name, value in given.items() if name in page.questions}


def right_answer(name: str, values: list[str]) -> str:
    known = quizzes.right_answers().get((name, frozenset(values)), "")
    return known or values[0]


def walk(study: Study, browser, page, **how):
    """Go on to the end, whichever it is."""
    while "step" in page.hidden:
        page = browser.send(page, answers_of(study, page, **how))
    person = who(page)
    person.refresh_from_db()
    return page, person


def rows(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


REACHED = {
    "novice": {"experience": "1", "use": "1"},
    "colours": {"colour_vision": "red_green"},
    "unclear": {"quiz": False},
    "inattentive": {"attentive": False},
}


HEADINGS = {
    "novice": "Thank you for your interest",
    "colours": "The maps are coloured",
    "unclear": "It was not clear",
    "inattentive": "Two checks were missed",
}


@pytest.mark.parametrize("key", REACHED)
def test_each_reason_leads_to_its_own_last_page(study, key):
    browser, page, _person = begin(study)
    if key == "unclear":  # the first place of every question never passes
        page, person = walk(study, browser, page, quiz=False)
    else:
        page, person = walk(study, browser, page, **REACHED[key])
    assert (person.state, person.ending) == (Participant.State.ENDED, key)
    assert page.headings[0] == HEADINGS[key]
    assert person.completion_code == ""
    assert person.finished_at is not None


@pytest.mark.nightly  # the short suite has a representative
def test_who_meets_no_reason_completes(study):
    browser, page, _person = begin(study)
    _page, person = walk(study, browser, page, experience="1")  # one of the two rules alone
    assert (person.state, person.ending) == (Participant.State.COMPLETED, "")


@pytest.mark.nightly  # the short suite has a representative
def test_one_failed_check_of_two_ends_nothing(study):
    browser, page, _person = begin(study)
    while page.hidden["step"] != "check-1":
        page = browser.send(page, answers_of(study, page))
    page = browser.send(page, answers_of(study, page, attentive=False))
    _page, person = walk(study, browser, page)
    assert person.state == Participant.State.COMPLETED


def test_a_screened_out_person_takes_no_place(study):
    browser, page, _person = begin(study)
    walk(study, browser, page, experience="1", use="1")
    assert taken(study, simulated=False) == 0
    second, page, _person = begin(study)  # by the second page: a place is held until then
    page = second.send(page, answers_of(study, page))
    assert taken(study, simulated=False) == 1
    walk(study, second, page, colour_vision="other")
    assert taken(study, simulated=False) == 0
    third, page, _person = begin(study)
    walk(study, third, page)
    assert taken(study, simulated=False) == 1
    verify(study)


@pytest.mark.nightly  # the short suite has a representative
def test_a_place_with_an_arm_stays_unless_the_ending_gives_it_back(study):
    for how, places in (({"quiz": False}, 1), ({"attentive": False}, 1), ({}, 2)):
        browser, page, _person = begin(study)
        _page, person = walk(study, browser, page, **how)
        assert person.arm is not None
        assert taken(study, simulated=False) == places
    verify(study)


@pytest.mark.nightly  # the short suite has a representative
def test_a_screener_turns_nobody_away_from_a_place_held_too_long(db, tmp_path):
    made = drawn_study(tmp_path, right=2, wrong=1, parts=PARTS, arms=ARMS, extra=OPEN, places=2)
    for _ in range(2):
        browser, page, _person = begin(made)
        walk(made, browser, page, experience="1", use="1")
    for _ in range(2):  # both places are still there
        browser, page, _person = begin(made)
        _page, person = walk(made, browser, page)
        assert person.state == Participant.State.COMPLETED


def test_a_page_after_the_end_is_refused_and_a_double_click_is_not(study):
    browser, page, _person = begin(study)
    answers = answers_of(study, page, experience="1", use="1")
    ended = browser.send(page, answers)
    again = browser.send(page, answers)
    assert again.headings == ended.headings
    assert again.status == 200
    changed = browser.send(page, answers | {"use": "5"})
    assert changed.status == 409
    person = who(ended)
    assert person.submissions.count() == 1
    assert person.state == Participant.State.ENDED


def test_the_database_keeps_ending_and_state_together(study):
    _browser, _page, person = begin(study)
    for change in ({"state": "ended"}, {"ending": "novice"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Participant.objects.filter(pk=person.pk).update(**change)
    Participant.objects.filter(pk=person.pk).update(
        state="ended", ending="novice", finished_at=person.consented_at
    )


def arrive(study: Study, client: Client, person=PERSON, submission=SUBMISSION):
    place = f"/s/{study.slug}/?PROLIFIC_PID={person}&STUDY_ID={'a' * 24}&SESSION_ID={submission}"
    return client.get(place, follow=True)


def test_nobody_begins_again_with_another_answer_under_the_same_id(recruited):
    browser = Browser()
    landing = browser.open(
        f"/s/drawn/?PROLIFIC_PID={PERSON}&STUDY_ID={'a' * 24}&SESSION_ID={SUBMISSION}"
    )
    page = browser.send(landing, {})
    page, person = walk(recruited, browser, page, experience="1", use="1")
    assert way_back_of(person).code == "NOVICE"
    other = Client()  # another browser, with another submission of the same person
    answer = arrive(recruited, other, submission="7f0000000000000000000001")
    assert answer.status_code == 409
    assert recruited.participants.count() == 1
    # The control: another person begins.
    answer = arrive(recruited, Client(), person="5f0000000000000000000002",
                    submission="7f0000000000000000000002")  # fmt: skip
    assert answer.status_code == 200
    services.erase(participant=person)  # the hash of the id outlives the erasure
    answer = arrive(recruited, Client(), submission="7f0000000000000000000003")
    assert answer.status_code == 403


def test_the_link_to_start_as_somebody_else_is_not_offered_at_an_early_end(study):
    browser, page, _person = begin(study)
    page, _person = walk(study, browser, page, experience="1", use="1")
    assert not any("/anew/" in link for link in page.links)
    assert any("/withdraw/" in link for link in page.links)
    browser.open("/s/drawn/anew/")
    answer = browser.open("/s/drawn/")
    assert answer.headings[0] == "Thank you for your interest"


def test_the_recruiter_learns_the_ending_its_code_and_whether_it_is_paid(recruited, tmp_path):
    browser, page, person = begin_recruited(recruited)
    walk(recruited, browser, page, colour_vision="other")
    path, _number = write_identifiers(recruited, tmp_path / "out")
    (row,) = rows(path.parent, path.name)
    assert (row["outcome"], row["ending"], row["paid"]) == ("screened_out", "colours", "no")
    people, codes = participations(recruited), codes_of(recruited)
    agreed = Submission(SUBMISSION, PERSON, "AWAITING REVIEW", "COLOURS")
    assert compare([agreed], people, codes) == []
    screened = Submission(SUBMISSION, PERSON, "SCREENED OUT", "COLOURS")
    assert compare([screened], people, codes) == []
    wrong = Submission(SUBMISSION, PERSON, "AWAITING REVIEW", "COMPLETE")
    (difference,) = compare([wrong], people, codes)
    assert "it should be COLOURS" in difference.cause
    assert Identity.objects.get().participant == person


def begin_recruited(study: Study):
    browser = Browser()
    landing = browser.open(
        f"/s/{study.slug}/?PROLIFIC_PID={PERSON}&STUDY_ID={'a' * 24}&SESSION_ID={SUBMISSION}"
    )
    page = browser.send(landing, {})
    return browser, page, who(page)


@pytest.mark.nightly  # the short suite has a representative
def test_the_export_counts_early_ends_with_and_without_an_arm(study, tmp_path):
    people = {}
    for key, how in REACHED.items():
        browser, page, _person = begin(study)
        people[key] = walk(study, browser, page, **how)[1].pseudonym
    browser, page, _person = begin(study)
    people["complete"] = walk(study, browser, page)[1].pseudonym
    export_study(study=study, output=tmp_path / "out")
    randomised = {row["participant"]: row for row in rows(tmp_path / "out", "participants.csv")}
    others = {row["participant"]: row for row in rows(tmp_path / "out", "not_allocated.csv")}
    assert {row["ending"] for row in others.values()} == {"novice", "colours"}
    assert randomised[people["unclear"]]["state"] == "ended"
    assert randomised[people["inattentive"]]["ending"] == "inattentive"
    assert randomised[people["complete"]]["ending"] == ""
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert {one["key"]: one["before_allocation"] for one in manifest["endings"]} == {
        "novice": 1, "colours": 1, "unclear": 0, "inattentive": 0,
    }  # fmt: skip
    described = {row["column"]: row for row in rows(tmp_path / "out", "codebook.csv")
                 if row["file"] == "participants.csv"}  # fmt: skip
    assert "inattentive=Two checks were missed" in described["ending"]["values"]
    assert "ended by the study" in described["state"]["label"]


@pytest.mark.nightly  # the short suite has a representative
def test_synthetic_people_reach_every_ending(study):
    done = simulate(study=study, number=40, seed=5, profile=load("null"))
    reached = set(study.participants.exclude(ending="").values_list("ending", flat=True))
    assert {"novice", "colours"} <= reached
    assert done.ended == study.participants.filter(state="ended").count()
    assert f"{done.ended} ended early by the study" in str(done)


@pytest.mark.nightly  # the short suite has a representative
def test_the_preview_shows_every_early_end(study):
    panel = Client()
    panel.force_login(User.objects.create_superuser("researcher"))
    pages = [page for page in preview.pages(study) if page.ending]
    assert [page.ending for page in pages] == ["novice", "colours", "unclear", "inattentive"]
    text = panel.get(address(study, "none", pages[1].number)).content.decode()
    assert "We need people who can tell their colours apart." in text


FAULTS = {
    ('item = "experience"', 'item = "experienced"'): "the ending 'novice' depends on the item "
    "'experienced', which no part of the study asks: did you mean",
    ("equals = 1", "equals = 9"): "having the answer 9, which it cannot have",
    ("failed_attention = 2", "failed_attention = 3"): "failed_attention is 3, and an arm has 2",
    ("failed_quizzes = 1", "failed_quizzes = 2"): "failed_quizzes is 2, and an arm has 1",
    ("failed_quizzes = 1\n", ""): "the ending 'unclear' comes by nothing. Write one of when,",
    ("failed_quizzes = 1", "failed_quizzes = 1\nfailed_attention = 1"): "comes by failed_attention "
    "and failed_quizzes",
    ('key = "colours"', 'key = "novice"'): "two endings have the key 'novice'. Rename one.",
    ('key = "colours"', 'key = "No colours"'): "It appears in the data: use small letters",
    ('code = "COLOURS"', 'code = "COMPLETE"'): "'COMPLETE' of the ending 'colours' is that of "
    "another end",
    ('code = "COLOURS"', 'code = "C O"'): "is 'C O'. Copy it from the study's page on Prolific",
    ('code = "COLOURS"', 'url = "https://a.example/"'): "has a url, and recruitment of the kind "
    "'prolific' has none. Use code.",
    ('code = "COLOURS"\n', ""): "the ending 'colours' has no way back to the recruitment service",
}


@pytest.mark.nightly  # the short suite has a representative
@pytest.mark.parametrize(("before", "after"), FAULTS)
def test_an_ending_that_cannot_work_is_refused(recruited, before, after):
    assert before in recruited.source
    with pytest.raises(StudyFileError) as refused:
        loading.parse(recruited.source.replace(before, after, 1))
    (problem,) = refused.value.problems
    assert FAULTS[before, after] in problem
    assert problem.startswith("line ")


@pytest.mark.nightly  # the short suite has a representative
def test_an_ending_without_a_code_uses_that_of_the_screened_out(recruited):
    text = recruited.source.replace('code = "COLOURS"\n', "", 1)
    text = text.replace('complete = "COMPLETE"', 'complete = "COMPLETE"\nscreened_out = "OUT"')
    assert loading.parse(text).endings[1].code == ""


def test_an_open_study_has_nowhere_to_lead_back_to(study):
    text = study.source.replace("failed_quizzes = 1", 'failed_quizzes = 1\ncode = "ABC"', 1)
    with pytest.raises(StudyFileError, match=r"kind 'open' has none\. Remove it"):
        loading.parse(text)
