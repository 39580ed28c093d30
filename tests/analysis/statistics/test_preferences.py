"""Preferences between two maps, against a direct maximisation, statsmodels, and a known table."""

from itertools import permutations

import numpy as np
import pytest
from scipy import optimize, special
from statsmodels.discrete.discrete_model import Logit

from analysis.errors import NoTestError, NotEstimableError
from analysis.statistics.comparisons.preferences import (
    FIRST,
    SECOND,
    TIE,
    Comparisons,
    expected_shares,
    fit_preferences,
)

WORTHS, PLACE, TIES = np.array([0.5, 0.0, -0.5]), 0.3, 0.4
PAIRS = [*permutations(range(3), 2)]


def drawn(
    seed: int,
    people: int,
    *,
    worths: np.ndarray = WORTHS,
    spread: float = 0.0,
    repeating: float = 0.0,
    ties: float = TIES,
) -> Comparisons:
    """Twelve choices by person, each pair twice in each order of its places.

    People have own worths, and may repeat what they chose of the same pair before, which leaves the
    model of the population exact although a person's choices depend on one another.
    """
    rng = np.random.default_rng(seed)
    person, pair = (axis.ravel() for axis in np.mgrid[:people, :12])
    first, second = np.array(PAIRS)[pair % 6].T
    own = worths + rng.normal(0, spread, (people, 3))
    half = (own[person, first] - own[person, second] + PLACE) / 2
    weights = np.exp(np.column_stack([half, -half])), np.full((len(half), 1), ties)
    shares = np.hstack(weights) / np.hstack(weights).sum(axis=1, keepdims=True)
    choice = (rng.random((len(half), 1)) > shares.cumsum(axis=1)).sum(axis=1)
    again = (pair >= 6) & (rng.random(len(half)) < repeating)
    choice[again] = choice[np.flatnonzero(again) - 6]
    return Comparisons(("a", "b", "c"), first, second, choice, person)


def made(*rows: tuple[str, str, int], people: int = 12) -> Comparisons:
    """The same choices by each of the people: first map, second map, choice."""
    items = tuple(sorted({item for a, b, _ in rows for item in (a, b)}))
    table = [(items.index(a), items.index(b), choice) for a, b, choice in rows] * people
    first, second, choice = np.array(table).T
    return Comparisons(items, first, second, choice, np.repeat(np.arange(people), len(rows)))


def test_the_estimates_maximise_the_likelihood_of_davidson_and_beaver():
    data = drawn(1, 40, spread=0.8)
    fit = fit_preferences(data)

    def minus_log_likelihood(theta: np.ndarray) -> float:
        """As the papers write it: worths, a factor of the first place, and ν."""
        worths, place, tie = np.exp([0, *theta[:2]]), np.exp(theta[2]), np.exp(theta[3])
        first, second = place * worths[data.first], worths[data.second]
        neither = tie * np.sqrt(first * second)
        chosen = np.select([data.choice == FIRST, data.choice == SECOND], [first, second], neither)
        return -float(np.log(chosen / (first + second + neither)).sum())

    found = optimize.minimize(minus_log_likelihood, np.zeros(4), method="BFGS").x
    log_worths = np.array([0, *found[:2]])
    assert fit.values[:3] == pytest.approx(log_worths - log_worths.mean(), abs=1e-5)
    assert fit.values[3:] == pytest.approx(found[2:], abs=1e-5)
    # A pair's expected shares sum to the observed ones, because the gradient is 0.
    shares = np.select([data.choice == FIRST, data.choice == SECOND], [1.0, 0.0], 0.5)
    for item in range(3):
        sign = (data.first == item) * 1.0 - (data.second == item)
        assert sign @ expected_shares(fit, data) == pytest.approx(sign @ shares, abs=1e-6)


