"""A time limit that follows the person's own pace in practice."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from surveys.models import PageView, Participant
from surveys.pages import sequence
from surveys.pages.pace import limit_seconds
from surveys.services.recording import extend_time
from surveys.simulation import profile, run
from surveys.study_checks.loading import parse
from surveys.study_file.declaration import StudyFileError
from tests.surveys.designs import design_text
from tests.surveys.drawn import drawn_study
from tests.surveys.export.test_writing import rows
from tests.surveys.factories import export_closed, write_weights
from tests.surveys.people import begin, go_on

PARTS = """
[[parts]]
kind = "instructions"
[[parts]]
kind = "practice"
right = 2
wrong = 1
feedback = false
[[parts]]
kind = "trials"
right = 2
wrong = 1
limit_of_pace = 1.5
limit_least = 6
limit_most = 40
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
FIRST = "trial:4"
"""The first trial after the three of practice."""


@pytest.fixture
def study(db, tmp_path):
    return drawn_study(tmp_path, right=4, wrong=2, parts=PARTS, arms=("none", "gradcam"))


def practised(study, *seconds: float):
    """Somebody on the first trial, whose practice pages took so long, and what they see."""
    browser, page, person = begin(study)
    page = go_on(browser, page, 1)
    for number, took in enumerate(seconds, start=1):
        for view in PageView.objects.filter(participant=person, step=f"trial:{number}"):
            view.first_shown_at -= timedelta(seconds=took)
            view.save()
        page = go_on(browser, page, 1)
    return person, Client().get(page.path).content.decode()


def limit_in(text: str) -> int:
    return round(int(re.search(r'data-limit-ms="(\d+)"', text).group(1)) / 1000)


@pytest.mark.parametrize(
    ("seconds", "limit"), [((4, 12, 600), 18), ((0, 1, 2), 6), ((50, 60, 70), 40)]
)
def test_the_limit_is_the_median_of_practice_times_the_factor_within_its_bounds(
    study, seconds, limit
):
    person, text = practised(study, *seconds)
    assert limit_in(text) == limit
    assert f"You have {limit} seconds for this page." in text
    step = sequence.step_of(study, FIRST)
    assert limit_seconds(person, step) == limit
    # Practice has no limit, and no trial after it changes the limit of the next.
    assert limit_seconds(person, sequence.step_of(study, "trial:2")) == 0
    assert limit_seconds(person, sequence.step_of(study, "trial:6")) == limit


def test_more_time_adds_the_own_limit_and_the_servers_clock_decides(study):
    person, text = practised(study, 10, 10, 10)
    assert limit_in(text) == 15
    assert extend_time(participant=person, step=FIRST)
    path = f"/p/{person.code}/"
    assert limit_in(Client().get(path).content.decode()) == 30
    PageView.objects.filter(step=FIRST).update(
        first_shown_at=PageView.objects.get(step=FIRST).first_shown_at - timedelta(seconds=36)
    )
    sent = {"sureness": "2", **hidden_of(Client().get(path).content.decode())}
    assert Client().post(path, sent).status_code == 303, "stored without its answer"
    assert person.submissions.get(step=FIRST).timed_out


def hidden_of(text: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))


@pytest.mark.nightly
def test_the_instructions_say_so_and_every_trials_limit_is_exported(study, tmp_path):
    _, page, _ = begin(study)
    told = Client().get(page.path).content.decode()
    assert "Your time for each page depends on how long you needed for the practice pages." in told
    assert "Take all the time you need." not in told
    run.simulate(study=study, number=2, seed=1, profile=profile.load("null"))
    for person in Participant.objects.filter(simulated=True):
        for number, one in enumerate(person.submissions.filter(step__in=["trial:1", "trial:2"])):
            one.server_seconds = 8.0 + number
            one.save()
        one = person.submissions.get(step="trial:3")
        one.server_seconds = 8.5
        one.save()
    export_closed(study=study, output=tmp_path / "out", simulated="only")
    assert {row["limit_seconds"] for row in rows(tmp_path / "out", "trials.csv")} == {"13"}
    assert "limit_seconds" not in rows(tmp_path / "out", "practice.csv")[0]
    book = {row["column"]: row for row in rows(tmp_path / "out", "codebook.csv")}
    assert book["limit_seconds"]["label"].startswith("Time limit of the trial's last page")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("limit_least = 6\n", "", "needs bounds above minimum_seconds"),
        ("limit_most = 40", "limit_most = 5", "limit_least is 6 and limit_most 5"),
        ("limit_most = 40", "limit_most = 40\nminimum_seconds = 6", "above minimum_seconds, which"),
        ("limit_most = 40", "limit_most = 40\nlimit_seconds = 20", "Remove one of the two"),
        ("limit_of_pace = 1.5\n", "", "is off here. Add limit_of_pace, or remove limit_least"),
        ('kind = "practice"', 'kind = "trials"\nkey = "more"', "no practice of the task 'decide'"),
        ("feedback = false", "task = 'classify'", "no practice of the task 'decide' comes before"),
        ("feedback = false", "arms = ['gradcam']", "under 'none' no practice of the task"),
        ("feedback = false", "limit_of_pace = 2.0", "practice shows a person's pace"),
    ],
)
def test_limits_by_pace_that_cannot_be_kept_are_refused(tmp_path, old, new, told):
    text = design_text(write_weights(tmp_path / "w"), parts=PARTS)
    assert old in text
    with pytest.raises(StudyFileError) as refused:
        parse(text.replace(old, new, 1))
    assert told in str(refused.value)
