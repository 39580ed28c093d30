"""Names of a study file that would stand beside an equal name in the data."""

import re
from itertools import chain

import pytest

from analysis.plan.problems import SCORE_COLUMNS
from analysis.study_data.columns import FILES
from analysis.study_data.decisions import DERIVED
from surveys import questionnaires, tasks
from surveys.study_checks import loading
from surveys.study_checks.loading import parse
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.reading.study import read
from surveys.study_file.stored import definition_of
from surveys.tidy import columns, page_columns
from surveys.tidy.columns import Column
from surveys.tidy.reserved import reserved_names
from surveys.tidy.tables import tables
from tests.surveys import designs, shipped

FACTORS = """
[[arms]]
key = "none-high"
label = "No map, mostly right"
factors = {{ {name} = "none", accuracy = "high" }}
[[arms]]
key = "gradcam-high"
label = "Grad-CAM, mostly right"
method = "gradcam"
factors = {{ {name} = "gradcam", accuracy = "high" }}
[[arms]]
key = "none-low"
label = "No map, often wrong"
factors = {{ {name} = "none", accuracy = "low" }}
[[arms]]
key = "gradcam-low"
label = "Grad-CAM, often wrong"
method = "gradcam"
factors = {{ {name} = "gradcam", accuracy = "low" }}
"""


def text_with(tmp_path, name: str, **changes: str) -> str:
    arms = FACTORS.format(name=name)
    return designs.design_text(
        tmp_path / "w.safetensors", **{"arms": arms, "control": "none-high", **changes}
    )


def refusals(text: str) -> list[str]:
    with pytest.raises(StudyFileError) as refused:
        parse(text)
    return list(refused.value.problems)


@pytest.mark.parametrize(
    ("case", "name"), [("d-factor-agreed", "agreed"), ("d-factor-probability", "probability")]
)
def test_a_factor_with_the_name_of_a_column_is_refused_at_load_with_its_cure(
    shared_dir, case, name
):
    text = (shared_dir / "cases" / "studies" / f"{case}.toml").read_text(encoding="utf-8")
    found = [one for one in refusals(text) if f"the factor {name!r}" in one]
    places = [at for at, line in enumerate(text.splitlines(), 1) if f"{{ {name} =" in line]
    assert found == [
        f"line {place}: the factor {name!r} becomes a column of the data, which already have a "
        f"column {name!r}. Rename the factor, for example '{name}_factor', in all arms."
        for place in places
    ]
    # The cure works: of the file's problems, if there are others, none is about the factor.
    file, _ = loading._checked(text.replace(f"{{ {name} =", f"{{ {name}_factor ="))
    assert not [one for one in file.problems if "the factor" in one.sentence]


def test_every_reserved_name_is_refused(tmp_path):
    """All are factors of one file, whose mistakes are told at once."""
    names = sorted(reserved_names())
    assert len(names) > 100
    levels = ", ".join(f'{name} = "x"' for name in names)
    found = refusals(text_with(tmp_path, "map").replace("{ map", f"{{ {levels}, map"))
    for name in names:
        told = [one for one in found if f"the factor {name!r} becomes a column" in one]
        assert len(told) == 4, name  # once in each arm


def test_a_reserved_name_alone_is_the_only_mistake(tmp_path):
    first, *others = refusals(text_with(tmp_path, "agreed"))
    assert "the factor 'agreed' becomes a column" in first
    assert len(others) == 3


def test_other_names_are_accepted(tmp_path):
    assert [*parse(text_with(tmp_path, "map")).conditions[0].factors] == ["map", "accuracy"]


def test_every_column_of_every_table_is_reserved():
    of_modules = {
        column.name
        for value in chain(vars(columns).values(), vars(page_columns).values())
        for column in (value if isinstance(value, tuple) else [value])
        if isinstance(column, Column)
    }
    declared = [
        loading.parse(path.read_text(encoding="utf-8"))
        for path in (*shipped.FILES, *shipped.EXAMPLES)
    ]
    factors = {name for one in declared for shown in one.conditions for name in shown.factors}
    # A study's check boxes are reserved in that study alone.
    ticked = {check.field for one in declared for check in one.consent.checks}
    exported = {
        column.name for one in declared for table in tables(one).values() for column in table
    }
    read_later = {column.name for table in FILES.values() for column in table}
    everything = (
        of_modules | (exported - factors - ticked) | read_later | set(DERIVED) | {*SCORE_COLUMNS}
    )
    assert everything <= reserved_names()


