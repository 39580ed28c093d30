"""Paired preferences: the worths of Bradley and Terry's model, with ties and an effect of place.

Map i is in the first place, map j in the second. With worths πᵢ = exp(λᵢ) that sum to 1, an
effect of place γ = exp(δ) and a tie parameter ν (Davidson 1970, doi 10.2307/2283595; Davidson and
Beaver 1977, doi 10.2307/2529467)

    P(first) : P(second) : P(tie) = γ πᵢ : πⱼ : ν √(γ πᵢ πⱼ)

which is a multinomial logit model with (λᵢ − λⱼ + δ)/2, its negative, and log ν. Without ties it is
a logistic regression of "the first is preferred" on λᵢ − λⱼ + δ (Bradley and Terry 1952, doi
10.2307/2334029). Where the places were not recorded, δ is left out (γ = 1).

A participant's choices are not independent. The model is therefore fitted as if they were, and
the covariance of its estimates is the sandwich A⁻¹ B A⁻¹, in which B adds up the participants'
scores times G/(G − 1) for G participants (Liang and Zeger 1986, doi 10.1093/biomet/73.1.13).
Intervals use t with G − 1 degrees of freedom, and the test of equal worths is Hotelling's T², whose
F takes into account that B is estimated from G participants.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from analysis.errors import NoTestError, NotEstimableError
from analysis.statistics.estimate import Estimate, HypothesisTest

FIRST, SECOND, TIE = 0, 1, 2
"""Choices: the map in the first place, the map in the second place, or neither."""
MOST_STEPS = 100
SMALL = 1e-9  # of the gradient per comparison at the maximum; also of a rank or direction
METHOD = "t, sandwich by participant"
Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Comparisons:
    """Comparisons, one per row of the arrays.

    `first` and `second` are indices into `items`, `choice` is FIRST, SECOND or TIE, and `person`
    the number of the participant, from 0 without gaps. Without `has_places`, `first` and `second`
    only tell the two items apart.
    """

    items: tuple[str, ...]
    first: Codes
    second: Codes
    choice: Codes
    person: Codes
    has_places: bool = True

    @property
    def people(self) -> int:
        """Return the number of participants."""
        return int(self.person.max()) + 1 if len(self.person) else 0


@dataclass(frozen=True)
class PreferenceFit:
    """The fitted model: log worths with mean 0, then δ and, if anybody chose neither, log ν.

    Without `has_places` there is no δ.

    `covariance` is that of `values`. Its part of the log worths has rank len(items) - 1.
    """

    items: tuple[str, ...]
    values: Numbers
    covariance: Numbers
    people: int
    comparisons: int
    has_ties: bool
    has_places: bool = True

    @property
    def log_worths(self) -> Numbers:
        """Return the log worths, which have mean 0."""
        return self.values[: len(self.items)]

    def combination(self, name: str, weights: Numbers, level: float) -> Estimate:
        """Return a linear combination of `values` with its interval and the test that it is 0."""
        value = float(weights @ self.values)
        error = float(np.sqrt(weights @ self.covariance @ weights))
        df = self.people - 1
        half = float(stats.t.ppf((1 + level) / 2, df)) * error
        t = value / error
        return Estimate(
            name, value, value - half, value + half, level, self.people, METHOD, t, float(df),
            float(2 * stats.t.sf(abs(t), df)),
        )  # fmt: skip

    def log_worth(self, item: int, level: float) -> Estimate:
        """Return an item's log worth, relative to the mean of all."""
        return self.combination("log worth", self._unit(item), level)

    def worth(self, item: int, level: float) -> Estimate:
        """Return an item's worth, where the worths of all items sum to 1.

        Its interval is built on the log odds of the worth, whose derivative by the log worth of
        another item k is −πₖ/(1 − π) (delta method). It has no test, because no value is special.
        """
        worths = special.softmax(self.log_worths)
        slopes = np.zeros(len(self.values))
        slopes[: len(self.items)] = -worths / (1 - worths[item])
        slopes[item] = 1.0
        error = float(np.sqrt(slopes @ self.covariance @ slopes))
        half = float(stats.t.ppf((1 + level) / 2, self.people - 1)) * error
        middle = float(special.logit(worths[item]))
        low, high = (float(special.expit(middle + shift)) for shift in (-half, half))
        value = float(worths[item])
        return Estimate("worth", value, low, high, level, self.people, f"{METHOD}, of the log odds")

    def difference(self, a: int, b: int, level: float) -> Estimate:
        """Return log worth a minus log worth b, the log odds that a is chosen from a and b."""
        weights = self._unit(a) - self._unit(b)
        return self.combination("difference of log worths", weights, level)

    def first_place(self, level: float) -> Estimate:
        """Return the factor γ of the odds for the map in the first place.

        Raises NotEstimableError if the places were not recorded.
        """
        if not self.has_places:
            raise NotEstimableError("the data do not record which map was in the first place")
        log = self.combination("effect of the first place", self._unit(len(self.items)), level)
        low, value, high = (float(np.exp(end)) for end in (log.low, log.value, log.high))
        return Estimate(
            "odds of the first place", value, low, high, level, self.people,
            f"{METHOD}, of the log", log.statistic, log.df, log.p,
        )  # fmt: skip

    def tie_share(self, level: float) -> Estimate:
        """Return the probability ν/(2 + ν) of a tie between maps of equal worth, without δ.

        Raises NotEstimableError if nobody chose neither map.
        """
        if not self.has_ties:
            raise NotEstimableError("nobody chose neither map")
        weights = self._unit(len(self.values) - 1)
        error = float(np.sqrt(weights @ self.covariance @ weights))
        half = float(stats.t.ppf((1 + level) / 2, self.people - 1)) * error
        # The log odds of ν/(2 + ν) are log ν − log 2.
        middle = float(weights @ self.values) - np.log(2)
        low, value, high = (float(special.expit(middle + shift)) for shift in (-half, 0.0, half))
        method = f"{METHOD}, of the log odds"
        return Estimate("share of ties", value, low, high, level, self.people, method)

    def equal_worths(self) -> HypothesisTest:
        """Test that all worths are equal, by Hotelling's T² of the differences from the first.

        With q differences, F = (G − q) / (q (G − 1)) T² on q and G − q degrees of freedom.
        """
        q, g = len(self.items) - 1, self.people
        rows = np.array([self._unit(k) - self._unit(0) for k in range(1, q + 1)])
        values, covariance = rows @ self.values, rows @ self.covariance @ rows.T
        t_squared = float(values @ np.linalg.solve(covariance, values))
        f, df = (g - q) / (q * (g - 1)) * t_squared, (float(q), float(g - q))
        p = float(stats.f.sf(f, *df))
        return HypothesisTest("Equal worths, cluster-robust", "F", f, df, p, g)

    def _unit(self, place: int) -> Numbers:
        unit: Numbers = np.eye(len(self.values))[place]
        return unit


