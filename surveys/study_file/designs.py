"""Between-subjects, within-subjects and mixed designs, which give each arm its conditions in
order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge, Le, MaxLen

from analysis.toml.value_types import Stripped, Words

CONDITION = "condition"
"""The factor that every study has: the conditions themselves."""
LONGEST_ARM_KEY = 50  # the length of the database's column
LONGEST_STATED = 500
MOST_WITHIN = 12
"""Largest number of conditions that a participant can go through, because sessions with more last
for hours.
"""


@dataclass(frozen=True)
class Condition:
    """The content of a block's trials: a map, a prediction without a map, or the image alone.

    ``method`` is a key of explanations.catalogue (of a variant, if the study file chooses another
    baseline, drawing or number of samples or steps, or a tolerance), or empty for no map.
    ``prediction`` is False for a human-alone condition, and ``probability`` shows the classifier's
    probability. ``factors`` gives the level by factor.
    ``accuracy`` is the planned share of trials, practice apart, in which the classifier is right,
    in place of the numbers of the part. ``stated`` is what the instructions tell people about how
    good the classifier is.
    """

    key: Words
    label: Annotated[Words, MaxLen(80)]
    method: Stripped = ""
    prediction: bool = True
    probability: bool = False
    factors: Mapping[str, str] = field(default_factory=dict)
    accuracy: Annotated[float, Ge(0), Le(1)] | None = None
    stated: Annotated[Stripped, MaxLen(LONGEST_STATED)] = ""


@dataclass(frozen=True)
class Arm:
    """An arm, with the keys of the conditions of its successive blocks."""

    key: str
    label: str
    conditions: tuple[str, ...]


def arms_of(conditions: Sequence[Condition], within: Sequence[str]) -> tuple[Arm, ...]:
    """Return one arm per condition, or with ``within`` one per order of a cell's conditions.

    A cell holds the conditions that agree on every between-subjects factor. The orders are the
    rows of a Latin square balanced for carry-over.
    """
    if not within:
        return tuple(Arm(shown.key, shown.label, (shown.key,)) for shown in conditions)
    arms = []
    cells = _cells(conditions, within)
    for levels, members in cells.items():
        name = "-".join(levels)
        for number, order in enumerate(balanced_orders(len(members)), start=1):
            shown = [members[place] for place in order]
            key = f"{name}-order-{number}" if name else f"order-{number}"
            # The label is cut to the length of the database's column.
            label = " → ".join(condition.label for condition in shown)
            arms.append(Arm(key, label[:200], tuple(condition.key for condition in shown)))
    return tuple(arms)


def balanced_orders(conditions: int) -> tuple[tuple[int, ...], ...]:
    """Return the rows of a Williams square over 0 … conditions-1.

    Every condition is equally often in each position and, as the balance of carry-over requires,
    equally often directly after each other condition. An even number of conditions needs as many
    rows, an odd number twice as many. After Williams 1949, Aust. J. Sci. Res. A 2, 149-168.
    """
    if conditions == 1:
        return ((0,),)
    first = [0]
    for step in range(1, conditions):
        low, high = (step + 1) // 2, conditions - step // 2
        first.append(low if step % 2 else high % conditions)
    rows = [tuple((place + shift) % conditions for place in first) for shift in range(conditions)]
    if conditions % 2:  # a single square cannot be balanced for an odd number: add its mirror
        rows += [tuple(reversed(row)) for row in rows]
    return tuple(rows)


def problems(conditions: Sequence[Condition], within: Sequence[str]) -> list[str]:
    """List the problems of the design, each as a sentence."""
    sentences = []
    names = {name for condition in conditions for name in condition.factors}
    for name in within:
        if name != CONDITION and name not in names:
            known = ", ".join(sorted(names | {CONDITION}))
            sentences.append(
                f"within names the factor {name!r}, which no condition has. Known: {known}."
            )
    word = "conditions" if within else "arms"  # as the study file declares them
    for name in sorted(names):
        lacking = [condition.key for condition in conditions if name not in condition.factors]
        if lacking:
            sentences.append(
                f"the factor {name!r} needs a level in all {word}. Add one to {', '.join(lacking)}."
            )
    if sentences or not within:
        return sentences
    sizes = {
        "-".join(levels) or "all": len(cell) for levels, cell in _cells(conditions, within).items()
    }
    if len(set(sizes.values())) > 1:
        seen = ", ".join(f"{size} for {levels}" for levels, size in sizes.items())
        sentences.append(
            f"participants would see unequal numbers of conditions ({seen}). Give every level of "
            "the between-subjects factors the same conditions."
        )
    if max(sizes.values(), default=0) == 1:
        sentences.append("every participant would see one condition only. Remove within.")
    # "a-b" with "c" and "a" with "b-c" would both begin the key "a-b-c-order-1".
    if len(sizes) < len(_cells(conditions, within)):
        sentences.append(
            "two combinations of the between-subjects factors would give their arms the same keys, "
            "because the keys join the levels by -. Write the levels without -."
        )
    longest = max((arm.key for arm in arms_of(conditions, within)), key=len)
    if len(longest) > LONGEST_ARM_KEY:
        sentences.append(
            f"the arm {longest!r} gets its key from the levels of the between-subjects factors, "
            f"and it is longer than {LONGEST_ARM_KEY} characters. Shorten the levels."
        )
    if max(sizes.values(), default=0) > MOST_WITHIN:
        sentences.append(
            f"a participant would see {max(sizes.values())} conditions, but at most "
            f"{MOST_WITHIN} are possible. Vary some of the factors between subjects."
        )
    return sentences


def factor_names(conditions: Sequence[Condition]) -> tuple[str, ...]:
    """Return the declared factors, in the file's order."""
    return tuple(dict.fromkeys(name for condition in conditions for name in condition.factors))


def between_factors(conditions: Sequence[Condition], within: Sequence[str]) -> tuple[str, ...]:
    """Return the declared factors of which every participant sees a single level."""
    names = factor_names(conditions)
    return () if CONDITION in within else tuple(name for name in names if name not in within)


def _cells(
    conditions: Sequence[Condition], within: Sequence[str]
) -> dict[tuple[str, ...], list[Condition]]:
    """Group the conditions by their levels of the between-subjects factors, in the file's order."""
    between = between_factors(conditions, within)
    cells: dict[tuple[str, ...], list[Condition]] = {}
    for condition in conditions:
        levels = tuple(condition.factors[name] for name in between)
        cells.setdefault(levels, []).append(condition)
    return cells