@pytest.mark.parametrize("task", tasks.TASKS, ids=lambda task: task.key)
def test_no_question_of_a_task_has_the_name_of_a_column_of_every_trial(task):
    asked = {item.id for stage in task.stages for item in stage.asks({}, "points")}
    fixed = (*columns.STIMULUS, *columns.LAYOUT, *columns.SIDE_BY_SIDE, *columns.ANSWERED)
    assert not asked & {column.name for column in (*fixed, *page_columns.TRIAL_TIMES)}


@pytest.mark.parametrize("key", [*questionnaires.shipped(), *questionnaires.earlier()])
def test_no_shipped_item_or_scale_has_the_name_of_a_column(key):
    questionnaire = questionnaires.get(key)
    named = {*questionnaire.subscales, *(item.id for item in questionnaire.items)}
    assert not named & reserved_names()


def test_a_factor_with_the_name_of_a_scale_or_item_is_refused(tmp_path):
    for name, what in (("trust", "a scale of 'trust-v1'"), ("trust1", "an item of 'trust-v1'")):
        first, *_ = refusals(text_with(tmp_path, name))
        assert f"the factor {name!r} has the name of {what}" in first
        assert f"for example '{name}_factor'" in first


def test_a_stored_study_with_such_a_factor_stays_readable_and_its_columns_differ(tmp_path):
    """Studies stored before names were reserved: their data must not have two columns of a name."""
    text = text_with(tmp_path, "agreed")
    stored = definition_of(text)
    assert read(text) == stored
    for name, table in tables(stored).items():
        names = [column.name for column in table]
        assert len(names) == len(set(names)), name
    assert "factor_agreed" in [column.name for column in tables(stored)["participants.csv"]]
    hidden = [column.name for column in tables(stored, blinded=True)["participants.csv"]]
    assert not {"factor_agreed", "accuracy"} & set(hidden)


def test_two_pages_with_one_key_are_refused(tmp_path):
    parts = (
        designs.PARTS + '\n[[parts]]\nkind = "text"\nkey = "trial:1"\nheading = "H"\ntext = "T"\n'
    )
    found = refusals(designs.design_text(tmp_path / "w.safetensors", parts=parts))
    assert [one for one in found if "the part 'trial:1' has a page with the key of another" in one]


LEVELS = """
[[conditions]]
key = "a1"
label = "A1"
factors = {{ one = "{0}", two = "{1}", map = "x" }}
[[conditions]]
key = "a2"
label = "A2"
method = "gradcam"
factors = {{ one = "{0}", two = "{1}", map = "y" }}
[[conditions]]
key = "b1"
label = "B1"
factors = {{ one = "{2}", two = "{3}", map = "x" }}
[[conditions]]
key = "b2"
label = "B2"
method = "gradcam"
factors = {{ one = "{2}", two = "{3}", map = "y" }}
"""


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (("a-b", "c", "a", "b-c"), "would give their arms the same keys"),
        (("a" * 40, "c" * 40, "b", "d"), "longer than 50 characters"),
    ],
)
def test_arms_whose_keys_would_be_equal_or_too_long_are_refused(tmp_path, levels, words):
    text = designs.design_text(
        tmp_path / "w.safetensors",
        arms=LEVELS.format(*levels),
        design='[design]\nwithin = ["map"]',
        control="a-order-1",
    )
    assert [one for one in refusals(text) if re.search(words, one)]


def test_a_factorial_outcome_over_a_cell_without_an_arm_is_refused(tmp_path):
    plan = 'scale = "trust"\nanalysis = "factorial"\nfactors = ["map", "accuracy"]'
    text = text_with(tmp_path, "map").replace('scale = "trust"', plan)
    parse(text)  # every combination has an arm
    lacking = text.replace(
        'factors = { map = "gradcam", accuracy = "low" }',
        'factors = { map = "lime", accuracy = "low" }',
    )
    (problem,) = refusals(lacking)
    assert "no arm has map × accuracy = gradcam × low, lime × high. Add an arm" in problem