def test_without_ties_it_is_the_clustered_logit_of_statsmodels():
    data = drawn(2, 30, spread=0.8, ties=0.0)
    fit = fit_preferences(data)
    assert not fit.has_ties
    rows = np.arange(len(data.choice))
    signs = np.zeros((len(rows), 3))
    signs[rows, data.first] += 1
    signs[rows, data.second] -= 1
    design = np.column_stack([signs[:, 1:], np.ones(len(rows))])
    groups = {"groups": data.person}
    model = Logit((data.choice == FIRST) * 1.0, design)
    theirs = model.fit(disp=0, tol=1e-12, cov_type="cluster", cov_kwds=groups)
    turn = np.zeros((4, 3))
    turn[:3, :2], turn[3, 2] = (np.eye(3) - 1 / 3)[:, 1:], 1.0
    # statsmodels adds a factor for the number of rows, which our documented formula has not.
    factor = (len(rows) - 1) / (len(rows) - 3)
    assert fit.values == pytest.approx(turn @ theirs.params, abs=1e-8)
    covariance = turn @ (theirs.cov_params() / factor) @ turn.T
    assert fit.covariance == pytest.approx(covariance, abs=1e-10)
    with pytest.raises(NotEstimableError, match="nobody chose neither"):
        fit.tie_share(0.95)


def test_the_american_league_of_1987_has_the_abilities_of_agresti():
    """Agresti, Categorical Data Analysis, on Bradley and Terry's model: 13 games of each pair.

    Each game is entered in both orders, so that the effect of the place is 0 as in his model.
    """
    teams = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
    wins = np.array(
        [
            [0, 7, 9, 7, 7, 9, 11],
            [6, 0, 7, 5, 11, 9, 9],
            [4, 6, 0, 7, 7, 8, 12],
            [6, 8, 6, 0, 6, 7, 10],
            [6, 2, 6, 7, 0, 7, 12],
            [4, 4, 5, 6, 6, 0, 6],
            [2, 4, 1, 3, 1, 7, 0],
        ]
    )
    assert ((wins + wins.T)[~np.eye(7, dtype=bool)] == 13).all()
    games = [(a, b) for a in range(7) for b in range(7) for _ in range(wins[a, b])]
    winner, loser = np.array([*games, *games]).T
    home = np.arange(len(winner)) < len(games)
    data = Comparisons(
        teams,
        np.where(home, winner, loser),
        np.where(home, loser, winner),
        np.where(home, FIRST, SECOND),
        np.arange(len(winner)) % 30,
    )
    fit = fit_preferences(data)
    abilities = fit.log_worths - fit.log_worths[-1]
    assert abilities == pytest.approx([1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0.0], abs=0.005)
    assert fit.first_place(0.95).value == pytest.approx(1)


def test_every_estimate_follows_from_the_values_and_their_covariance():
    fit = fit_preferences(drawn(3, 60, spread=0.5))
    worths = [fit.worth(item, 0.95) for item in range(3)]
    assert sum(worth.value for worth in worths) == pytest.approx(1)
    assert all(0 < worth.low < worth.value < worth.high < 1 for worth in worths)
    assert fit.log_worths.sum() == pytest.approx(0)
    first, second = fit.difference(0, 2, 0.95), fit.difference(2, 0, 0.95)
    assert (first.value, first.low, first.p) == pytest.approx(
        (-second.value, -second.high, second.p)
    )
    assert first.value == pytest.approx(np.log(worths[0].value / worths[2].value))
    ties = fit.tie_share(0.95)
    nu = np.exp(fit.values[-1])
    assert ties.value == pytest.approx(nu / (2 + nu))


def test_the_test_of_two_methods_is_the_square_of_their_t():
    data = drawn(4, 40, spread=0.5)
    kept = (data.first < 2) & (data.second < 2)
    pair = Comparisons(
        ("a", "b"), data.first[kept], data.second[kept], data.choice[kept], data.person[kept]
    )
    fit = fit_preferences(pair)
    difference, test = fit.difference(0, 1, 0.95), fit.equal_worths()
    assert test.statistic == pytest.approx(difference.statistic**2)
    assert test.p == pytest.approx(difference.p)
    assert test.df == (1.0, 39.0)


def test_the_order_of_rows_methods_and_people_changes_nothing():
    data = drawn(5, 25, spread=0.5)
    order = np.random.default_rng(0).permutation(len(data.choice))
    turned = Comparisons(
        ("c", "b", "a"),
        2 - data.first[order],
        2 - data.second[order],
        data.choice[order],
        24 - data.person[order],
    )
    one, other = fit_preferences(data), fit_preferences(turned)
    assert one.log_worths == pytest.approx(other.log_worths[::-1])
    assert one.equal_worths().p == pytest.approx(other.equal_worths().p)
    assert one.tie_share(0.95).low == pytest.approx(other.tie_share(0.95).low)


