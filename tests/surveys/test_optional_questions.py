"""What a study can ask in its trials on top of the task, texts between blocks, and what a screen
reader says of a map."""

import json
from io import StringIO

import pandas as pd
import pytest

from surveys import services
from surveys.export.writing import export_study
from surveys.pages import sequence
from surveys.pages.kinds import catalogue
from surveys.pages.kinds.stimulus import map_alt
from surveys.pages.screens import screen
from surveys.simulation import profile, run
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from tests.surveys.designs import design_study, design_text
from tests.surveys.drawn import drawn_study
from tests.surveys.factories import allocated, walk, write_weights

ASKING = """
[[parts]]
kind = "trials"
right = 1
wrong = 1
advice_confidence = "slider"
free_text = "{kind}"
free_text_required = true
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
BETWEEN = """
[[parts]]
kind = "trials"
right = 1
wrong = 1
[[parts]]
kind = "text"
key = "repair"
heading = "An update"
text = "The classifier was improved."
per_block = true
blocks = [1]
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
TWO_ARMS = """
[[arms]]
key = "none"
label = "No probability"
[[arms]]
key = "sure"
label = "Probability"
probability = true
"""


def asked_in_first_trial(study) -> list[str]:
    someone = allocated(study, "someone", simulated=True)
    return [item.id for item in catalogue.items(someone, sequence.current_step(someone))]


@pytest.mark.parametrize(
    ("kind", "order"),
    [
        ("reason", ["agreed", "sureness", "free_text", "advice_sureness"]),
        ("think_aloud", ["free_text", "agreed", "sureness", "advice_sureness"]),
    ],
)
def test_thoughts_are_asked_before_the_decision_and_reasons_after_it(db, tmp_path, kind, order):
    study = design_study(tmp_path, parts=ASKING.replace("{kind}", kind), arms=TWO_ARMS)
    assert asked_in_first_trial(study) == order


def test_simulated_people_answer_them_and_they_are_exported_with_a_codebook(db, tmp_path):
    study = design_study(tmp_path, parts=ASKING.replace("{kind}", "reason"), arms=TWO_ARMS)
    run.simulate(study=study, number=3, seed=1, profile=profile.load("null"))
    export_study(study=study, output=tmp_path / "out", simulated="only")
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    assert trials["advice_sureness"].between(0, 100).all()
    assert set(trials["free_text"]) == {"A synthetic thought."}
    book = pd.read_csv(tmp_path / "out" / "codebook.csv")
    rows = book[(book["file"] == "trials.csv")].set_index("column")
    assert "explain it in a sentence" in rows.loc["free_text", "label"]
    assert list(rows.loc["advice_sureness", ["minimum", "maximum"]]) == [0, 100]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('advice_confidence = "slider"', 'advice_confidence = "often"', "Known: points"),
        ('advice_confidence = "slider"', 'task = "distinction"\nadvice_confidence = "points"',
         "which the task 'distinction' does not show"),
        ('free_text = "reason"\n', "", "free_text_required has no text to require"),
    ],
)  # fmt: skip
def test_questions_that_make_no_sense_are_refused(db, tmp_path, old, new, told):
    text = design_text(write_weights(tmp_path / "w"), parts=ASKING.replace("{kind}", "reason"))
    assert old in text
    with pytest.raises(StudyFileError, match=told):
        loading.parse(text.replace(old, new))


def test_a_text_between_blocks_is_shown_after_the_first_block_alone(db, tmp_path):
    study = design_study(tmp_path, design='[design]\nwithin = ["condition"]', parts=BETWEEN,
                         control="order-1")  # fmt: skip
    keys = [step.key for step in sequence.steps(study)]
    texts = [place for place, key in enumerate(keys) if key.startswith("repair")]
    assert [keys[place] for place in texts] == ["repair@1"]
    trials = [place for place, key in enumerate(keys) if key.startswith("trial:")]
    assert trials[1] < texts[0] < trials[2]
    someone = walk(allocated(study, "someone", simulated=True))
    assert someone.state == "completed"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("blocks = [1]", "blocks = [4]", r"limited to blocks 4\. The study has 3"),
        ("per_block = true\nblocks", "per_block = false\nblocks", "is outside of them"),
        ("right = 1", "right = 1\nblocks = [1]", "only parts of the kinds 'text' and 'attention'"),
    ],
)
def test_blocks_that_do_not_exist_are_refused(db, tmp_path, old, new, told):
    text = design_text(write_weights(tmp_path / "w"), parts=BETWEEN, control="order-1",
                       design='[design]\nwithin = ["condition"]')  # fmt: skip
    assert old in text
    with pytest.raises(StudyFileError, match=told):
        loading.parse(text.replace(old, new, 1))


@pytest.mark.usefixtures("_data_in_a_folder_of_its_own")
@pytest.mark.parametrize(
    ("chosen", "told"), [("regions", None), ("neutral", "A map of the picture."), ("none", "")]
)
def test_a_study_chooses_what_a_screen_reader_says_of_a_map(db, tmp_path, chosen, told):
    study = drawn_study(tmp_path, arms=("gradcam", "lime"), control="gradcam", opened=False)
    study = services.load_study(study.source.replace("map = \"beside\"",
                                f'map = "beside"\nmap_alt = "{chosen}"'))  # fmt: skip
    services.open_study(study=study)
    someone = walk(allocated(study, "someone"), pages=2)
    shown = screen(someone, sequence.current_step(someone))
    if told is not None:
        assert shown["map_alt"] == told
    else:
        assert len(shown["map_alt"]) > len("A map of the picture.")
    trial = someone.trials.first()
    assert map_alt(someone, trial.explanation) == shown["map_alt"]
    export_study(study=study, output=tmp_path / "out")
    manifest = json.load(StringIO((tmp_path / "out" / "manifest.json").read_text()))
    assert manifest["pages"]["map_alt"] == chosen