def fit_preferences(data: Comparisons) -> PreferenceFit:
    """Fit the model by maximum likelihood, with standard errors between participants.

    Raises NotEstimableError if the comparisons do not connect the items, if places and items cannot
    be told apart or if there are too few participants; NoTestError if the maximum is infinite.
    """
    _require_comparisons(data)
    features = choice_features(data)
    _require_finite(features, data)
    estimate, information = _maximum(features, data.choice)
    scores = _scores(features, data.choice, estimate)
    totals = np.zeros((data.people, len(estimate)))
    np.add.at(totals, data.person, scores)
    g = data.people
    if g <= len(estimate) + 1:
        raise NotEstimableError(
            f"standard errors between participants need more than {len(estimate) + 1} "
            f"participants, but there are {g}"
        )
    bread = np.linalg.inv(information)
    covariance = bread @ (totals.T @ totals * g / (g - 1)) @ bread
    if np.linalg.matrix_rank(covariance) < len(estimate):
        raise NoTestError("the choices of the participants do not vary enough for standard errors")
    # From differences to the first item to log worths with mean 0.
    k, others = len(data.items), len(estimate) - len(data.items) + 1
    centred = (np.eye(k) - 1 / k)[:, 1:]
    turn = np.zeros((k + others, len(estimate)))
    turn[:k, : k - 1], turn[k:, k - 1 :] = centred, np.eye(others)
    has_ties = bool((data.choice == TIE).any())
    return PreferenceFit(
        data.items, turn @ estimate, turn @ covariance @ turn.T, g, len(data.choice), has_ties,
        data.has_places,
    )  # fmt: skip


def expected_shares(fit: PreferenceFit, data: Comparisons) -> Numbers:
    """Return, by comparison, the expected share of the first map, where a tie counts as half."""
    place = fit.values[len(fit.items)] if fit.has_places else 0.0
    log_tie = fit.values[-1]
    half = (fit.values[data.first] - fit.values[data.second] + place) / 2
    tie = np.full_like(half, log_tie if fit.has_ties else -np.inf)
    probabilities = special.softmax(np.column_stack([half, -half, tie]), axis=1)
    return np.asarray(probabilities[:, FIRST] + probabilities[:, TIE] / 2)


def choice_features(data: Comparisons) -> Numbers:
    """Return the multinomial logit's features (comparisons, choices, parameters).

    The parameters are the differences of the log worths from that of the first item, δ (unless the
    places are unknown) and log ν. Without any ties the third choice is left out, because log ν
    would be minus infinity.
    """
    rows, k = len(data.choice), len(data.items)
    tied = bool((data.choice == TIE).any())
    signs = np.zeros((rows, k + data.has_places))
    signs[np.arange(rows), data.first] += 1.0
    signs[np.arange(rows), data.second] -= 1.0
    signs[:, k:] = 1.0
    signs = signs[:, 1:]
    signed = signs.shape[1]
    features = np.zeros((rows, 3 if tied else 2, signed + tied))
    features[:, FIRST, :signed], features[:, SECOND, :signed] = signs / 2, -signs / 2
    if tied:
        features[:, TIE, signed] = 1.0
    return features


