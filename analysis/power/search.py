"""Search for the smallest sample that reaches the required power, over simulated studies."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy import optimize, special, stats

from analysis.power.simulated_studies import Cell, Count, Settings, Simulator
from analysis.statistics.estimate import Estimate, NotEstimable

FIRST_RUNS = 100  # runs per step of the doubling that finds the neighbourhood
AROUND = (0.6, 0.8, 1.0, 1.25, 1.6)  # sizes tried, as multiples of the first guess
NEAR = 2.6  # sizes beyond this factor are not informative about the required size
IMAGE_FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
ROUNDS = 6  # attempts at confirmation, with a new fit after each failure


@dataclass(frozen=True)
class Point:
    """A point of a curve: the share of studies that detected the effect, with Wilson's interval."""

    per_arm: int
    images: int
    power: Estimate
    refused: int


@dataclass(frozen=True)
class Confirmation:
    """A new simulation at a proposed sample, confirmed unless its interval is below the goal."""

    per_arm: int
    power: Estimate
    holds: bool


@dataclass(frozen=True)
class OutcomePower:
    """Results for an outcome.

    `per_arm` is the smallest number of randomised participants per arm, with its Monte Carlo
    interval. `confirmations` contains one entry per proposal, the last of which is final; a failed
    proposal becomes a point of the curve. `by_images` is the curve over images at that sample.
    """

    outcome: str
    effect: float
    alpha: float
    curve: tuple[Point, ...]
    per_arm: Estimate | NotEstimable
    confirmations: tuple[Confirmation, ...]
    by_images: tuple[Point, ...]


@dataclass(frozen=True)
class Wanted:
    """The goal: `power` with at most `most` participants per arm, from `runs` studies per point."""

    power: float = 0.8
    most: int = 1000
    runs: int = 500
    level: float = 0.95


def outcome_power(
    simulator: Simulator, key: str, effect: float, alpha: float, wanted: Wanted, of_trials: bool
) -> OutcomePower:
    """Find the required sample: double until the power is passed, refine, fit, propose, confirm."""
    settings = simulator.settings
    counts = _doubled(simulator, key, wanted)
    guess = _smallest(counts, wanted)
    if guess is None:
        reason = f"{wanted.most} participants per arm do not reach a power of {wanted.power:g}"
        return OutcomePower(
            key, effect, alpha, _points(counts, settings, wanted),
            NotEstimable("participants per arm", reason), (), (),
        )  # fmt: skip
    cells = [_cell(settings, key, n) for n in _around(guess, wanted.most)]
    for cell, count in zip(cells, simulator.counts(cells, wanted.runs), strict=True):
        counts[cell.per_arm] = count  # includes the first runs
    confirmations = _confirmed(simulator, key, counts, wanted)
    return OutcomePower(
        key,
        effect,
        alpha,
        _points(counts, settings, wanted),
        _interval(counts, confirmations[-1].per_arm, wanted),
        tuple(confirmations),
        _over_images(simulator, key, confirmations[-1].per_arm, wanted) if of_trials else (),
    )


def _confirmed(
    simulator: Simulator, key: str, counts: dict[int, Count], wanted: Wanted
) -> list[Confirmation]:
    """Simulate the proposed sample anew until a simulation agrees or the proposal is stable.

    A proposal whose power is clearly off is added to `counts`, and the curve is fitted again.
    """
    tried: list[Confirmation] = []
    for turn in range(ROUNDS):
        needed = min(max(2, ceil(_fit(counts, wanted)[0])), wanted.most)
        if tried and needed == tried[-1].per_arm:
            if tried[-1].holds:  # one participant fewer would be too few
                break
            needed = min(needed + 1, wanted.most)
        cell = _cell(simulator.settings, key, needed, "confirm", turn)
        (fresh,) = simulator.counts([cell], 2 * wanted.runs)
        power = share(fresh, wanted.level)
        tried.append(Confirmation(needed, power, power.high >= wanted.power))
        if power.low <= wanted.power <= power.high:
            break
        counts[needed] = counts.get(needed, Count(0, 0, 0)) + fresh
    return tried


def share(count: Count, level: float) -> Estimate:
    """Return the share of runs that detected the effect, with Wilson's interval."""
    interval = stats.binomtest(count.found, count.runs).proportion_ci(level, "wilson")
    value = count.found / count.runs
    low, high = min(float(interval.low), value), max(float(interval.high), value)
    return Estimate("power", value, low, high, level, count.runs, "Wilson")


def _doubled(simulator: Simulator, key: str, wanted: Wanted) -> dict[int, Count]:
    counts: dict[int, Count] = {}
    n = min(10, wanted.most)
    while True:
        cell = _cell(simulator.settings, key, n)
        (counts[n],) = simulator.counts([cell], min(FIRST_RUNS, wanted.runs))
        if n >= wanted.most or counts[n].found / counts[n].runs > (1 + wanted.power) / 2:
            return counts
        n = min(2 * n, wanted.most)


