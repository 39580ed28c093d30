"""Branching: pages and items that an earlier answer decides about, from the file to the export."""

import csv
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.test import Client

from surveys.export.writing import export_study
from surveys.models import Participant, Study
from surveys.pages import page_key, sequence
from surveys.services.integrity import problems
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from surveys.study_checks import loading
from surveys.study_checks.costs import warnings
from surveys.study_file.declaration import StudyFileError
from tests.surveys.drawn import drawn_study
from tests.surveys.people import begin, first_answers, go_on
from tests.surveys.test_preview import address

ARMS = ("none", "gradcam")
PARTS = """
[[parts]]
kind = "questionnaire"
questionnaire = "ai-experience-v2"
[[parts]]
kind = "text"
key = "novices"
heading = "A word first"
text = "A classifier is a program."
show_if = [{ item = "use", at_most = 2 }]
[[parts]]
kind = "questionnaire"
questionnaire = "demographics-v2"
[parts.show_items]
screen_hours = [{ item = "use", one_of = [4, 5] }]
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
right = 1
wrong = 1
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
[[parts]]
kind = "questionnaire"
questionnaire = "comments-v2"
show_if = [{ item = "use", at_least = 3 }, { item = "experience", at_least = 4 }]
"""


@pytest.fixture
def study(db, tmp_path) -> Study:
    return drawn_study(tmp_path, right=2, wrong=1, parts=PARTS, arms=ARMS)


def went(study: Study, use: str, experience: str) -> tuple[Participant, list[str]]:
    """A person with these answers, and the keys of the pages that they saw."""
    browser, page, person = begin(study)
    seen = []
    while "step" in page.hidden:
        seen.append(page.hidden["step"])
        answers = first_answers(page)
        answers |= {"use": use, "experience": experience} if len(seen) == 1 else {}
        answers |= {"screen_hours": "3"} if "screen_hours" in page.questions else {}
        page = browser.send(page, answers)
    person.refresh_from_db()
    return person, seen


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("use", "experience", "novices", "comments"),
    [("1", "7", True, False), ("3", "4", False, True), ("3", "3", False, False)],
)
def test_an_answer_decides_which_pages_are_shown(study, use, experience, novices, comments):
    person, seen = went(study, use, experience)
    assert ("novices" in seen, "comments-v2" in seen) == (novices, comments)
    assert person.state == Participant.State.COMPLETED
    assert list(problems()) == []  # a page that was left out is not missing


@pytest.mark.parametrize(("use", "asked"), [("4", True), ("2", False)])
def test_an_answer_decides_which_items_of_a_later_page_are_shown(study, use, asked):
    person, _seen = went(study, use, "1")
    page = person.submissions.get(step="demographics-v2")
    assert ("screen_hours" in page.item_order) == asked
    assert page.answers.filter(item="screen_hours").exists() == asked


def test_a_page_that_is_not_shown_cannot_be_sent(study):
    browser, page, person = begin(study)
    novices = browser.send(page, first_answers(page) | {"use": "1"})
    assert novices.hidden["step"] == "novices"
    other, page, second = begin(study)
    page = other.send(page, first_answers(page) | {"use": "5"})
    key = page_key.sign(second, page_key.PageKey("novices", 1))  # no page ever had this key
    answer = other.send(replace(page, hidden={**page.hidden, "step": "novices", "key": key}), {})
    assert answer.status == 409
    assert not second.submissions.filter(step="novices").exists()
    browser.send(novices, {})  # the control: the page is accepted where it is shown
    assert person.submissions.filter(step="novices").exists()


@pytest.mark.nightly  # the short suite has a representative
def test_the_share_of_pages_never_falls_and_ends_at_the_whole(study):
    for use, experience in (("1", "1"), ("5", "7")):
        browser, page, person = begin(study)
        shares = []
        while "step" in page.hidden:
            number, total = sequence.progress(person, sequence.current_step(person))
            shares.append(number / total)
            answers = first_answers(page)
            answers |= {"use": use, "experience": experience} if len(shares) == 1 else {}
            page = browser.send(page, answers)
            person.refresh_from_db()
        assert shares == sorted(shares)
        assert shares[-1] == 1 or experience == "1"


