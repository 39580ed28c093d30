"""Plans in old words, and the plan of a study file in today's."""

import pytest

from analysis.errors import PlanError
from analysis.plan.reading import parse_plan, plan_hash, read_document, read_plan
from analysis.reproduction.old_results import in_todays_words

PLAN = """title = "A plan"
control = "a"
arms = ["a", "b"]

[[outcomes]]
key = "trust"
label = "Trust"
kind = "scale"
scale = "trust"

[map_quality]
measures = ["insertion"]
outcomes = ["trust"]
"""
OLD = PLAN.replace("[map_quality]", "[meeting]")


def written(tmp_path, text):
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path, text) -> list[str]:
    with pytest.raises(PlanError) as found:
        read_plan(written(tmp_path, text))
    return list(found.value.problems)


def test_the_old_table_is_read_as_the_new_one(tmp_path):
    today = read_plan(written(tmp_path, PLAN))
    assert today.map_quality is not None
    assert read_plan(written(tmp_path, OLD)) == today


def test_an_old_plan_keeps_the_hash_that_was_registered(tmp_path):
    document = read_document(written(tmp_path, OLD))
    assert plan_hash(document) == "90fbd8374ea51acdfe35f13271dcd4698742b9525d8695df4fbd19bad738bcbf"
    assert parse_plan(document).map_quality == read_plan(written(tmp_path, PLAN)).map_quality
    assert plan_hash(document) != plan_hash(read_document(written(tmp_path, PLAN)))


@pytest.mark.parametrize("text", [PLAN, OLD], ids=["today", "old"])
@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (
            'outcomes = ["trust"]',
            'outcomes = ["mood"]',
            13,
            "mood cannot be used, because the outcomes are",
        ),
        ('["insertion"]', "[]", 12, "measures is empty"),
        ('["insertion"]', "7", 12, "measures"),
        ("measures =", "measure =", 12, "measure"),
    ],
)
def test_a_problem_of_the_table_is_on_its_line_under_either_name(
    tmp_path, text, old, new, line, says
):
    assert old in text
    (said,) = refused(tmp_path, text.replace(old, new))
    assert f"line {line}: " in said
    assert says in said


def test_a_plan_with_both_names_is_refused_with_the_cure(tmp_path):
    (said,) = refused(tmp_path, f"{PLAN}[meeting]\nmeasures = []\n")
    assert "line 14: the plan has both [map_quality] and its old name [meeting]. Remove" in said


def test_results_of_version_1_have_the_section_under_its_name_of_today():
    old = {
        "schema": 1,
        "further": {"meeting": {"qualities": []}},
        "plan": {"meeting": {"measures": []}},
        "shown": {"pictures": []},
        "flow": [],
        "study_flow": {"steps": []},
    }
    assert in_todays_words(old) == {
        "schema": 2,
        "optional_sections": {"map_quality": {"qualities": []}},
        "plan": {"map_quality": {"measures": []}, "attention_maps": None},
        "stimuli_shown": {"by_image": []},
        "flow": [],
        "study_flow": {
            "steps": [],
            "stopped": {},
            "left_silently": {},
            "ended": None,
            "early_ends": [],
        },
        "agreement_by_class": [],
        "diagnoses": None,
        "collection": None,
    }
    kept = in_todays_words({"schema": 2, "plan": {"meeting": 1}})["plan"]
    assert kept == {"meeting": 1, "attention_maps": None}


def test_the_plan_in_a_within_subjects_study_file_leads_to_the_one_of_the_export(tmp_path):
    between = '[[arms]]\nkey = "a"\n[[arms]]\nkey = "b"\n[analysis]\ncontrol = "a"\n'
    between += PLAN[PLAN.index("[[outcomes]]") : PLAN.index("[map_quality]")].replace(
        "[[outcomes]]", "[[analysis.outcomes]]"
    )
    assert read_plan(written(tmp_path, between)).arms == ("a", "b")
    (said,) = refused(tmp_path, between.replace("[[arms]]", "[[conditions]]"))
    assert "its arms are orders of its conditions" in said
    assert "plan.toml of its export" in said
