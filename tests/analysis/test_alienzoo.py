"""A published study from its own csv files and a plan (../shared/known-answers/alienzoo)."""

import json
import re

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


def outcome_named(results, key):
    return next(one for one in results["outcomes"] if one["outcome"]["key"] == key)


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


BY_POSITION = {  # outcome: F and df by Greenhouse and Geisser, p, ε
    "aliens": (2.11930, (1.019741254, 73.42137029), 0.1494175936, 0.09270375),
    "decision_time": (0.89655, (3.682120226, 265.1126563), 0.4599351, 0.3347382),
}
AT_POSITION = {  # of the aliens, plausible minus closest: difference, interval, df, p, Holm's p
    "1": (0.6779412, -1.170508, 2.5263902, 70.50547, 0.46696375, 0.8284634),
    "5": (-7.9955882, -15.277326, -0.7138501, 52.66726, 0.03201458, 0.3841750),
    "12": (-134.1514706, -305.185223, 36.8822821, 50.29212, 0.12148066, 0.6583386),
}


@pytest.mark.parametrize("key", BY_POSITION)
def test_the_interaction_corrected_for_sphericity_is_that_of_afex(results, key):
    """print(aov_ez("participant", "y", long, between = "arm", within = "position")), afex 1.2."""
    by_level = outcome_named(results, key)["by_level"]
    statistic, df, p, epsilon = BY_POSITION[key]
    assert by_level["levels"] == [str(position) for position in range(1, 13)]
    assert by_level["incomplete"] == 0
    assert by_level["interaction"]["statistic"] == pytest.approx(statistic, abs=1e-5)
    assert by_level["interaction"]["df"] == pytest.approx(df, rel=1e-8)
    assert by_level["interaction"]["p"] == pytest.approx(p, rel=1e-6)
    assert by_level["epsilon"] == pytest.approx(epsilon, rel=1e-6)


def test_the_arms_at_each_position_are_those_of_welchs_test_with_holms_correction(results):
    """t.test(w[arm == "plausible", k], w[arm == "closest", k]); p.adjust(p, "holm"), k 1 to 12.

    Only the order of the arms and the pooled error differ from pairs(emmeans(m, ~ arm | position)).
    """
    contrasts = {
        one["level"]: one for one in outcome_named(results, "aliens")["by_level"]["contrasts"]
    }
    assert len(contrasts) == 12
    for level, (value, low, high, df, p, adjusted) in AT_POSITION.items():
        one = contrasts[level]["difference"]
        assert one["value"] == pytest.approx(value, rel=1e-6)
        assert (one["low"], one["high"]) == pytest.approx((low, high), rel=1e-6)
        assert (one["df"], one["p"]) == pytest.approx((df, p), rel=1e-6)
        assert contrasts[level]["p_adjusted"] == pytest.approx(adjusted, rel=1e-6)


def test_the_trend_over_the_positions_is_compared_by_each_persons_slope(results):
    """s <- apply(w, 1, \\(y) coef(lm(y ~ I(1:12)))[2]); t.test(s[arm == …]) of one and of two."""
    closest, plausible = outcome_named(results, "aliens")["by_level"]["slopes"]
    assert closest["difference"] is None
    assert closest["mean"]["value"] == pytest.approx(14.08199, rel=1e-6)
    mean = plausible["mean"]
    assert mean["value"] == pytest.approx(4.261826, rel=1e-6)
    assert (mean["low"], mean["high"]) == pytest.approx((-0.08452574, 8.60817856), rel=1e-6)
    difference = plausible["difference"]
    assert (difference["statistic"], difference["df"]) == pytest.approx((-1.6151, 49.596), rel=1e-4)
    assert (difference["low"], difference["high"]) == pytest.approx(
        (-22.035402, 2.395069), rel=1e-6
    )
    assert plausible["p_adjusted"] == pytest.approx(0.1126, abs=5e-5)


def test_page_one_and_the_outcome_say_what_the_correction_changes(output):
    report = (output / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", report).replace("\N{NO-BREAK SPACE}", " ")
    assert "(p = .017, not adjusted; p = .149 with Greenhouse and Geisser" in text
    assert "The largest estimated difference is at position 12" in text
    assert "At no level is a difference from “Closest” shown (Holm over 12 comparisons)." in text
    assert (
        "The test does not show that the difference changes with position, F(1.02, 73.42)" in text
    )
    assert "test of this interaction (p = .017) assumes sphericity and is not corrected" in text


def test_counts_that_grow_and_checks_after_some_trials_are_not_moved_cells(results):
    assert results["data_checks"]["findings"] == []


def test_the_report_shows_the_flow_and_claims_nothing_that_was_not_found(output):
    report = (output / "report.html").read_text(encoding="utf-8")
    assert "Flow of participants: 134 in all arms" in report
    assert "are not all equal" not in report
