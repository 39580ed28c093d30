"""Paired preferences of people who differ: worths of each participant's own, normally distributed.

Participant p prefers maps by the model of `preferences`, with log worths λᵢ + uₚᵢ in which the uₚᵢ
are independent and normal with mean 0 and standard deviation σ. Only their differences enter the
likelihood. Without ties it is a logistic mixed model of "the first is preferred" on
λᵢ − λⱼ + δ + uₚᵢ − uₚⱼ, which lme4's glmer fits if a row of Z has 1 for the first map and −1 for
the second. The λᵢ describe a participant with u = 0. They are farther apart than the worths of the
clustered model, which describe the choices of all participants together.

The integral over a participant's u is approximated by Laplace's method at the mode of u, and the
approximate likelihood is maximised over λ, δ, log ν and σ. Standard errors come from its second
derivatives.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from analysis.errors import NoTestError, NotEstimableError
from analysis.statistics.comparisons.preferences import (
    Comparisons,
    choice_features,
    fit_preferences,
)
from analysis.statistics.estimate import Estimate, HypothesisTest

Numbers = npt.NDArray[np.float64]
METHOD = "z, mixed model by Laplace"
LARGEST_SD = 20.0  # of log worths; a larger one means that people never contradict themselves
MOST_STEPS = 100
STEP = 1e-4  # of the numerical derivatives


@dataclass(frozen=True)
class PersonalFit:
    """The fitted model: log worths with mean 0, then δ and, if anybody chose neither, log ν.

    `covariance` is that of `values`. `sd` is σ, and `log_sd_error` the standard error of its
    logarithm, None if σ is estimated as 0. `deviance` is minus twice the log likelihood, and
    `deviance_without` that of the model with σ = 0.
    """

    items: tuple[str, ...]
    values: Numbers
    covariance: Numbers
    sd: float
    log_sd_error: float | None
    deviance: float
    deviance_without: float
    people: int

    def log_worth(self, item: int, level: float) -> Estimate:
        """Return an item's log worth, relative to the mean of all."""
        return self._combination("log worth", np.eye(len(self.values))[item], level)

    def difference(self, a: int, b: int, level: float) -> Estimate:
        """Return log worth a minus log worth b of a participant with u = 0."""
        unit = np.eye(len(self.values))
        return self._combination("difference of log worths", unit[a] - unit[b], level)

    def standard_deviation(self, level: float) -> Estimate:
        """Return σ with Wald's interval on its logarithm.

        Raises NotEstimableError if σ is estimated as 0.
        """
        if self.log_sd_error is None:
            raise NotEstimableError(
                "the participants' choices differ no more than those of one person would "
                "(a standard deviation of 0)"
            )
        factor = float(np.exp(stats.norm.ppf((1 + level) / 2) * self.log_sd_error))
        return Estimate(
            "standard deviation of log worths", self.sd, self.sd / factor, self.sd * factor, level,
            self.people, f"{METHOD}, of the log",
        )  # fmt: skip

    def no_differences(self) -> HypothesisTest:
        """Test σ = 0 by the likelihood ratio.

        Half of its distribution is at 0, because σ cannot be negative (Self & Liang, 1987).
        """
        ratio = max(0.0, self.deviance_without - self.deviance)
        p = float(stats.chi2.sf(ratio, 1)) / 2 if ratio > 0 else 1.0
        return HypothesisTest(
            "No differences between people", "χ̄²", ratio, (0.0, 1.0), p, self.people
        )

    def _combination(self, name: str, weights: Numbers, level: float) -> Estimate:
        value = float(weights @ self.values)
        error = float(np.sqrt(weights @ self.covariance @ weights))
        half, z = float(stats.norm.ppf((1 + level) / 2)) * error, value / error
        return Estimate(
            name, value, value - half, value + half, level, self.people, METHOD, z, None,
            float(2 * stats.norm.sf(abs(z))),
        )  # fmt: skip


def fit_personal_preferences(data: Comparisons) -> PersonalFit:
    """Fit the model by maximum likelihood, with the integrals by Laplace's method.

    Raises NotEstimableError and NoTestError like fit_preferences, NotEstimableError if nobody
    compared more often than once, and NoTestError if the likelihood has no maximum.
    """
    clustered = fit_preferences(data)  # refuses what no model of preferences can estimate
    if np.bincount(data.person).max() < 2:
        raise NotEstimableError("nobody made two comparisons, so people cannot differ from chance")
    k = len(data.items)
    model = _Model.of(data)
    # From log worths with mean 0 to differences from the first item.
    start = np.concatenate([clustered.values[1:k] - clustered.values[0], clustered.values[k:]])
    fixed = len(start)
    best = optimize.minimize(
        model.deviance,
        np.append(start, 0.7),
        jac=lambda point: _slope(model.deviance, point),
        method="L-BFGS-B",
        bounds=[*[(None, None)] * fixed, (2 * STEP, LARGEST_SD)],
        options={"maxiter": 500, "ftol": 1e-11, "gtol": 1e-5},
    )
    estimate, sd = best.x[:fixed], float(best.x[fixed])
    if sd > 0.99 * LARGEST_SD:
        raise NoTestError(
            "participants' choices hardly ever contradict one another, so that the standard "
            "deviation between people has no finite estimate"
        )
    without = float(model.deviance(np.append(start, 0.0)))
    # Within rounding of the model without differences, σ is 0.
    is_zero = sd < 1e-3 or without - best.fun < 1e-7
    if is_zero:
        estimate, sd = start, 0.0
        information = _second(lambda point: model.deviance(np.append(point, 0.0)), start) / 2
    else:
        full = np.append(estimate, np.log(sd))
        information = _second(lambda p: model.deviance(np.append(p[:-1], np.exp(p[-1]))), full) / 2
    if np.linalg.eigvalsh(information).min() <= 1e-8:
        raise NoTestError("the likelihood of the preferences has no maximum that could be found")
    covariance = np.linalg.inv(information)
    turn = np.zeros((fixed + 1, fixed))
    turn[:k, : k - 1], turn[k:, k - 1 :] = (np.eye(k) - 1 / k)[:, 1:], np.eye(fixed - k + 1)
    return PersonalFit(
        data.items,
        turn @ estimate,
        turn @ covariance[:fixed, :fixed] @ turn.T,
        sd,
        None if is_zero else float(np.sqrt(covariance[fixed, fixed])),
        without if is_zero else float(best.fun),
        without,
        data.people,
    )


