"""Preferences of people who differ: lme4's glmer without ties, planted values, and refusals."""

import numpy as np
import pytest

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons import personal_preferences
from analysis.statistics.comparisons.personal_preferences import fit_personal_preferences
from analysis.statistics.comparisons.preferences import TIE, Comparisons, fit_preferences
from tests.analysis.statistics.test_preferences import WORTHS, drawn

DIFFERENCE = WORTHS[0] - WORTHS[2]


def test_without_ties_it_is_lme4_with_two_entries_of_a_row_of_z():
    """R, lme4: glFormula(y ~ x2 + x3 + (1 | person:map)), Zt of the first map minus Zt of the
    second, mkGlmerDevfun with tolPwrss = 1e-13, and optimizeGlmer (Laplace).
    """
    data = drawn(2, 40, spread=0.9, ties=0.0)
    lme4 = np.array([-0.2601699517, -0.7318904660, 0.3123289093, 1.070998768])
    model = personal_preferences._Model.of(data)
    assert model.deviance(lme4) == pytest.approx(579.923747664, abs=1e-6)
    fit = fit_personal_preferences(data)
    found = [*(fit.values[1:3] - fit.values[0]), fit.values[3], fit.sd]
    assert found == pytest.approx(lme4, abs=1e-4)
    assert fit.deviance == pytest.approx(579.923747664, abs=1e-6)
    between = [fit.difference(k, 0, 0.95) for k in (1, 2)]
    errors = [one.value / one.statistic for one in between]
    assert errors == pytest.approx([0.29126039, 0.29338983], abs=1e-4)


def test_people_who_differ_are_found_and_prefer_more_clearly_than_the_average_choice():
    data = drawn(3, 50, spread=1.2)
    fit = fit_personal_preferences(data)
    assert fit.no_differences().p < 0.001
    sd, difference = fit.standard_deviation(0.95), fit.difference(0, 2, 0.95)
    assert sd.low < 1.2 < sd.high
    assert difference.low < DIFFERENCE < difference.high
    assert difference.value > fit_preferences(data).difference(0, 2, 0.95).value
    assert fit.log_worth(0, 0.95).value == pytest.approx(fit.values[0])
    assert fit.values[:3].sum() == pytest.approx(0)


def test_people_who_are_alike_have_the_clustered_estimates_and_no_standard_deviation():
    data = drawn(11, 12)
    # Everybody also makes the opposite choices, so that people are more alike than by chance.
    opposite = np.where(data.choice == TIE, TIE, 1 - data.choice)
    kept = np.arange(len(data.choice)) % 12 < 6
    alike = Comparisons(
        data.items,
        np.concatenate([data.first, data.first[kept]]),
        np.concatenate([data.second, data.second[kept]]),
        np.concatenate([data.choice, opposite[kept]]),
        np.concatenate([data.person, data.person[kept]]),
    )
    fit, clustered = fit_personal_preferences(alike), fit_preferences(alike)
    assert fit.sd == 0
    assert fit.values == pytest.approx(clustered.values, abs=1e-6)
    assert fit.no_differences().p == 1
    with pytest.raises(NotEstimableError, match="a standard deviation of 0"):
        fit.standard_deviation(0.95)


def test_the_order_of_rows_changes_nothing():
    data = drawn(5, 20, spread=1.0)
    order = np.random.default_rng(0).permutation(len(data.choice))
    turned = Comparisons(
        data.items, data.first[order], data.second[order], data.choice[order], data.person[order]
    )
    one, other = fit_personal_preferences(data), fit_personal_preferences(turned)
    assert other.values == pytest.approx(one.values, abs=1e-4)
    assert other.sd == pytest.approx(one.sd, abs=1e-4)


def test_one_comparison_by_person_is_refused():
    data = drawn(1, 40)
    alone = Comparisons(
        data.items, data.first, data.second, data.choice, np.arange(len(data.choice))
    )
    with pytest.raises(NotEstimableError, match="nobody made two comparisons"):
        fit_personal_preferences(alone)


@pytest.mark.nightly
def test_intervals_of_planted_values_cover_them():
    """Over 200 studies of 60 people with σ = 1; the control is the clustered fit, which estimates
    the difference of the average choice instead."""
    inside, studies = {"difference": 0, "sd": 0, "clustered": 0}, 200
    for seed in range(studies):
        data = drawn(500 + seed, 60, spread=1.0)
        fit = fit_personal_preferences(data)
        difference, sd = fit.difference(0, 2, 0.95), fit.standard_deviation(0.95)
        clustered = fit_preferences(data).difference(0, 2, 0.95)
        inside["difference"] += difference.low <= DIFFERENCE <= difference.high
        inside["sd"] += sd.low <= 1 <= sd.high
        inside["clustered"] += clustered.low <= DIFFERENCE <= clustered.high
    error = 3 * np.sqrt(0.05 * 0.95 / studies)
    assert inside["difference"] / studies > 0.95 - error
    assert inside["sd"] / studies > 0.90
    assert inside["clustered"] < inside["difference"] - 10