def _smallest(counts: dict[int, Count], wanted: Wanted) -> float | None:
    """Return a first guess, or None if even the largest sample is clearly too small."""
    largest = counts[max(counts)]
    if share(largest, 0.99).high < wanted.power:
        return None
    return float(np.clip(_fit(counts, wanted)[0], 2, wanted.most))


def _around(guess: float, most: int) -> list[int]:
    return sorted({min(most, max(2, round(guess * factor))) for factor in AROUND})


def _fit(counts: dict[int, Count], wanted: Wanted) -> tuple[float, float]:
    """Return (n, standard error of √n) at the required power, from Φ⁻¹(power) = a + b √n.

    This form is exact for a z test; only sizes near the required point enter the likelihood.
    """
    sizes = np.array(sorted(counts), dtype=float)
    runs = np.array([counts[int(n)].runs for n in sizes], dtype=float)
    detected = np.array([counts[int(n)].found for n in sizes], dtype=float)
    # Far from the required power the curve is flat and would dominate the likelihood.
    centre = _crossing(sizes, detected / runs, wanted.power)
    near = (sizes <= centre * NEAR) & (sizes >= centre / NEAR)
    if near.sum() >= 2:
        sizes, runs, detected = sizes[near], runs[near], detected[near]
    x = np.sqrt(sizes)

    def lost(point: np.ndarray) -> float:
        eta = point[0] + point[1] * x
        log = detected * special.log_ndtr(eta) + (runs - detected) * special.log_ndtr(-eta)
        return -float(log.sum())

    best = optimize.minimize(lost, np.array([-1.96, 2.8 / np.sqrt(centre)]), method="Nelder-Mead")
    a, b = best.x
    root = (float(stats.norm.ppf(wanted.power)) - a) / b if b > 0 else np.inf
    eta = a + b * x
    density = stats.norm.pdf(eta)
    shares = np.clip(special.ndtr(eta), 1e-9, 1 - 1e-9)
    weights = runs * density**2 / (shares * (1 - shares))
    columns = np.column_stack([np.ones_like(x), x])
    covariance = np.linalg.pinv(columns.T @ (weights[:, None] * columns))
    slope = np.array([-1 / b, -root / b])
    return float(max(root, 0.0) ** 2), float(np.sqrt(slope @ covariance @ slope))


def _crossing(sizes: np.ndarray, shares: np.ndarray, power: float) -> float:
    """Return where the broken line through the points first passes the power.

    If it never does, return the last size.
    """
    above = np.flatnonzero(shares >= power)
    if not len(above):
        return float(sizes[-1])
    right = int(above[0])
    if right == 0:
        return float(sizes[0])
    part = (power - shares[right - 1]) / (shares[right] - shares[right - 1])
    return float(sizes[right - 1] + part * (sizes[right] - sizes[right - 1]))


def _interval(counts: dict[int, Count], needed: int, wanted: Wanted) -> Estimate:
    """Return the confirmed sample with the fitted curve's interval, rounded up to whole numbers."""
    n, error = _fit(counts, wanted)
    half = float(stats.norm.ppf((1 + wanted.level) / 2)) * error
    low, high = max(n**0.5 - half, 0.0) ** 2, (n**0.5 + half) ** 2
    runs = sum(count.runs for count in counts.values())
    return Estimate(
        "participants per arm", float(needed), float(min(ceil(low), needed)),
        float(max(ceil(high), needed)), wanted.level, runs, "probit in √n, delta method",
    )  # fmt: skip


def _over_images(simulator: Simulator, key: str, per_arm: int, wanted: Wanted) -> tuple[Point, ...]:
    designs = {
        d.images: d
        for d in (simulator.settings.design.scaled(factor) for factor in IMAGE_FACTORS)
        if d.images
    }
    cells = [Cell(key, "images", 0, per_arm, d.right, d.wrong) for d in designs.values()]
    counts = simulator.counts(cells, wanted.runs)
    return tuple(
        Point(per_arm, cell.right + cell.wrong, share(count, wanted.level), count.refused)
        for cell, count in zip(cells, counts, strict=True)
    )


def _points(counts: dict[int, Count], settings: Settings, wanted: Wanted) -> tuple[Point, ...]:
    images = settings.design.images
    return tuple(
        Point(n, images, share(counts[n], wanted.level), counts[n].refused) for n in sorted(counts)
    )


def _cell(settings: Settings, key: str, n: int, purpose: str = "search", turn: int = 0) -> Cell:
    return Cell(key, purpose, turn, n, settings.design.right, settings.design.wrong)
