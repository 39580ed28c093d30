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
from statsmodels.stats.proportion import proportion_confint

from explanations.evaluation.resumable_lines import Values
from explanations.evaluation.statistics import LEVEL, Mean, mean_of
from explanations.source_report.measuring import Numbers
from explanations.source_report.numbers import DRAWS, untrained_name

HOLDS = "holds"
FAILS = "does not hold"
OPEN = "cannot be told"
VERDICTS = (HOLDS, FAILS, OPEN)
REPEATED = "step, repeated here"
CHANGED = "step, changed here"
"""Marks of a sentence that says what the report did or shows, which this page does in the same way
or in another one. It claims nothing, and therefore has no verdict."""
STEPS = (REPEATED, CHANGED)

KINDS = ("Conv", "ReLU", "Conv", "ReLU", "Pool") * 3
"""Kind of each feature module."""
NAMES_OF_KINDS = {"Conv": "convolution", "ReLU": "ReLU", "Pool": "pool"}
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
    drawn: tuple[int, int] | None = None
    """Fewest and most images that have the number in a draw of random weights."""
    shown_by: int = 0
    """Draws of random weights for which the claim holds as well."""
    beyond: bool = True
    """Whether the number is farther on the claim's side than a new draw of random weights."""
    decimals: int | None = None
    """Decimals with which the page prints the numbers; None for the page's usual ones."""
    unit: str = ""
    """What n counts, if not images."""

    @property
    def identity(self) -> tuple[object, ...]:
        """Return what tells the measured quantity from others, whatever its words and its limit."""
        return self.network, self.value


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
    """Compute the mean of a quantity over the images that have it; None if none has.

    A share of images has Wilson's interval: the bootstrap's is empty where no image or every image
    counts, as if the share were known.
    """
    values = _values(numbers, quantity, classes)
    if not values:
        return None
    if len(values) == 1 or not set(values) <= {0.0, 1.0}:
        return mean_of(values)
    low, high = proportion_confint(sum(values), len(values), method="wilson")
    return Mean(float(np.mean(values)), float(low), float(high), len(values))


def _values(numbers: Numbers, quantity: Quantity, classes: Sequence[str]) -> list[float]:
    return [
        value
        for name, images in numbers.items()
        if not classes or name in classes
        for image in images
        if (value := quantity(image)) is not None
    ]


def of_draws(numbers: Numbers, quantity: Untrained, classes: Sequence[str] = ()) -> list[Mean]:
    """Compute the mean of a quantity over images for each draw of random weights that has it.

    The intervals are normal ones: to resample the images of ten draws would take most of the time
    of a page, which shows only whether a draw is on the claim's side.
    """
    found = [_values(numbers, quantity(untrained_name(draw)), classes) for draw in range(DRAWS)]
    return [_normal_mean(values) for values in found if values]


def _normal_mean(values: Sequence[float]) -> Mean:
    numbers = np.asarray(values, dtype=np.float64)
    mean, count = float(numbers.mean()), len(numbers)
    if count == 1:
        return Mean(mean, None, None, 1)
    reach = float(stats.norm.ppf((1 + LEVEL) / 2) * numbers.std(ddof=1) / np.sqrt(count))
    return Mean(mean, mean - reach, mean + reach, count)


def entry(name: str) -> Quantity:
    """Return the quantity of this name."""
    return lambda values: values.get(name)


def at_module(name: str, module: int) -> Untrained:
    """Return a module's quantity of networks with random weights."""
    return lambda who: entry(f"{who}{name}:{module}")


def contrast(name: str, modules: Sequence[int], others: Sequence[int]) -> Quantity:
    """Return the mean over some modules minus the mean over others, within an image."""

    # Named once, because this is called for every image and every draw of random weights.
    sides = [[f"{name}:{module}" for module in some] for some in (modules, others)]

    def of_image(values: Values) -> float | None:
        there = [[values[key] for key in keys if key in values] for keys in sides]
        if not all(there):
            return None
        some, rest = there
        return sum(some) / len(some) - sum(rest) / len(rest)

    return of_image


def kinds_in(modules: Sequence[int], others: Sequence[int]) -> dict[str, tuple[list[int], ...]]:
    """Return the modules and the others of each kind that is on both sides.

    Modules of different kinds are never averaged: the kind of a module changes its map more than
    its depth does, and two kinds can change in opposite directions.
    """
    sides = {
        kind: tuple([m for m in side if KINDS[m] == kind] for side in (modules, others))
        for kind in dict.fromkeys(KINDS)
    }
    return {kind: of_kind for kind, of_kind in sides.items() if all(of_kind)}


def named(modules: Sequence[int]) -> str:
    """Name modules of one kind by their numbers, as in "ReLUs 1, 3"."""
    name = NAMES_OF_KINDS[KINDS[modules[0]]]
    return f"{name}{'s' if len(modules) > 1 else ''} {', '.join(map(str, modules))}"


def with_depth(name: str, modules: Sequence[int]) -> Quantity:
    """Return the rank correlation of a number with the depth of its module, within an image.

    It is None for an image that has the number for fewer than five modules, and 0 for equal
    numbers.
    """

    names = [f"{name}:{module}" for module in sorted(modules)]

    def of_image(values: Values) -> float | None:
        found = [values[key] for key in names if key in values]
        if len(found) < 5:
            return None
        if min(found) == max(found):
            return 0.0
        # scipy's spearmanr also computes a p, which takes ten times as long.
        ranks = stats.rankdata(found) - (len(found) + 1) / 2
        places = np.arange(len(found)) - (len(found) - 1) / 2
        return float(ranks @ places / np.sqrt((ranks @ ranks) * (places @ places)))

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