def rows(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_was_not_shown_is_exported_apart_from_what_was_not_answered(study, tmp_path):
    novice, _ = went(study, "1", "7")
    expert, _ = went(study, "5", "7")
    browser, page, _left = begin(study)  # leaves before any page that depends on an answer
    go_on(browser, page, 1)
    export_study(study=study, output=tmp_path / "out")
    given = {
        (row["participant"], row["item"]): row["value"]
        for row in rows(tmp_path / "out", "answers.csv")
    }
    assert given[novice.pseudonym, "screen_hours"] == "not_asked"
    assert given[novice.pseudonym, "comment"] == "not_asked"
    assert given[expert.pseudonym, "screen_hours"] == "3"
    assert (expert.pseudonym, "comment") not in given  # shown, and left empty
    early = rows(tmp_path / "out", "not_allocated_answers.csv")
    assert not [row for row in early if row["value"] == "not_asked"]
    described = rows(tmp_path / "out", "codebook.csv")
    (value,) = [row for row in described if (row["file"], row["column"]) == ("answers.csv", "value")
                and not row["item"]]  # fmt: skip
    assert "not_asked=the question was not shown" in value["values"]


@pytest.mark.nightly  # the short suite has a representative
@pytest.mark.django_db
def test_a_study_without_branches_exports_as_before(tmp_path):
    study = drawn_study(tmp_path, arms=ARMS)
    browser, page, _person = begin(study)
    go_on(browser, page)
    export_study(study=study, output=tmp_path / "out")
    assert "not_asked" not in (tmp_path / "out" / "codebook.csv").read_text()
    assert "not_asked" not in (tmp_path / "out" / "answers.csv").read_text()


@pytest.mark.nightly  # the short suite has a representative
def test_synthetic_people_go_through_every_branch(study):
    simulate(study=study, number=12, seed=3, profile=load("null"))
    people = study.participants.filter(state=Participant.State.COMPLETED)
    sent = [set(person.submissions.values_list("step", flat=True)) for person in people]
    for page in ("novices", "comments-v2"):
        assert {page in pages for pages in sent} == {True, False}


def test_the_preview_shows_each_page_and_says_who_will_see_it(study):
    panel = Client()
    panel.force_login(User.objects.create_superuser("researcher"))
    text = panel.get(address(study, "none", 2)).content.decode()
    assert "Only participants whose answers meet these rules" in text
    assert "use is at most 2" in text
    text = panel.get(address(study, "none", 3)).content.decode()
    assert "<code>screen_hours</code>: use is 4 or 5" in text
    assert 'name="screen_hours"' in text
    assert "meet these rules" not in panel.get(address(study, "none", 1)).content.decode()


FAULTS = {
    '{ item = "used", equals = 1 }': "'used', which no part of the study asks: did you mean 'use'?",
    '{ item = "trust1", equals = 1 }': "'trust1', which is asked only later. Ask it in an earlier",
    '{ item = "use", equals = 6 }': "having the answer 6, which it cannot have. Its answers are 1,",
    '{ item = "use", one_of = [1, "often"] }': "having the answer 'often', which it cannot have.",
    '{ item = "experience", at_least = 8 }': "being at least 8, which no answer is: they are from "
    "1 to 7.",
    '{ item = "experience", at_least = 5, at_most = 3 }': "which no answer is",
    '{ item = "use" }': "by no comparison. Write one of equals, one_of, at_least",
    '{ item = "use", equals = 1, at_least = 2 }': "by equals and at_least or at_most. Write one",
    '{ item = "use", answered = false }': "nobody can leave empty, so that the rule never holds",
    '{ item = "use", part = "trust-v1", equals = 1 }': "of the part 'trust-v1'. It is asked by "
    "'ai-experience-v2'. Name one.",
    '{ item = "screen_hours", equals = 1 }': "which is itself shown only if use is 4 or 5. Repeat",
}


def text_with(study: Study, rule: str, part: str = "late") -> str:
    """The study's file with one more part, before the last questionnaire."""
    added = f"""[[parts]]
kind = "text"
key = "{part}"
heading = "h"
text = "t"
show_if = [{rule}]
"""
    before = '[[parts]]\nkind = "questionnaire"\nquestionnaire = "trust-v1"'
    assert before in study.source
    return study.source.replace(before, added + before, 1)


@pytest.mark.nightly  # the short suite has a representative
@pytest.mark.parametrize("rule", FAULTS)
def test_a_rule_that_cannot_be_applied_is_refused_with_its_line(study, rule):
    text = text_with(study, rule)
    with pytest.raises(StudyFileError) as refused:
        loading.parse(text)
    (problem,) = refused.value.problems
    assert FAULTS[rule] in problem
    line = 1 + text[: text.index(f"show_if = [{rule}]")].count("\n")
    assert problem.startswith(f"line {line}:")


@pytest.mark.nightly  # the short suite has a representative
@pytest.mark.parametrize(
    "rule",
    [
        '{ item = "use", equals = "1" }',
        '{ item = "experience", at_least = 2, at_most = 3 }',
        '{ item = "gender_own", answered = true }',
        '{ item = "screen_hours", at_least = 1.5 }, { item = "use", one_of = [4, 5] }',
        '{ item = "classifier_experience", one_of = ["built", "worked"] }',
    ],
)
def test_a_rule_that_can_be_applied_is_accepted(study, rule):
    assert loading.parse(text_with(study, rule)).part("late").show_if


@pytest.mark.nightly  # the short suite has a representative
@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('kind = "instructions"', 'kind = "instructions"\nshow_if = [{ item = "use", equals = 1 }]',
         "only parts of the kinds 'questionnaire' and 'text' can be"),
        ("screen_hours = [", "screen_time = [", "has no such item: did you mean 'screen_hours'?"),
        ('questionnaire = "trust-v1"',
         'questionnaire = "trust-v1"\n[parts.show_items]\ntrust1 = [{ item = "use", equals = 1 }]',
         "belongs to the scale 'trust', whose score"),
        ('questionnaire = "comments-v2"\nshow_if = [',
         'questionnaire = "comments-v2"\nshow_items = { comment = [{ item = "use", equals = 1 }] }'
         "\nshow_if = [", "so that its page could be empty. Use show_if"),
        ('show_if = [{ item = "use", at_most = 2 }]',
         'show_if = [{ item = "comment", answered = true }]', "which is asked only later"),
    ],
)  # fmt: skip
def test_a_part_that_cannot_depend_on_an_answer_is_refused(study, before, after, said):
    with pytest.raises(StudyFileError) as refused:
        loading.parse(study.source.replace(before, after, 1))
    assert any(said in problem for problem in refused.value.problems)


@pytest.mark.nightly  # the short suite has a representative
def test_an_outcome_that_only_some_people_have_is_warned_of(study):
    declared = loading.parse(study.source)
    assert warnings(declared) == ()  # everybody is asked about trust
    rule = 'questionnaire = "trust-v1"\nshow_if = [{ item = "use", equals = 1 }]'
    text = study.source.replace('questionnaire = "trust-v1"', rule, 1)
    (warning,) = warnings(loading.parse(text))
    assert warning.startswith(
        "Only people with certain answers (use is 1) have the outcome 'trust'"
    )
