"""Rules that turn measured numbers into a verdict: holds, does not hold, cannot be told.

Every rule is about the 95 % interval of a mean over images. A claim holds if the whole interval is
on the claim's side of a stated limit, does not hold if the whole interval is on the other side, and
cannot be told otherwise. A claim that holds must also hold more strongly than for a new network
with random weights (``judging.judged_by``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from explanations.evaluation.resumable_lines import Values
from explanations.evaluation.statistics import Mean, mean_of
from explanations.source_report.measuring import Numbers
from explanations.source_report.numbers import DRAWS, untrained_name

HOLDS = "holds"
FAILS = "does not hold"
OPEN = "cannot be told"
VERDICTS = (HOLDS, FAILS, OPEN)
REPEATED = "repeated"
"""Mark of a sentence that says what the report did or shows, which this page repeats. It claims
nothing, and therefore has no verdict."""

KINDS = ("Conv", "ReLU", "Conv", "ReLU", "Pool") * 3
"""Kind of each feature module."""
MODULES = range(len(KINDS))
FEW = 10
"""Fewest images for a verdict: an interval from fewer would be too narrow to trust."""


@dataclass(frozen=True)
class Line:
    """A number that bears on a claim, for one network."""

    network: str
    quantity: str
    value: Mean
    control: Mean | None = None
    control_is: str = ""
    verdict: str = ""
    """Empty for a number that is only context."""
    draws: Sequence[float] = ()
    """Mean for each draw of random weights. ``control`` is then their mean, with the prediction
    interval for a new draw."""
    shown_by: int = 0
    """Draws of random weights for which the claim holds as well."""
    beyond: bool = True
    """Whether the number is farther on the claim's side than a new draw of random weights."""
    decimals: int | None = None
    """Decimals with which the page prints the numbers; None for three significant digits."""


def above(value: Mean, limit: float) -> str:
    """Judge the claim that a mean exceeds the limit."""
    if value.low is None or value.high is None or value.n < FEW:
        return OPEN
    return HOLDS if value.low > limit else FAILS if value.high < limit else OPEN


def below(value: Mean, limit: float) -> str:
    """Judge the claim that a mean is smaller than the limit."""
    opposite = {HOLDS: FAILS, FAILS: HOLDS, OPEN: OPEN}
    return opposite[above(value, limit)]


def either_side(value: Mean, limit: float) -> str:
    """Judge the claim that a mean is farther from 0 than the limit, on whichever side.

    It never fails: a mean whose interval includes the limit can still be beyond it.
    """
    sides = (above(value, limit), below(value, -limit))
    return HOLDS if HOLDS in sides else OPEN


def together(lines: Sequence[Line]) -> str:
    """Judge a claim by all its lines: a verdict on which every network agrees, else open."""
    verdicts = {line.verdict for line in lines if line.verdict}
    return verdicts.pop() if len(verdicts) == 1 else OPEN


Quantity = Callable[[Values], float | None]
Untrained = Callable[[str], Quantity]
"""Returns the quantity of a network with random weights, for the beginning of its names."""


def over(numbers: Numbers, quantity: Quantity, classes: Sequence[str] = ()) -> Mean | None:
    """Compute the mean of a quantity over the images that have it; None if none has."""
    values = [
        value
        for name, images in numbers.items()
        if not classes or name in classes
        for image in images
        if (value := quantity(image)) is not None
    ]
    return mean_of(values) if values else None


def of_draws(numbers: Numbers, quantity: Untrained, classes: Sequence[str] = ()) -> list[Mean]:
    """Compute the mean of a quantity over images for each draw of random weights that has it."""
    means = [over(numbers, quantity(untrained_name(draw)), classes) for draw in range(DRAWS)]
    return [mean for mean in means if mean is not None]


def entry(name: str) -> Quantity:
    """Return the quantity of this name."""
    return lambda values: values.get(name)


def at_module(name: str, module: int) -> Untrained:
    """Return a module's quantity of networks with random weights."""
    return lambda who: entry(f"{who}{name}:{module}")


def contrast(name: str, modules: Sequence[int], others: Sequence[int]) -> Quantity:
    """Return the mean over some modules minus the mean over others, within an image."""

    def of_image(values: Values) -> float | None:
        sides = [
            [values[f"{name}:{m}"] for m in some if f"{name}:{m}" in values]
            for some in (modules, others)
        ]
        return float(np.mean(sides[0]) - np.mean(sides[1])) if all(sides) else None

    return of_image


def contrast_by_kind(name: str, modules: Sequence[int], others: Sequence[int]) -> Quantity:
    """Return the mean over some modules minus the mean over others of the same kind, in an image.

    The difference is computed for each kind (convolution, ReLU, pool) that is on both sides, and
    averaged over the kinds: otherwise a group with a pool is compared with a group without one.
    """
    kinds = {KINDS[m] for m in modules} & {KINDS[m] for m in others}
    of_kinds = [
        contrast(name, *([m for m in side if KINDS[m] == kind] for side in (modules, others)))
        for kind in sorted(kinds)
    ]

    def of_image(values: Values) -> float | None:
        differences = [of_kind(values) for of_kind in of_kinds]
        there = [difference for difference in differences if difference is not None]
        return float(np.mean(there)) if there else None

    return of_image


def with_depth(name: str, modules: Sequence[int]) -> Quantity:
    """Return the rank correlation of a number with the depth of its module, within an image.

    It is None for an image that has the number for fewer than five modules, and 0 for equal
    numbers.
    """

    def of_image(values: Values) -> float | None:
        there = [(m, values[f"{name}:{m}"]) for m in modules if f"{name}:{m}" in values]
        if len(there) < 5:
            return None
        depths, found = zip(*there, strict=True)
        return 0.0 if np.ptp(found) == 0 else float(stats.spearmanr(depths, found).statistic)

    return of_image


def explained_by_kind(values: Values, name: str = "cam_entropy") -> float | None:
    """Return the share of the variance over modules that their kind explains, less what depth does.

    Kind: convolution, ReLU or pool, which explains eta squared; depth: a straight line, which
    explains r squared. None if a module has no number.
    """
    if any(f"{name}:{m}" not in values for m in MODULES):
        return None
    found = np.array([values[f"{name}:{m}"] for m in MODULES])
    total = float(((found - found.mean()) ** 2).sum())
    if total == 0:
        return None
    kinds = np.array(KINDS)
    between = sum(
        float((kinds == kind).sum() * (found[kinds == kind].mean() - found.mean()) ** 2)
        for kind in set(KINDS)
    )
    return between / total - float(np.corrcoef(found, list(MODULES))[0, 1] ** 2)


def difference(a: str, b: str) -> Quantity:
    """Return one number minus another, within an image."""
    return lambda values: values[a] - values[b] if a in values and b in values else None


def by_module(numbers: Numbers, name: str) -> list[Mean | None]:
    """Compute the mean of a number at each module."""
    return [over(numbers, entry(f"{name}:{m}")) for m in MODULES]


def untrained_by_module(numbers: Numbers, name: str) -> list[Mean | None]:
    """Compute the mean over the draws of random weights at each module, from the lowest draw to
    the highest one."""
    draws = [[mean.mean for mean in of_draws(numbers, at_module(name, m))] for m in MODULES]
    return [
        Mean(float(np.mean(found)), min(found), max(found), len(found)) if found else None
        for found in draws
    ]


def classes_of(numbers: Mapping[str, Sequence[Values]]) -> list[str]:
    """List the classes with at least one image."""
    return [name for name, images in numbers.items() if images]
