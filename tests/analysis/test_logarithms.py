"""Trials without a logarithm are refused with their number, or left out in the report's words."""

import json
import math

import pandas as pd
import pytest

from analysis.errors import PlanError, TableError
from analysis.plan.reading import read_plan
from analysis.run import analyse
from analysis.study_data.study_data import read_study
from tests.analysis.tidy import optional_of, outcomes_of


@pytest.fixture
def case(shared_dir, tmp_path):
    """The table of the case, with 27 zeros among 270 values, in a folder that a test may change."""
    folder = tmp_path / "table"
    folder.mkdir()
    for path in (shared_dir / "cases" / "tables" / "log-of-zero").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def change(folder, old, new, name="plan.toml"):
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return folder


def test_zeros_are_refused_with_their_number_by_arm_and_a_cure(case):
    with pytest.raises(TableError) as caught:
        outcomes_of(case)
    assert caught.value.problems == (
        "outcome 'l': 27 of 270 values of 'v' are 0 or below and have no logarithm (x 15, y 12). "
        'Set transform = "log1p" (the logarithm of 1 + value), or without_logarithm = '
        '"leave_out", or remove transform.',
    )


def test_the_logarithm_of_one_more_uses_every_trial(case):
    table = pd.read_csv(case / "trials.csv")
    change(case, 'transform = "log"', 'transform = "log1p"')
    found = outcomes_of(case)[0]
    expected = table.assign(v=(1 + table["v"]).map(math.log))
    means = expected.groupby(["cond", "pid"])["v"].mean().groupby("cond").mean()
    assert [arm.mean.value for arm in found.found.arms] == pytest.approx([means["x"], means["y"]])
    assert found.without_logarithm is None


def test_trials_that_the_plan_leaves_out_are_counted_in_the_report_and_in_results(case, tmp_path):
    change(case, 'transform = "log"', 'transform = "log"\nwithout_logarithm = "leave_out"')
    analyse(case, tmp_path / "out")
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    (outcome,) = results["outcomes"]
    assert outcome["without_logarithm"] == {"trials": {"x": 15, "y": 12}, "of": 270}
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert (
        "Left out, as the plan declares: 27 of 270 answered trials, whose value is 0 or below and "
        "has no logarithm (x 15, y 12)." in page
    )


def test_a_table_without_zeros_says_nothing(case):
    change(case, ",0.0,", ",0.5,", "trials.csv")
    assert outcomes_of(case)[0].without_logarithm is None


def test_values_below_zero_have_no_logarithm_of_one_more(case):
    change(case, 'transform = "log"', 'transform = "log1p"')
    change(case, ",0.0,", ",-0.5,", "trials.csv")
    with pytest.raises(TableError, match=r"27 of 270 values of 'v' are below 0 .* Set without_log"):
        outcomes_of(case)


def test_zeros_of_people_whom_a_rule_takes_out_of_all_sets_do_not_matter(case):
    table = pd.read_csv(case / "trials.csv")
    people = table.loc[table["v"] == 0, "pid"].unique()
    rule = '[[exclusions]]\nkey = "zeros"\nlabel = "Z"\nrule = "listed"\nscope = "{}"\n'
    rule += f"participants = {json.dumps(list(people[:-1]))}\n"
    plan = (case / "plan.toml").read_text()
    table.loc[(table["v"] == 0) & (table["pid"] == people[-1]), "v"] = 1.0
    table.to_csv(case / "trials.csv", index=False)
    (case / "plan.toml").write_text(plan + rule.format("all"))
    assert read_study(case).exclusions.out_of_all.sum() == len(people) - 1
    if len(people) < 28:
        outcomes_of(case)
    # The control: rules of the per-protocol set alone leave them in the other set.
    (case / "plan.toml").write_text(plan + rule.format("per_protocol"))
    with pytest.raises(TableError, match="have no logarithm"):
        outcomes_of(case)


def test_the_multiverse_has_no_logarithms_of_a_column_with_zeros(case):
    plan = case / "plan.toml"
    text = plan.read_text().replace('transform = "log"\n', "")
    plan.write_text(text + "[multiverse]\nlogarithms = true\n")
    (curve,) = optional_of(case)["multiverse"]
    assert {one.coding for one in curve.specifications} == {"as measured"}
    change(case, ",0.0,", ",0.5,", "trials.csv")
    (curve,) = optional_of(case)["multiverse"]
    assert {one.coding for one in curve.specifications} == {"as measured", "logarithms"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'kind = "trial_mean"',
            'kind = "item"\nitem = "q"',
            "transform is 'log', but an outcome of the kind 'item' does not use it",
        ),
        ('transform = "log"', 'without_logarithm = "leave_out"', "needs transform. Add it"),
    ],
)
def test_a_transformation_that_would_be_ignored_is_refused(case, old, new, message):
    with pytest.raises(PlanError, match=message):
        read_plan(change(case, old, new) / "plan.toml")