BOTH = [("a", "b", FIRST), ("a", "b", SECOND), ("b", "a", FIRST), ("b", "a", SECOND)]


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ([*BOTH, ("c", "d", FIRST), ("d", "c", FIRST)], NotEstimableError, "connects {a, b} and"),
        ([("a", "b", FIRST), ("a", "b", SECOND)], NotEstimableError, "stood in the same places"),
        ([*BOTH, ("a", "c", FIRST), ("c", "b", SECOND)], NoTestError, "no choice speaks for c"),
        ([("a", "b", FIRST), ("b", "a", FIRST)], NoTestError, "alone or together with the methods"),
        ([*BOTH[:2], ("b", "a", FIRST)], NoTestError, "alone or together with the methods"),
        (BOTH, NoTestError, "do not vary enough"),
    ],
)
def test_choices_without_finite_worths_are_refused_with_the_reason(rows, error, words):
    with pytest.raises(error, match=words) as refused:
        fit_preferences(made(*rows))
    assert isinstance(refused.value, NoTestError) == (error is NoTestError)


def test_few_people_are_refused_and_ties_alone_prevent_no_fit():
    with pytest.raises(NotEstimableError, match="more than 5 participants, but there are 3"):
        fit_preferences(drawn(6, 3, spread=0.5))
    data = drawn(7, 30)
    assert (data.choice == TIE).any()
    # A map that never wins but ties has a finite worth.
    lost = np.where((data.first == 2) & (data.choice == FIRST), TIE, data.choice)
    lost = np.where((data.second == 2) & (lost == SECOND), TIE, lost)
    fit = fit_preferences(Comparisons(data.items, data.first, data.second, lost, data.person))
    assert fit.log_worths[2] < -0.5


def covered(studies: int, people: int) -> tuple[float, dict[str, float]]:
    """Return the rejections of a true null hypothesis, and the coverage of each estimate."""
    rejected, inside = 0, dict.fromkeys(("difference", "worth", "first place", "ties"), 0)
    worths = special.softmax(WORTHS)
    for seed in range(studies):
        null = fit_preferences(drawn(seed, people, worths=np.zeros(3), spread=1.0))
        rejected += null.equal_worths().p < 0.05
        fit = fit_preferences(drawn(10_000 + seed, people, repeating=0.7))
        truths = {
            "difference": (fit.difference(0, 2, 0.95), WORTHS[0] - WORTHS[2]),
            "worth": (fit.worth(0, 0.95), worths[0]),
            "first place": (fit.first_place(0.95), np.exp(PLACE)),
            "ties": (fit.tie_share(0.95), TIES / (2 + TIES)),
        }
        for name, (estimate, truth) in truths.items():
            inside[name] += estimate.low <= truth <= estimate.high
    return rejected / studies, {name: count / studies for name, count in inside.items()}


def naive_coverage(studies: int, people: int) -> float:
    """Return the coverage if every choice counted as a person of its own."""
    inside = 0
    for seed in range(studies):
        data = drawn(10_000 + seed, people, repeating=0.7)
        alone = np.arange(len(data.choice))
        data = Comparisons(data.items, data.first, data.second, data.choice, alone)
        estimate = fit_preferences(data).difference(0, 2, 0.95)
        inside += estimate.low <= WORTHS[0] - WORTHS[2] <= estimate.high
    return inside / studies


@pytest.mark.parametrize("studies", [15, pytest.param(500, marks=pytest.mark.nightly)])
def test_the_intervals_cover_and_the_test_keeps_its_level(studies):
    rejected, inside = covered(studies, 30)
    error = 3 * np.sqrt(0.05 * 0.95 / studies)
    assert rejected < 0.05 + error
    for name, share in inside.items():
        assert 0.95 - error < share, (name, share)
    if studies >= 500:  # the control, which takes a person's choices for independent
        assert naive_coverage(studies, 30) < 0.95 - error