@dataclass
class _Model:
    """Features of the fixed and of the personal effects, (comparisons, choices, parameters).

    The rows are sorted by participant, whose first rows are `starts`. `modes` keeps the last modes
    of u, near which the next search begins, since points of evaluation are close to one another.
    """

    fixed: Numbers
    personal: Numbers
    choice: npt.NDArray[np.int64]
    person: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    modes: Numbers

    @classmethod
    def of(cls, data: Comparisons) -> "_Model":
        fixed, k = choice_features(data), len(data.items)
        # The first item's log worth is 0 among the fixed effects, but people differ in it, too.
        signs = np.zeros((len(data.choice), k))
        signs[np.arange(len(signs)), data.first] += 0.5
        signs[np.arange(len(signs)), data.second] -= 0.5
        personal = np.zeros((len(signs), fixed.shape[1], k))
        personal[:, 0], personal[:, 1] = signs, -signs
        order = np.argsort(data.person, kind="stable")
        person = data.person[order]
        starts = np.searchsorted(person, np.arange(data.people))
        modes = np.zeros((data.people, k))
        return cls(fixed[order], personal[order], data.choice[order], person, starts, modes)

    def deviance(self, point: Numbers) -> float:
        """Return minus twice Laplace's log likelihood at the fixed effects and σ.

        Newton's method finds every participant's mode at once; their problems are concave.
        """
        offset, sd = self.fixed @ point[:-1], float(point[-1])
        personal = sd * self.personal
        u = self.modes
        value = self._joint(offset, personal, u)
        for _ in range(MOST_STEPS):
            gradient, curvature = self._derivatives(offset, personal, u)
            step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
            if np.abs(step).max() < 1e-8:
                break
            size = np.ones((len(u), 1))
            while True:
                new = self._joint(offset, personal, u + size * step)
                worse = new < value - 1e-9
                if not worse.any() or size[worse].min() < 1e-6:
                    break
                size[worse] /= 2
            u, value = u + size * step, new
        self.modes = u
        _, curvature = self._derivatives(offset, personal, u)
        return float(-2 * value.sum() + np.linalg.slogdet(curvature)[1].sum())

    def _joint(self, offset: Numbers, personal: Numbers, u: Numbers) -> Numbers:
        """Return each participant's log likelihood given u, plus u's log density up to 2π."""
        utilities = self._utilities(offset, personal, u)
        log = special.log_softmax(utilities, axis=1)[np.arange(len(self.choice)), self.choice]
        return np.asarray(np.add.reduceat(log, self.starts) - (u**2).sum(axis=1) / 2)

    def _derivatives(
        self, offset: Numbers, personal: Numbers, u: Numbers
    ) -> tuple[Numbers, Numbers]:
        """Return the gradient of `_joint` by u, and minus its second derivatives."""
        shares = special.softmax(self._utilities(offset, personal, u), axis=1)
        mean = (shares[:, :, None] * personal).sum(axis=1)
        chosen = personal[np.arange(len(self.choice)), self.choice]
        gradient = np.add.reduceat(chosen - mean, self.starts) - u
        centred = personal - mean[:, None, :]
        rows = np.swapaxes(centred * shares[:, :, None], 1, 2) @ centred
        return gradient, np.add.reduceat(rows, self.starts) + np.eye(u.shape[1])

    def _utilities(self, offset: Numbers, personal: Numbers, u: Numbers) -> Numbers:
        return np.asarray(offset + (personal @ u[self.person][:, :, None])[:, :, 0])


def _slope(function: Callable[[Numbers], float], point: Numbers) -> Numbers:
    """Return the first derivatives by central differences."""
    units = STEP * np.eye(len(point))
    return np.array([function(point + one) - function(point - one) for one in units]) / (2 * STEP)


def _second(function: Callable[[Numbers], float], point: Numbers) -> Numbers:
    """Return the second derivatives by central differences."""
    number = len(point)
    steps = STEP**0.75 * np.maximum(1.0, np.abs(point))
    unit = np.diag(steps)
    matrix = np.zeros((number, number))
    for i in range(number):
        for j in range(i + 1):
            corners = [
                sign * function(point + first * unit[i] + second * unit[j])
                for first, second, sign in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
            ]
            matrix[i, j] = matrix[j, i] = sum(corners) / (4 * steps[i] * steps[j])
    return matrix
