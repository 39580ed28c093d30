"""Between, within and mixed designs: which group sees which conditions, in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ARM = "arm"
"""The factor that is always there: the arms themselves."""
MOST_WITHIN = 12
"""Conditions that one participant can go through; beyond that, sessions last for hours."""

Arm = tuple[str, str, Mapping[str, str]]
"""Key, label, and level by factor."""


@dataclass(frozen=True)
class Group:
    """A randomised group: its participants see the conditions in this order, one per block."""

    key: str
    label: str
    conditions: tuple[str, ...]


def groups(arms: Sequence[Arm], within: Sequence[str]) -> tuple[Group, ...]:
    """One group per arm without ``within``; else one per order of the conditions of each cell.

    A cell holds the arms that agree on every factor not named in ``within``. The orders are the
    rows of a Latin square balanced for carry-over.
    """
    if not within:
        return tuple(Group(key, label, (key,)) for key, label, _ in arms)
    found = []
    cells = _cells(arms, within)
    for levels, members in cells.items():
        name = "-".join(levels)
        for number, order in enumerate(balanced_orders(len(members)), start=1):
            shown = [members[place] for place in order]
            key = f"{name}-order-{number}" if name else f"order-{number}"
            label = " → ".join(label for _, label, _ in shown)
            found.append(Group(key, label[:200], tuple(key for key, _, _ in shown)))
    return tuple(found)


def balanced_orders(conditions: int) -> tuple[tuple[int, ...], ...]:
    """Rows of a Williams square over 0 … conditions-1.

    Every condition stands equally often at each place and, which is the balance of carry-over,
    equally often directly after every other. An even number of conditions needs as many rows, an
    odd number twice as many. After Williams 1949, Aust. J. Sci. Res. A 2, 149-168.
    """
    if conditions == 1:
        return ((0,),)
    first = [0]
    for step in range(1, conditions):
        low, high = (step + 1) // 2, conditions - step // 2
        first.append(low if step % 2 else high % conditions)
    rows = [tuple((place + shift) % conditions for place in first) for shift in range(conditions)]
    if conditions % 2:
        rows += [tuple(reversed(row)) for row in rows]
    return tuple(rows)


def problems(arms: Sequence[Arm], within: Sequence[str]) -> list[str]:
    """What is wrong with the design, one sentence each."""
    found = []
    names = {name for _, _, factors in arms for name in factors}
    for name in within:
        if name != ARM and name not in names:
            known = ", ".join(sorted(names | {ARM}))
            found.append(f"within names the factor {name!r}, which no arm has. Known: {known}.")
    for name in sorted(names):
        lacking = [key for key, _, factors in arms if name not in factors]
        if lacking:
            found.append(f"the arms {lacking} have no level of the factor {name!r}. Add it.")
    if found or not within:
        return found
    sizes = {"-".join(levels) or "all": len(cell) for levels, cell in _cells(arms, within).items()}
    if len(set(sizes.values())) > 1:
        found.append(
            f"participants would see unequal numbers of conditions: {sizes}. Give every level of "
            "the factors between participants the same arms."
        )
    if max(sizes.values(), default=0) == 1:
        found.append("every participant would see one condition only. Remove within.")
    if max(sizes.values(), default=0) > MOST_WITHIN:
        found.append(
            f"a participant would see {max(sizes.values())} conditions, at most {MOST_WITHIN} "
            "are possible. Vary some of them between participants."
        )
    return found


def _cells(arms: Sequence[Arm], within: Sequence[str]) -> dict[tuple[str, ...], list[Arm]]:
    """The arms by their levels of the factors between participants, in the order of the file."""
    names = dict.fromkeys(name for _, _, factors in arms for name in factors)
    between = [] if ARM in within else [name for name in names if name not in within]
    cells: dict[tuple[str, ...], list[Arm]] = {}
    for arm in arms:
        cells.setdefault(tuple(arm[2][name] for name in between), []).append(arm)
    return cells
