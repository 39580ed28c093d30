"""The analysis "paired_preferences": which of the methods' maps people prefer, pair by pair."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.errors import NoTestError, NotEstimableError
from analysis.outcomes.assumptions.assumption import Assumption
from analysis.outcomes.finding import OutcomeFinding
from analysis.plan.plan import Outcome
from analysis.statistics.comparisons.personal_preferences import (
    PersonalFit,
    fit_personal_preferences,
)
from analysis.statistics.comparisons.preferences import (
    FIRST,
    SECOND,
    TIE,
    Comparisons,
    PreferenceFit,
    expected_shares,
    fit_preferences,
)
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NoTest, NotEstimable, attempt
from analysis.statistics.multiplicity import holm
from analysis.study_data.populations import analysed_people
from analysis.study_data.preferences import (
    comparisons,
    method_labels,
    places_recorded,
    won_shares,
)
from analysis.study_data.study_data import StudyData

FEWEST_PEOPLE = 20  # with fewer, sandwich errors are too small
FARTHEST_FROM_HALF = 0.1  # of the share of comparisons in which a method stands first
LARGEST_MISFIT = 0.1  # between the observed and the expected share of a pair
CHOICES = {1.0: FIRST, 0.0: SECOND, 0.5: TIE}


@dataclass(frozen=True)
class MethodWorth:
    """A method's comparisons and their results, and its worth, where all worths sum to 1.

    `log_worth` is the natural logarithm, relative to the mean of all methods.
    """

    method: str
    label: str
    won: int
    tied: int
    lost: int
    worth: Estimate | NotEstimable
    log_worth: Estimate | NotEstimable


@dataclass(frozen=True)
class PreferencePair:
    """Two methods: how often the first won, tied and lost against the second, and the estimates.

    `difference` is the log worth of `method` minus that of `reference`, and `odds` its exponential:
    the odds that `method` is chosen, if one of the two is chosen and places do not matter.
    `p_adjusted` is Holm's over the pairs.
    """

    method: str
    label: str
    reference: str
    reference_label: str
    won: int
    tied: int
    lost: int
    difference: Estimate | NotEstimable
    odds: Estimate | NotEstimable
    p_adjusted: float | None


@dataclass(frozen=True)
class PersonalPreferences:
    """Results of the mixed model, in which each participant has worths of their own.

    `log_worths` (by method, relative to their mean) and `differences` (by pair, in the order of
    PairedPreferences.pairs) describe a participant without deviations. `sd` is the standard
    deviation of a method's log worth between participants, and `no_differences` tests that it is 0.
    """

    log_worths: tuple[Estimate, ...]
    differences: tuple[Estimate, ...]
    sd: Estimate | NotEstimable
    no_differences: HypothesisTest


@dataclass(frozen=True)
class PairedPreferences:
    """Worths of the methods, the test that they are equal, and every pair.

    `personal` is a second analysis, of people who differ in their preferences.

    `arms` summarise by method the participants' shares of comparisons won, where a tie counts as
    half. `first_place` is the factor of the odds for the map in the first place, and `ties` the
    probability that neither of two equal maps is chosen, which is None if nobody chose so.
    `first_place` has no estimate if the data do not tell which map was in the first place.
    """

    arms: tuple[ArmSummary, ...]
    test: HypothesisTest | NotEstimable
    worths: tuple[MethodWorth, ...]
    pairs: tuple[PreferencePair, ...]
    first_place: Estimate | NotEstimable
    ties: Estimate | NotEstimable | None
    comparisons: int
    participants: int
    personal: PersonalPreferences | NotEstimable


def paired_preferences(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome
) -> PairedPreferences:
    """Compare the methods over all arms together, which see the same comparisons."""
    there, coded = _coded(data, outcome)
    level, methods = data.plan.level, list(coded.items)
    labels = method_labels(data, methods)
    fit = attempt("preferences", lambda: fit_preferences(_labelled(coded, labels)))

    def of_fit(name: str, statistic: str, *places: int) -> Estimate | NotEstimable:
        return attempt(name, lambda: getattr(_there(fit), statistic)(*places, level))

    return PairedPreferences(
        tuple(
            summarise(method, labels[method], won_shares(there, method), level)
            for method in methods
        ),
        attempt("preferences", lambda: _there(fit).equal_worths()),
        tuple(
            MethodWorth(
                method,
                labels[method],
                *_results(there, method),
                of_fit("worth", "worth", place),
                of_fit("log worth", "log_worth", place),
            )
            for place, method in enumerate(methods)
        ),
        _pairs(there, methods, labels, fit, level),
        of_fit("effect of the first place", "first_place"),
        of_fit("share of ties", "tie_share") if (there["share"] == 0.5).any() else None,
        len(there),
        coded.people,
        attempt("mixed model", lambda: _personal(_labelled(coded, labels), level)),
    )


def assumptions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Check the number of participants, the balance of places, and the fit of the worths.

    Places that were not recorded cannot be checked.
    """
    if not isinstance(found.test, HypothesisTest):
        return ()
    there, coded = _coded(data, outcome)
    enough = Assumption(
        "preference_people",
        "met" if coded.people >= FEWEST_PEOPLE else "doubtful",
        {"people": coded.people},
    )
    if not coded.has_places:
        return enough, *_fit_of_pairs(there, coded)
    stood_first = [float((coded.first == k).sum()) for k in range(len(coded.items))]
    stood = [
        float(((coded.first == k) | (coded.second == k)).sum()) for k in range(len(coded.items))
    ]
    shares = [first / number for first, number in zip(stood_first, stood, strict=True)]
    far = max(abs(share - 0.5) for share in shares)
    places = Assumption(
        "places",
        "met" if far <= FARTHEST_FROM_HALF else "doubtful",
        {"least": min(shares), "most": max(shares)},
    )
    return enough, places, *_fit_of_pairs(there, coded)


