"""Counts of how answers come about: off by default, checked, exported, erased with the person."""

import json
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from surveys import services
from surveys.models import Participant, Study, Submission
from surveys.pages.kinds import perception
from surveys.pages.sequence import step_of
from surveys.pages.signals import HIDDEN_FIELD, hidden_number, read_signals, words_on
from surveys.study_checks.loading import parse, parse_for_installation
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.stored import definition
from surveys.tidy.analysis_plan import plan_of
from surveys.tidy.codebook import codebook
from tests.surveys.drawn import drawn_study, trial_parts
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


@pytest.mark.nightly
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


@pytest.mark.nightly
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


PERCEPTION = (
    trial_parts()
    + """
[[parts]]
kind = "perception"
items = 2
"""
)


def perceptive_study(folder) -> Study:
    parts = PERCEPTION.replace("right = 2", "right = 5")
    return drawn_study(folder, right=5, slug="seen", arms=("none", "gradcam"), parts=parts,
                       extra=ON)  # fmt: skip


def test_a_picture_is_found_again_by_eye_and_not_by_the_markup(db, tmp_path):
    browser, page, participant = begin(perceptive_study(tmp_path))
    page = go_on(browser, page, 9)
    assert page.hidden["step"] == "perception:1"
    (address,) = set(page.pictures)  # one file for all, so that no address tells anything
    assert len(page.pictures) == 7
    content = browser._client.get(address, secure=True).content
    step = step_of(participant.study, "perception:1")
    right = perception.right_place(participant, step)
    assert found_by_pixels(content) == right

    later = address.replace(re.search(r"perception-\d+", address)[0], "perception-10")
    assert browser._client.get(later, secure=True).status_code == 404
    page = browser.send(page, {perception.ITEM: str(right)})
    assert browser._client.get(address, secure=True).status_code == 404, "the page is passed"
    second = perception.right_place(participant, step_of(participant.study, "perception:2"))
    browser.send(page, {perception.ITEM: str(second % 6 + 1)})
    export_closed(study=participant.study, output=tmp_path / "out")
    (person,) = rows(tmp_path / "out", "participants.csv")
    assert (person["signal_perception_asked"], person["signal_perception_right"]) == ("2", "1")
    told = {row["page"]: row["found_picture"] for row in rows(tmp_path / "out", "pages.csv")}
    assert (told["perception:1"], told["perception:2"]) == ("1", "0")
    assert "perception" in plan_of(definition(participant.study))["signals"]["rules"]


def found_by_pixels(content: bytes) -> int:
    """Which tile the first shows, mirrored and enlarged: the test sees with its own arithmetic."""
    grey = np.asarray(Image.open(BytesIO(content)).convert("L"), dtype=float)
    tiles = [grey[:, at : at + 160] for at in range(0, grey.shape[1], 160)]
    parts = [
        np.asarray(Image.fromarray(tile[19:-19, 19:-19]).resize((160, 160))) for tile in tiles[1:]
    ]
    wanted = tiles[0][:, ::-1]
    alike = [np.corrcoef(part.ravel(), wanted.ravel())[0, 1] for part in parts]
    return int(np.argmax(alike)) + 1


def test_the_places_are_drawn_evenly_and_for_each_person_anew(db, tmp_path):
    study = perceptive_study(tmp_path)
    step = step_of(study, "perception:1")
    places = [
        perception.right_place(Participant(study=study, pseudonym=f"p{number}"), step)
        for number in range(600)
    ]
    counts = [places.count(place) for place in range(1, 7)]
    assert sum(counts) == 600
    assert stats.chisquare(counts).pvalue > 0.001


def test_a_perceptual_item_without_counting_is_refused_with_the_cure(counting):
    text = counting.source.replace(ON, '[[parts]]\nkind = "perception"')
    with pytest.raises(StudyFileError, match=r"\[signals\] with count = true"):
        parse(text)


def test_pictures_are_found_again_only_where_there_are_enough(db, tmp_path, monkeypatch):
    study = perceptive_study(tmp_path)
    assert parse_for_installation(study.source)
    monkeypatch.setattr("surveys.study_checks.images_and_weights.PICTURES", 1000)
    with pytest.raises(StudyFileError, match="found again among 1000") as error:
        parse_for_installation(study.source)
    assert "Add images, or remove the part." in str(error.value)
