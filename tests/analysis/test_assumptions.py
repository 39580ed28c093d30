"""What an analysis takes for granted is looked at, said in words, and changes no test."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.api import OLS, add_constant

from analysis.outcomes.assumptions.assumption import normality
from analysis.outcomes.assumptions.scores import brown_forsythe, influence, spread, standardised
from analysis.outcomes.assumptions.trials import both_answers, proportional_odds, residuals
from analysis.plan.plan import ANALYSES
from analysis.report.assumptions import WORDS, assumption_row
from analysis.statistics.comparisons.omnibus import welch_anova
from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Random


def normal_quantiles(n):
    return stats.norm.ppf((np.arange(n) + 0.5) / n)


def test_normal_residuals_are_met_and_skewed_ones_doubtful():
    met, doubtful = normality("residuals", normal_quantiles(60)), normality(
        "residuals", np.exp(1.2 * normal_quantiles(60))
    )  # fmt: skip
    assert met.verdict == "met"
    assert met.values["qq_correlation"] > 0.99
    assert doubtful.verdict == "doubtful"
    name, found, verdict, done = assumption_row(doubtful, {})
    assert "longer tail on the right" in found
    assert (name, verdict) == ("Residuals follow a normal distribution", "doubtful")
    assert done.startswith("No action: tests of means")


@pytest.mark.parametrize("values", [np.arange(4.0), np.full(20, 2.0)])
def test_too_few_or_equal_values_have_no_shape_and_no_pass(values):
    found = normality("residuals", values)
    assert found.verdict == "cannot be told"
    assert "do not describe a shape" in assumption_row(found, {})[1]


def test_residuals_are_standardised_within_their_own_arm():
    groups = {"a": normal_quantiles(30), "b": 5 + 20 * normal_quantiles(30)}
    found = standardised(groups)
    assert found[:30] == pytest.approx(found[30:])
    assert spread(groups).values["variance_ratio"] == pytest.approx(400)


def test_the_spread_is_tested_as_scipy_does_it():
    rng = np.random.default_rng(2)
    groups = {"a": rng.normal(size=20), "b": rng.normal(size=15) * 2}
    expected = stats.levene(*groups.values(), center="median")
    found = brown_forsythe(groups)
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert found.df == (1.0, 33.0)


def test_one_participant_who_decides_is_noticed_and_none_is_left_out():
    calm = {"a": normal_quantiles(12), "b": normal_quantiles(12) + 1.1}
    assert welch_anova(calm).p < 0.05
    assert influence({"a": calm["a"], "b": calm["b"] + 3}, 0.05).verdict == "met"
    decided = {"a": calm["a"], "b": np.append(calm["b"], -4.0)}
    found = influence(decided, 0.05)
    assert welch_anova(decided).p > 0.05
    assert found.verdict == "doubtful"
    assert found.values["p_least"] < 0.05 < found.values["p_most"]


def test_cooks_distance_is_that_of_the_regression_on_arms():
    rng = np.random.default_rng(6)
    groups = {"a": rng.normal(size=9), "b": rng.normal(size=14)}
    scores = np.concatenate(list(groups.values()))
    arms = np.repeat([0.0, 1.0], [9, 14])
    fit = OLS(scores, add_constant(arms)).fit()
    expected = fit.get_influence().cooks_distance[0].max()
    assert influence(groups, 0.05).values["cook"] == pytest.approx(expected)


def ordered(rng, shifts):
    """Answers 1..4 of 40 people an arm; `shifts` by arm and cut point."""
    rows = []
    for arm, shift in shifts.items():
        for person in range(40):
            for _ in range(4):
                above = rng.random() < 1 / (1 + np.exp(-(np.array([1.0, 0.0, -1.0]) + shift)))
                rows.append((arm, f"{arm}{person}", 1.0 + np.cumprod(above).sum()))
    return pd.DataFrame(rows, columns=["arm", "participant", "value"])


def test_proportional_odds_are_told_apart_from_odds_that_change_with_the_step():
    rng = np.random.default_rng(1)
    zero = np.zeros(3)
    alike = ordered(rng, {"control": zero, "map": zero + 0.5})
    (found,) = proportional_odds(alike, "control")
    assert (found.verdict, found.of) == ("met", "map")
    other = ordered(rng, {"control": zero, "map": np.array([-2.0, 2.5, 2.5])})
    (changed,) = proportional_odds(other, "control")
    assert changed.verdict == "doubtful"
    assert "over 3 steps" in assumption_row(changed, {"map": "Heat map"})[1]
    assert "(Heat map)" in assumption_row(changed, {"map": "Heat map"})[0]


def test_rare_answers_are_counted_in_the_arm_where_they_are_rarest():
    trials = pd.DataFrame({"arm": ["a"] * 30 + ["b"] * 30, "value": [1.0] * 27 + [0.0] * 33})
    found = both_answers(trials)
    assert (found.values["least"], found.verdict) == (0, "doubtful")


def test_residuals_of_a_mixed_model_are_what_fixed_and_random_effects_leave():
    rng = np.random.default_rng(3)
    people, images = np.repeat(np.arange(20), 8), np.tile(np.arange(8), 20)
    table = pd.DataFrame(
        {
            "arm": np.where(people % 2, "a", "b"),
            "participant": people.astype(str),
            "image": images.astype(str),
            "value": rng.normal(size=20)[people]
            + rng.normal(size=8)[images]
            + rng.normal(0, 0.5, 160),
        }
    )
    model = MixedModel(
        "value",
        (Categorical("arm", levels=("a", "b"), coding="sum"),),
        (Random("participant"), Random("image")),
    )
    found = residuals(fit_linear(table, model))
    assert found.std() == pytest.approx(0.5, abs=0.08)
    assert np.corrcoef(found, table["value"])[0, 1] < 0.6
    assert abs(pd.Series(found).groupby(images).mean()).max() < 0.1


def test_every_analysis_says_what_it_takes_for_granted(planted_results, planted_output):
    assert all(one.assumptions for one in ANALYSES)
    report = (planted_output / "report.html").read_text(encoding="utf-8")
    for result in planted_results.outcomes:
        keys = [one.key for one in result.assumptions]
        assert keys == ["residuals", "spread", "influence"]
        assert set(keys) <= set(WORDS)
        assert f"{result.outcome.label}: assumptions of the analysis" in report
