"""A published study from its own csv files and a plan (../shared/known-answers/alienzoo)."""

import json

import pytest
from django.core.management import call_command

from analysis.figures.flow import draw_flow
from analysis.figures.style import save
from tests.conftest import ROOT

PLAN = ROOT / "studies" / "published" / "alienzoo" / "plan.toml"


def only_the_flow(results, scores, folder):
    """Draw the figure that a test below reads of in the page, and none of the others."""
    folder.mkdir()
    save(draw_flow(results), folder / "flow", (".svg",))
    return {"flow": folder / "flow.svg"}, ()


@pytest.fixture(scope="module")
def output(shared_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alienzoo") / "out"
    table = shared_dir / "known-answers" / "alienzoo"
    call = ("run_analysis", "--no-pdf", "--table", table, "--plan", PLAN, "--output", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.run.draw_figures", only_the_flow)
        call_command(*call)
    return folder


@pytest.fixture(scope="module")
def results(output):
    return json.loads((output / "results.json").read_text(encoding="utf-8"))


def test_the_flow_runs_from_a_hundred_to_seventy_four(results):
    steps = {step["key"]: step for step in results["study_flow"]["steps"]}
    assert steps["unpaid"]["remaining"] == {"closest": 50, "plausible": 50}
    taken = {key: sum(step["excluded"].values()) for key, step in steps.items()}
    assert taken == {
        "incomplete": 33,
        "unpaid": 1,
        "speeders": 2,
        "attention": 5,
        "catch": 3,
        "straight_game": 4,
        "straight_survey": 12,
    }
    assert results["study_flow"]["sets"]["per_protocol"] == {"closest": 40, "plausible": 34}


U = {  # as published (item 3: as its data give it; the paper printed another item's U)
    "age": (712.5, 0.7178),
    "understood": (698, 0.839),
    "helpful": (656, 0.968),
    "usable": (603, 0.513),
    "useful": (637, 0.631),
    "inconsistent": (743, 0.480),
    "timing": (680.5, 1.0),
}


@pytest.mark.parametrize("key", U)
def test_the_u_values_are_the_published_ones(results, key):
    outcome = next(one for one in results["outcomes"] if one["outcome"]["key"] == key)
    (contrast,) = outcome["found"]["contrasts"]
    assert contrast["arm"] == "plausible"
    u, p = U[key]
    assert contrast["mann_whitney"]["statistic"] == u
    assert contrast["mann_whitney"]["p"] == pytest.approx(p, abs=6e-4)


F = {  # outcome, term: F, df, p as published; p only where the paper gives a number
    ("aliens", "position"): (7.585, (11, 792), None),
    ("aliens", "arm:position"): (2.119, (11, 792), 0.017),
    ("aliens", "arm"): (2.586, (1, 72), 0.112),  # printed as F(11, 72): known slip
    ("decision_time", "position"): (14.818, (11, 792), None),
    ("decision_time", "arm"): (0.235, (1, 72), 0.630),
    ("decision_time", "arm:position"): (0.897, (11, 792), 0.543),
}


@pytest.mark.parametrize(("key", "term"), F)
def test_row_34_the_mixed_models_f_values_are_the_published_ones(results, key, term):
    outcome = next(one for one in results["outcomes"] if one["outcome"]["key"] == key)
    test = outcome["found"]["terms"][term]
    statistic, df, p = F[key, term]
    assert outcome["found"]["log"] == []
    assert test["statistic"] == pytest.approx(statistic, abs=6e-4)
    assert test["df"] == pytest.approx(df, abs=0.01)
    if p is not None:
        assert test["p"] == pytest.approx(p, abs=6e-4)


def test_the_published_effect_sizes_come_with_them(results):
    sizes = {
        one["outcome"]["key"]: one["found"]["sizes"]
        for one in results["outcomes"]
        if one["outcome"]["analysis"] == "linear_trials"
    }
    assert sizes["aliens"]["arm:position"]["value"] == pytest.approx(0.029, abs=6e-4)
    assert sizes["aliens"]["position"]["value"] == pytest.approx(0.095, abs=6e-4)
    assert sizes["decision_time"]["position"]["value"] == pytest.approx(0.171, abs=6e-4)


def test_counts_that_grow_and_checks_after_some_trials_are_not_moved_cells(results):
    assert results["data_checks"]["findings"] == []


def test_the_report_shows_the_flow_and_claims_nothing_that_was_not_found(output):
    report = (output / "report.html").read_text(encoding="utf-8")
    assert "Flow of participants: 134 in all arms" in report
    assert "are not all equal" not in report