def _maximum(features: Numbers, choice: Codes) -> tuple[Numbers, Numbers]:
    """Return the estimates and the information there, by Newton's method.

    The log likelihood is concave, so a step that does not raise it is halved until it does.
    """
    estimate = np.zeros(features.shape[2])
    rows = np.arange(len(choice))

    def log_likelihood(parameters: Numbers) -> float:
        return float(special.log_softmax(features @ parameters, axis=1)[rows, choice].sum())

    current = log_likelihood(estimate)
    for _ in range(MOST_STEPS):
        gradient = _scores(features, choice, estimate).sum(axis=0)
        probabilities = special.softmax(features @ estimate, axis=1)
        centred = features - np.einsum("rc,rcp->rp", probabilities, features)[:, None, :]
        information = np.einsum("rc,rcp,rcq->pq", probabilities, centred, centred)
        if np.abs(gradient).max() <= SMALL * len(choice):
            return estimate, information
        step = np.linalg.solve(information, gradient)
        while (new := log_likelihood(estimate + step)) < current and np.abs(step).max() > SMALL:
            step = step / 2
        estimate, current = estimate + step, new
    raise NoTestError("the likelihood of the preferences has no maximum that could be found")


def _scores(features: Numbers, choice: Codes, estimate: Numbers) -> Numbers:
    """Return each comparison's contribution to the gradient of the log likelihood."""
    probabilities = special.softmax(features @ estimate, axis=1)
    chosen = features[np.arange(len(choice)), choice]
    return np.asarray(chosen - np.einsum("rc,rcp->rp", probabilities, features))


def _require_comparisons(data: Comparisons) -> None:
    if len(data.items) < 2 or not len(data.choice):
        raise NotEstimableError("there are no comparisons of two methods")
    groups = _connected(data)
    if len(groups) > 1:
        named = " and ".join(f"{{{', '.join(group)}}}" for group in groups)
        raise NotEstimableError(
            f"no comparison connects {named}, so the methods have no worths on one scale"
        )
    if not data.has_places:
        return
    signs = choice_features(data)[:, FIRST, : len(data.items)]
    if np.linalg.matrix_rank(signs) < len(data.items):
        raise NotEstimableError(
            "each pair stood in the same places throughout, so the effect of the place cannot be "
            "told from that of the method"
        )


def _connected(data: Comparisons) -> list[list[str]]:
    """Return the groups of items that comparisons connect, directly or through other items."""
    group = np.arange(len(data.items))
    for _ in data.items:
        for a, b in set(zip(data.first.tolist(), data.second.tolist(), strict=True)):
            group[group == group[a]] = group[b]
    names = np.array(data.items)
    return [list(names[group == one]) for one in dict.fromkeys(group.tolist())]


def _require_finite(features: Numbers, data: Comparisons) -> None:
    """Raise NoTestError if some direction raises the likelihood of no choice's alternative.

    The likelihood then rises forever in that direction, which linear programming finds (Albert and
    Anderson 1984, doi 10.1093/biomet/71.1.1).
    """
    chosen = features[np.arange(len(data.choice)), data.choice]
    margins = (chosen[:, None, :] - features).reshape(-1, features.shape[2])
    margins = np.unique(margins.round(6), axis=0)
    found = optimize.linprog(
        -margins.sum(axis=0), A_ub=-margins, b_ub=np.zeros(len(margins)), bounds=(-1, 1)
    )
    if found.status != 0 or -found.fun < 1e-7:
        return
    k = len(data.items)
    worths = np.concatenate([[0.0], found.x[: k - 1]])
    place = float(found.x[k - 1]) if data.has_places else 0.0
    raise NoTestError(_separated(worths, place, data.items))


def _separated(worths: Numbers, place: float, items: Sequence[str]) -> str:
    """Return why the maximum is infinite, for log worths that may grow without bound."""
    if abs(place) > 1e-6:
        return (
            "the places of the maps, alone or together with the methods, explain the choices "
            "without exception (separation), so the effect of the place is infinite and the worths "
            "have no standard error"
        )
    order = np.argsort(worths)
    gaps = [(worths[b] - worths[a], cut) for cut, (a, b) in enumerate(pairwise(order), 1)]
    _, cut = max(gaps)
    low, high = ([items[i] for i in part] for part in (order[:cut], order[cut:]))
    return (
        f"no choice speaks for {' or '.join(sorted(low))} against {' or '.join(sorted(high))} "
        "(separation), so the ratio of their worths is infinite and has no standard error"
    )
