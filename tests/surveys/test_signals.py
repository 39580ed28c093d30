"""Counts of how answers come about: off by default, checked, exported, erased with the person."""

import json

import pytest

from surveys import services
from surveys.models import Study, Submission
from surveys.pages.sequence import step_of
from surveys.pages.signals import HIDDEN_FIELD, hidden_number, read_signals, words_on
from surveys.study_checks.loading import parse
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.stored import definition
from surveys.tidy.analysis_plan import plan_of
from surveys.tidy.codebook import codebook
from tests.surveys.drawn import drawn_study
from tests.surveys.export.test_writing import rows
from tests.surveys.factories import export_closed
from tests.surveys.people import begin, first_answers, go_on

ON = "[signals]\ncount = true"
COUNTED = {
    "webdriver": 1,
    "changes": 4,
    "synthetic": 2,
    "unprompted": 1,
    "silent": 1,
    "pastes": 1,
    "characters": 30,
    "pasted": 20,
    "keyless": 5,
    "gaps": [500, 700.5, 900],
}


@pytest.fixture
def counting(db, tmp_path) -> Study:
    return drawn_study(tmp_path, slug="counting", arms=("none", "gradcam"), extra=ON)


def test_nothing_is_counted_unless_the_study_file_asks(db, tmp_path):
    study = drawn_study(tmp_path, arms=("none", "gradcam"))
    browser, page, participant = begin(study)
    assert HIDDEN_FIELD not in browser._client.get(page.path, secure=True).content.decode()
    page = browser.send(page, first_answers(page) | {"signals": json.dumps(COUNTED)})
    trial = go_on(browser, page, 1)
    browser._client.get(trial.pictures[0], secure=True)
    stored = participant.submissions.values_list("signals", flat=True)
    assert set(stored) == {None}
    assert not participant.views.filter(words__isnull=False).exists()
    assert set(participant.trials.values_list("pictures_sent", flat=True)) == {0}
    export_closed(study=study, output=tmp_path / "out")
    names = rows(tmp_path / "out", "participants.csv")[0] | rows(tmp_path / "out", "pages.csv")[0]
    assert not [name for name in names if name.startswith("signal") or name == "words"]


def test_the_counts_are_exported_by_page_and_summed_by_person(counting, tmp_path):
    browser, page, participant = begin(counting)
    step = step_of(counting, page.hidden["step"])
    told = {HIDDEN_FIELD: f"the number is {hidden_number(counting, step)}"}
    page = browser.send(page, first_answers(page) | told | {"signals": json.dumps(COUNTED)})
    trial = go_on(browser, page, 1)
    browser._client.get(trial.pictures[0], secure=True)
    page = browser.send(trial, first_answers(trial))
    page = browser.send(page, first_answers(page) | {"signals": json.dumps(COUNTED)})
    assert not participant.events.filter(kind="extra fields").exists()

    export_closed(study=counting, output=tmp_path / "out")
    by_page = rows(tmp_path / "out", "pages.csv")
    first, third = by_page[0], by_page[2]
    assert (first["webdriver"], first["synthetic_answers"], first["pasted_characters"]) == (
        "1", "2", "20",
    )  # fmt: skip
    assert (first["answers_timed"], first["answer_gap_mean_ms"]) == ("3", "700.1666666666666")
    assert (first["hidden_instruction"], first["pictures_requested"]) == ("told", "")
    assert int(first["words"]) > 20
    assert (third["pictures_requested"], third["webdriver"]) == ("1", "")
    (person,) = rows(tmp_path / "out", "participants.csv")
    assert (person["signal_pages"], person["signal_measured"]) == ("4", "2")
    assert (person["signal_answer_changes"], person["signal_answers_timed"]) == ("8", "6")
    assert float(person["signal_answer_gap_sd_ms"]) == pytest.approx(178.9, abs=0.1)
    assert (person["signal_hidden_asked"], person["signal_hidden_told"]) == ("1", "1")
    assert (person["signal_pictures_due"], person["signal_pictures_requested"]) == ("2", "1")
    described = {row["column"] for row in codebook(definition(counting))}
    assert set(person) <= described
    assert set(first) <= described

    services.erase(participant=participant)
    assert not Submission.objects.exists()


def test_the_consent_tells_people_what_is_counted(counting):
    browser, *_ = begin(counting)
    browser.forget()
    for language, sentence in (("en", "count how answers come about"), ("de", "zählen")):
        text = browser._client.get(f"/s/counting/?language={language}", secure=True)
        said = text.content.decode()
        assert sentence in said or language not in definition(counting).languages


@pytest.mark.parametrize(
    "text",
    ["", "[]", "nonsense", '{"changes": -1, "gaps": ["x"]}', '{"changes": true}', "9" * 6000],
)
def test_whatever_a_browser_sends_is_never_refused_and_never_stored_as_it_is(text):
    counted = read_signals(text)
    assert counted is None or counted.stored() == {"gaps": []}


def test_a_list_of_distances_ends_at_the_first_that_is_none():
    assert read_signals('{"gaps": [1, 2.5, -3, 4]}').gaps == (1.0, 2.5)


def test_words_are_those_of_the_main_part_that_can_be_seen():
    page = """<header>six words that do not count</header><main class="page"><h1>Don't count</h1>
        <p title="no words">three <em>well-known</em> words</p><p hidden>not this</p>
        <div hidden aria-hidden="true"><label>nor this</label></div></main>"""
    assert words_on(page, "en") == 5
    assert words_on(page, "zh-hans") is None
    assert words_on("<p>no main part</p>", "en") is None


def test_an_unknown_key_of_the_table_is_refused(counting):
    with pytest.raises(StudyFileError, match="clicks"):
        parse(counting.source.replace("count = true", "clicks = true"))


def test_the_plan_of_a_study_that_counts_has_the_rules_for_its_pages(counting):
    rules = plan_of(definition(counting))["signals"]["rules"]
    assert "hidden" in rules
    assert "perception" not in rules
    visible = parse(counting.source.replace(ON, f"{ON}\nhidden_instruction = false"))
    assert "hidden" not in plan_of(visible)["signals"]["rules"]
    assert "signals" not in plan_of(parse(counting.source.replace(ON, "")))
