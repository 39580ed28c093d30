"""What the script measured, from the page's form to the exported tables; trials with a limit."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from surveys.models import Answer, PageView, Participant, Study, Submission
from surveys.study_checks.loading import parse
from surveys.study_file.declaration import StudyFileError
from tests.surveys import factories
from tests.surveys.drawn import drawn_study, trial_parts
from tests.surveys.export.test_writing import rows
from tests.surveys.factories import export_closed
from tests.surveys.people import begin, first_answers, go_on

TIMINGS = {
    "painted_ms": 120.5,
    "dwell_ms": 3000.1,
    "away_ms": 500,
    "times_away": 1,
    "map_toggles": 2,
    "opacity_changes": 1,
    "opacity": 40,
    "zooms": 3,
    "viewport_width": 390,
    "viewport_height": 844,
    "pixel_ratio": 1.5,
    "attempts": 2,
    "pictures_failed": 0,
    "events": [[10.5, "map", 0], [20, "map", 1], [700, "opacity", 40], [900, "away", 0]],
}


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


def test_all_that_was_measured_is_exported_by_page_by_trial_and_by_event(drawn, tmp_path):
    browser, page, participant = begin(drawn)
    trial = go_on(browser, page, 2)
    browser.send(trial, first_answers(trial) | {"timings": json.dumps(TIMINGS)})
    export_closed(study=drawn, output=tmp_path / "out")
    pages = rows(tmp_path / "out", "pages.csv")
    assert [row["page"] for row in pages] == [one.step for one in participant.submissions.all()]
    row = pages[2]
    assert {name: row[name] for name in TIMINGS if name != "events"} == {
        name: repr(float(value)) if name in ("away_ms", "opacity") else repr(value)
        for name, value in TIMINGS.items()
        if name != "events"
    }
    assert (row["page"], row["position"], row["times_shown"]) == ("trial:1", "1", "1")
    assert row["interrupted"] == "1"
    in_trials = rows(tmp_path / "out", "trials.csv")[0]
    assert (in_trials["dwell_ms"], in_trials["opacity"]) == ("3000.1", "40.0")
    assert (in_trials["interrupted"], in_trials["zooms"]) == ("1", "3")
    events = rows(tmp_path / "out", "page_events.csv")
    assert [(row["page"], row["at_ms"], row["kind"], row["value"]) for row in events] == [
        ("trial:1", "10.5", "map", "0.0"),
        ("trial:1", "20.0", "map", "1.0"),
        ("trial:1", "700.0", "opacity", "40.0"),
        ("trial:1", "900.0", "away", "0.0"),
    ]


def test_what_was_not_measured_stays_empty(drawn, tmp_path):
    browser, page, _ = begin(drawn)
    go_on(browser, page)
    export_closed(study=drawn, output=tmp_path / "out")
    for row in rows(tmp_path / "out", "pages.csv"):
        assert {row[name] for name in TIMINGS if name != "events"} == {""}
        assert row["interrupted"] == "0"
    assert rows(tmp_path / "out", "page_events.csv") == []


def test_a_trial_that_was_loaded_twice_is_marked_as_interrupted(drawn, tmp_path):
    browser, page, _ = begin(drawn)
    trial = go_on(browser, page, 2)
    browser.open(trial.path)  # a reload, or another device
    go_on(browser, trial)
    export_closed(study=drawn, output=tmp_path / "out")
    trials = rows(tmp_path / "out", "trials.csv")
    assert [row["interrupted"] for row in trials] == ["1", "0", "0"]


@pytest.fixture
def limited(db, tmp_path) -> tuple[Client, str, dict[str, str]]:
    """A client on a trial with a limit of 20 seconds, the page's address, and its hidden fields."""
    study = drawn_study(tmp_path, parts=trial_parts(more="limit_seconds = 20\nminimum_seconds = 5"))
    browser, page, _ = begin(study)
    trial = go_on(browser, page, 2)
    return Client(), trial.path, trial.hidden


def late(seconds: float) -> None:
    """Let the trial have been shown so long ago."""
    for view in PageView.objects.filter(step="trial:1"):
        view.first_shown_at -= timedelta(seconds=seconds)
        view.save()


def test_the_limits_stand_in_the_page_for_the_script_and_in_words(limited):
    client, path, _ = limited
    text = client.get(path).content.decode()
    assert 'data-minimum-ms="5000"' in text
    assert 'data-limit-ms="20000"' in text
    assert "This page continues automatically after 20 seconds." in text


def test_a_page_whose_time_is_up_is_stored_with_what_there_is(limited):
    client, path, hidden = limited
    late(20)
    sent = {**hidden, "sureness": "2", "timings": json.dumps({"timed_out": 1})}
    assert client.post(path, sent).status_code == 303
    page = Submission.objects.get(step="trial:1")
    assert page.timed_out
    assert dict(page.answers.values_list("item", "value")) == {"sureness": "2"}
    assert client.post(path, sent).status_code == 303  # a replay
    assert Participant.objects.get().events.get().kind == "replayed"


@pytest.mark.parametrize(("seconds", "claims"), [(15, 1), (25, 0)])
def test_answers_may_lack_only_when_the_time_is_up_and_the_page_sent_itself(
    limited, seconds, claims
):
    client, path, hidden = limited
    late(seconds)
    sent = {**hidden, "sureness": "2", "timings": json.dumps({"timed_out": claims})}
    assert "One answer is missing" in client.post(path, sent).content.decode()
    assert not Answer.objects.filter(item="sureness").exists()


def test_who_claims_too_early_that_the_time_is_up_is_not_believed(limited):
    client, path, hidden = limited
    sent = {**hidden, "sureness": "2", "agreed": "1", "timings": json.dumps({"timed_out": 1})}
    assert client.post(path, sent).status_code == 303
    assert not Submission.objects.get(step="trial:1").timed_out


@pytest.mark.parametrize(("value", "works"), [("beside", True), ("over", True), ("under", False)])
def test_the_map_lies_beside_or_over_the_image(tmp_path, value, works):
    text = factories.study_text(tmp_path / "dots.safetensors")
    text = text.replace("[analysis]", f'[pages]\nmap = "{value}"\n[analysis]', 1)
    if works:
        assert parse(text).pages.map == value
    else:
        with pytest.raises(StudyFileError, match="Known: beside, over"):
            parse(text)