def _fit_of_pairs(there: pd.DataFrame, coded: Comparisons) -> tuple[Assumption, ...]:
    """Compare every pair's observed share with the share that the worths expect.

    With two methods a single worth fits the only pair exactly, so there is nothing to check.
    """
    if len(coded.items) < 3:
        return ()
    # The fit exists, because the assumptions are only checked where there is a test.
    expected = expected_shares(fit_preferences(coded), coded)
    low, high = np.minimum(coded.first, coded.second), np.maximum(coded.first, coded.second)
    turned = coded.first != low
    table = pd.DataFrame(
        {
            "low": low,
            "high": high,
            "observed": np.where(turned, 1 - there["share"], there["share"]),
            "expected": np.where(turned, 1 - expected, expected),
        }
    )
    means = table.groupby(["low", "high"]).mean()
    largest = float((means["observed"] - means["expected"]).abs().max())
    met = largest <= LARGEST_MISFIT
    values = {"largest": largest, "pairs": float(len(means))}
    return (Assumption("worths", "met" if met else "doubtful", values),)


def _personal(coded: Comparisons, level: float) -> PersonalPreferences:
    fit: PersonalFit = fit_personal_preferences(coded)
    places = range(len(coded.items))
    return PersonalPreferences(
        tuple(fit.log_worth(place, level) for place in places),
        tuple(fit.difference(a, b, level) for a, b in combinations(places, 2)),
        attempt("standard deviation", lambda: fit.standard_deviation(level)),
        fit.no_differences(),
    )


def _coded(data: StudyData, outcome: Outcome) -> tuple[pd.DataFrame, Comparisons]:
    """Return the comparisons by people in the outcome's population, as rows and as codes."""
    people = data.participants["participant"][analysed_people(data, outcome).to_numpy()]
    there = comparisons(data, outcome)
    there = there[there["participant"].isin(people)].reset_index(drop=True)
    methods = sorted({*there["first"], *there["second"]})
    place = {method: number for number, method in enumerate(methods)}
    return there, Comparisons(
        tuple(methods),
        np.asarray(there["first"].map(place), dtype=np.int64),
        np.asarray(there["second"].map(place), dtype=np.int64),
        np.asarray(there["share"].map(CHOICES), dtype=np.int64),
        np.asarray(pd.factorize(there["participant"], sort=True)[0], dtype=np.int64),
        places_recorded(data.plan),
    )


def _labelled(coded: Comparisons, labels: dict[str, str]) -> Comparisons:
    """Return the comparisons with labels in place of keys, for the messages of the fit."""
    names = tuple(f"“{labels[item]}”" for item in coded.items)
    return replace(coded, items=names)


def _pairs(
    there: pd.DataFrame,
    methods: list[str],
    labels: dict[str, str],
    fit: PreferenceFit | NotEstimable,
    level: float,
) -> tuple[PreferencePair, ...]:
    places = list(combinations(range(len(methods)), 2))
    differences = {
        (a, b): attempt("difference", partial(_difference, fit, a, b, level)) for a, b in places
    }
    adjusted = holm({f"{a} {b}": getattr(differences[a, b], "p", None) for a, b in places})
    return tuple(
        PreferencePair(
            methods[a],
            labels[methods[a]],
            methods[b],
            labels[methods[b]],
            *_results(there, methods[a], methods[b]),
            differences[a, b],
            _odds(differences[a, b]),
            adjusted[f"{a} {b}"],
        )
        for a, b in places
    )


def _difference(fit: PreferenceFit | NotEstimable, a: int, b: int, level: float) -> Estimate:
    return _there(fit).difference(a, b, level)


def _odds(difference: Estimate | NotEstimable) -> Estimate | NotEstimable:
    if isinstance(difference, NotEstimable):
        return difference
    low, value, high = (
        float(np.exp(end)) for end in (difference.low, difference.value, difference.high)
    )
    return Estimate(
        "odds of being preferred", value, low, high, difference.level, difference.n,
        f"{difference.method}, of the log",
    )  # fmt: skip


def _results(there: pd.DataFrame, method: str, other: str | None = None) -> tuple[int, int, int]:
    """Return how often the method won, tied and lost, against all others or one."""
    first = there["share"][(there["first"] == method) & _is(there["second"], other)]
    second = 1 - there["share"][(there["second"] == method) & _is(there["first"], other)]
    counts = pd.concat([first, second]).value_counts()
    won, tied, lost = (int(counts.get(share, 0)) for share in (1.0, 0.5, 0.0))
    return won, tied, lost


def _is(column: pd.Series, method: str | None) -> "pd.Series[bool]":
    return column.notna() if method is None else column == method


def _there(fit: PreferenceFit | NotEstimable) -> PreferenceFit:
    if isinstance(fit, NoTest):
        raise NoTestError(fit.reason)
    if isinstance(fit, NotEstimable):
        raise NotEstimableError(fit.reason)
    return fit
