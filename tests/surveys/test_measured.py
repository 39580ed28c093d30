"""What the script measured, from the page's form to the exported tables; trials with a limit."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client

from surveys import services
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


@pytest.mark.nightly
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


def limit_in(text: str) -> int:
    return int(re.search(r'data-limit-ms="(\d+)"', text).group(1))


def test_the_limits_stand_in_the_page_for_the_script_and_in_words(limited):
    client, path, _ = limited
    PageView.objects.filter(step="trial:1").delete()  # nobody has seen it yet
    text = client.get(path).content.decode()
    assert 'data-minimum-ms="5000"' in text
    assert limit_in(text) == 20_000
    assert "You have 20 seconds for this page." in text


def test_loading_the_page_again_gains_no_time(limited):
    client, path, _ = limited
    late(12)
    assert 7_000 < limit_in(client.get(path).content.decode()) <= 8_000
    late(30)
    assert limit_in(client.get(path).content.decode()) == 0


def test_whoever_asks_gets_the_limit_once_more_and_keeps_the_answers_so_far(limited):
    client, path, hidden = limited
    late(12)
    text = client.post(path, {**hidden, "sureness": "2", "more_time": "1"}).content.decode()
    assert 27_000 < limit_in(text) <= 28_000
    assert re.search(r'name="sureness" value="2"[^>]* checked', text)
    assert "missing" not in text
    assert Submission.objects.filter(step="trial:1").count() == 0
    assert Participant.objects.get().events.get().kind == "more time"


def test_the_script_gets_the_new_time_without_another_page(limited):
    client, path, hidden = limited
    late(12)
    asked = {**hidden, "more_time": "1"}
    answer = client.post(path, asked, headers={"accept": "application/json"}).json()
    assert 27_000 < answer["limit_ms"] <= 28_000
    assert answer["extensions_left"] == 9


@pytest.mark.nightly
def test_more_time_is_given_ten_times_and_then_no_more(limited):
    client, path, hidden = limited
    accept = {"accept": "application/json"}
    for _ in range(12):
        left = client.post(path, {**hidden, "more_time": "1"}, headers=accept).json()
    assert left["extensions_left"] == 0
    assert PageView.objects.get(step="trial:1").extensions == 10
    assert "more_time" not in client.get(path).content.decode()
    sent = {**hidden, "sureness": "2", "agreed": "1"}
    assert client.post(path, sent).status_code == 303
    assert Submission.objects.get(step="trial:1").extensions == 10


@pytest.mark.nightly
def test_a_claim_counts_only_after_the_time_that_was_added(limited):
    client, path, hidden = limited
    client.post(path, {**hidden, "more_time": "1"})
    late(30)
    claim = {**hidden, "sureness": "2", "timings": json.dumps({"timed_out": 1})}
    assert "One answer is missing" in client.post(path, claim).content.decode()
    late(10)
    assert client.post(path, claim).status_code == 303
    assert Submission.objects.get(step="trial:1").timed_out


@pytest.mark.nightly
def test_where_the_limit_is_essential_nobody_gets_more_time(db, tmp_path):
    limits = "limit_seconds = 20\nlimit_extensions = 0"
    study = drawn_study(tmp_path, parts=trial_parts(more=limits))
    browser, page, _ = begin(study)
    trial = go_on(browser, page, 2)
    assert "more_time" not in Client().get(trial.path).content.decode()
    Client().post(trial.path, {**trial.hidden, "more_time": "1"})
    assert PageView.objects.get(step="trial:1").extensions == 0


@pytest.mark.parametrize(("seconds", "is_late"), [(15, False), (24, False), (26, True)])
def test_without_a_script_the_server_decides_whether_the_time_was_up(limited, seconds, is_late):
    client, path, hidden = limited
    late(seconds)
    sent = {**hidden, "sureness": "2"}  # one answer is missing
    answered = client.post(path, sent)
    assert (answered.status_code == 303) == is_late
    assert Submission.objects.filter(step="trial:1", timed_out=True).exists() == is_late


@pytest.mark.nightly
def test_more_time_and_pictures_that_failed_are_columns_of_the_trials(limited, tmp_path):
    client, path, hidden = limited
    client.post(path, {**hidden, "more_time": "1"})
    sent = {**hidden, "sureness": "2", "agreed": "1", "timings": json.dumps({"attempts": 1})}
    assert client.post(path, sent).status_code == 303
    export_closed(study=Study.objects.get(), output=tmp_path / "out")
    trial = next(row for row in rows(tmp_path / "out", "trials.csv") if row["answered_at"])
    assert (trial["time_extensions"], trial["without_picture"]) == ("1", "0")
    page = next(r for r in rows(tmp_path / "out", "pages.csv") if r["page"] == "trial:1")
    assert page["time_extensions"] == "1"


@pytest.mark.parametrize("allowed", [False, True])
def test_a_trial_without_its_picture_is_answered_only_if_the_study_says_so(db, tmp_path, allowed):
    study = drawn_study(tmp_path, parts=trial_parts(), opened=False)
    if allowed:
        text = study.source.replace("[pages]", '[pages]\nwithout_picture = "answer"')
        study = services.load_study(text)
    services.open_study(study=study)
    browser, page, person = begin(study)
    trial = go_on(browser, page, 2)
    failed = json.dumps({"pictures_failed": 1})
    sent = {**trial.hidden, "agreed": "1", "sureness": "2", "timings": failed}
    assert Client().post(trial.path, sent).status_code == 303
    stored = person.submissions.get(step="trial:1")
    given = dict(stored.answers.values_list("item", "value"))
    assert given == ({"agreed": "1", "sureness": "2"} if allowed else {})
    export_closed(study=study, output=tmp_path / "out")
    first = rows(tmp_path / "out", "trials.csv")[0]
    assert first["without_picture"] == "1"
    assert (first["agreed"] == "1") == allowed


def test_a_skipped_trial_is_no_way_round_a_page_that_loaded(limited):
    client, path, hidden = limited
    sent = {**hidden, "timings": json.dumps({"pictures_failed": 0})}
    assert "answers are missing" in client.post(path, sent).content.decode()


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
