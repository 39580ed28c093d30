"""Tests that hold at every look: their level, and what they cost."""

from math import log, sqrt

import numpy as np
import pytest
from scipy import integrate, stats

from analysis.sequential.betting import GRID, Bets, difference_of_means, mean_of_differences
from analysis.sequential.mixture import always_valid, evidence, mixture_width


@pytest.mark.parametrize("z", [0.0, 1.3, -4.0])
def test_the_mixtures_evidence_is_the_integral_of_likelihood_ratios(z: float) -> None:
    # Normal effects with variance `width` in units of the squared standard error.
    width = mixture_width(0.7, 0.05)

    def ratio(effect: float) -> float:
        prior = stats.norm.pdf(effect, scale=sqrt(width))
        return float(np.exp(effect * z - effect**2 / 2) * prior)

    assert evidence(z, 0.7) == pytest.approx(integrate.quad(ratio, -30, 30)[0], rel=1e-8)


def test_the_interval_of_the_mixture_ends_where_the_evidence_is_one_in_alpha() -> None:
    for fraction in (0.1, 0.5, 1, 3):
        assert evidence(always_valid(fraction, 0.05), fraction, 0.05) == pytest.approx(20)


def test_the_interval_of_the_mixture_is_about_narrowest_at_the_planned_end() -> None:
    # In units of the effect the half-width is always_valid(t, …) / √t for the width fixed by plan.
    width = mixture_width(1, 0.05)

    def half(scale: float) -> float:
        return sqrt((1 + 1 / scale) * (log(1 + scale) - 2 * log(0.05)))

    assert half(width) < 1.001 * min(half(width * factor) for factor in np.linspace(0.5, 2, 31))


def test_a_bet_against_the_true_mean_wins_nothing_on_average() -> None:
    # Every capital after n scores has the mean 1: exact for shares of 0 and 1, over all sequences.
    mean, total = 0.3, 0.0
    for number in range(2**10):
        outcomes = [number >> bit & 1 for bit in range(10)]
        bets, logs = Bets(np.array([mean])), 0.0
        for outcome in outcomes:
            logs += float(bets.win(outcome)[0])
        ones = sum(outcomes)
        total += mean**ones * (1 - mean) ** (10 - ones) * np.exp(logs)
    assert total == pytest.approx(1, abs=1e-10)


def test_arms_that_differ_are_told_apart_and_the_interval_contains_the_difference() -> None:
    rng = np.random.default_rng(4)
    in_arm = np.tile([False, True], 150)
    scores = np.clip(rng.normal(np.where(in_arm, 5.0, 3.5), 1.2), 1, 7)
    found = difference_of_means(scores, in_arm, (1, 7))
    assert found.p < 0.001
    assert 0 < found.low < scores[in_arm].mean() - scores[~in_arm].mean() < found.high
    mirrored = difference_of_means(scores, ~in_arm, (1, 7))
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))
    assert mirrored.e == pytest.approx(found.e)


def test_the_interval_excludes_no_difference_exactly_where_p_is_below_alpha() -> None:
    rng = np.random.default_rng(6)
    for shift in np.linspace(0, 0.25, 12):
        in_arm = rng.random(80) < 0.5
        scores = (rng.random(80) < np.where(in_arm, 0.5 + shift, 0.5 - shift)).astype(float)
        found = difference_of_means(scores, in_arm, (0, 1))
        # The ends lie a candidate further out than what was refuted.
        step = 1 / (GRID - 1)
        excluded = found.low > -step + 1e-9 or found.high < step - 1e-9
        assert excluded == (found.p <= 0.05)


def test_paired_differences_are_bounded_by_twice_the_range() -> None:
    rng = np.random.default_rng(7)
    found = mean_of_differences(np.clip(rng.normal(0.8, 1, 120), -4, 4), 4)
    assert found.p < 0.01
    assert 0 < found.low < 0.8 < found.high


def test_scores_beyond_their_limits_are_refused() -> None:
    with pytest.raises(ValueError, match="must lie between 1 and 7, but lie between 2 and 8"):
        difference_of_means(np.array([2.0, 8.0]), np.array([True, False]), (1, 7))
