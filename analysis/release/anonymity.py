"""k-anonymity: quasi-identifiers coarsened as little as needed, and withheld last.

Samarati (2001, IEEE TKDE 13:1010) and Sweeney (2002, doi 10.1142/S0218488502001648) define the
property and the lattice of levels. Here a node of the lattice is chosen in three stages: coarsening
by the declared levels alone; if that is not enough, withholding the values of few people; and if
that is not enough, withholding whole columns.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import log2, prod

from analysis.errors import ReleaseError
from analysis.release.hierarchies import NOTHING, WITHHELD, Hierarchy, Level

LARGEST_LATTICE = 20_000
Values = tuple[str, ...]


@dataclass(frozen=True)
class Anonymised:
    """Coarsened quasi-identifiers.

    ``values`` are those of each person in the given order, ``levels`` the chosen level of each
    quasi-identifier, and ``suppressed`` the places of the people whose values are all withheld.
    ``smallest`` is the size of the smallest class.
    """

    values: tuple[Values, ...]
    levels: tuple[Level, ...]
    suppressed: frozenset[int]
    smallest: int


def anonymise(
    people: Sequence[Values], hierarchies: Sequence[Hierarchy], k: int, suppress_at_most: float
) -> Anonymised:
    """Return the quasi-identifiers of people such that at least k share each combination.

    ``people`` has a tuple of values for each person, in the order of the hierarchies. The loss that
    is kept small is the entropy that coarsening takes from each column, as a share of the column's
    entropy. Raises ReleaseError for fewer than k people, and for too many levels.
    """
    if not hierarchies or not people:
        return Anonymised(tuple(people), (), frozenset(), len(people))
    if len(people) < k:
        raise ReleaseError(
            [
                f"The release asks for k = {k}, but only {len(people)} people have taken part. "
                "Wait for more people, or withhold the quasi-identifiers."
            ]
        )
    declared = _Lattice(people, [hierarchy.levels for hierarchy in hierarchies])
    limit = int(suppress_at_most * len(people))
    best = declared.first(k, allowed=0) or declared.fewest(k, limit)
    if best is None:
        # The node that withholds every column is always within the limit.
        columns = [(*hierarchy.levels, NOTHING) for hierarchy in hierarchies]
        best = _Lattice(people, columns).first(k, allowed=limit)
    if best is None:
        raise ReleaseError([f"No way was found to reach k = {k}. Declare wider bands or groups."])
    node, suppressed = best
    values = tuple(
        (WITHHELD,) * len(node)
        if place in suppressed
        else tuple(level.of(value) for level, value in zip(node, person, strict=True))
        for place, person in enumerate(people)
    )
    return Anonymised(values, node, suppressed, min(Counter(values).values()))


Node = tuple[Level, ...]
Chosen = tuple[Node, frozenset[int]]


class _Lattice:
    """Combinations of levels in the order of the information they lose."""

    def __init__(self, people: Sequence[Values], columns: Sequence[Sequence[Level]]) -> None:
        if (size := prod(map(len, columns))) > LARGEST_LATTICE:
            raise ReleaseError(
                [
                    f"The quasi-identifiers have {size} combinations of levels, and at most "
                    f"{LARGEST_LATTICE} are tried. Declare fewer bands or quasi-identifiers."
                ]
            )
        exact = [[person[place] for person in people] for place in range(len(columns))]
        # Each column is coarsened once for each level, not once for each node.
        self._cells = [
            {level: list(map(level.of, exact[place])) for level in levels}
            for place, levels in enumerate(columns)
        ]
        losses = [
            {level: _loss(exact[place], cells) for level, cells in by_level.items()}
            for place, by_level in enumerate(self._cells)
        ]
        # product() varies the last column first; sorted() keeps that order among equal losses.
        self._nodes: list[Node] = sorted(
            product(*columns),
            key=lambda node: sum(losses[place][level] for place, level in enumerate(node)),
        )

    def first(self, k: int, allowed: int) -> Chosen | None:
        """Return the first node that suppresses at most the allowed number of people."""
        for node in self._nodes:
            suppressed = self._to_suppress(node, k)
            if suppressed is not None and len(suppressed) <= allowed:
                return node, suppressed
        return None

    def fewest(self, k: int, allowed: int) -> Chosen | None:
        """Return the node that suppresses the fewest people; of several, what loses least."""
        best: Chosen | None = None
        for node in self._nodes:
            suppressed = self._to_suppress(node, k)
            if suppressed is None or len(suppressed) > allowed:
                continue
            if best is None or len(suppressed) < len(best[1]):
                best = node, suppressed
        return best

    def _to_suppress(self, node: Node, k: int) -> frozenset[int] | None:
        """Return the people whose values must be withheld, or None if nobody would be left.

        They share empty values and must be k as well, else the next smallest class joins them.
        """
        classes: dict[Values, list[int]] = {}
        columns = (self._cells[place][level] for place, level in enumerate(node))
        for place, person in enumerate(zip(*columns, strict=True)):
            classes.setdefault(person, []).append(place)
        nothing = len(classes.pop((WITHHELD,) * len(node), []))
        by_size = sorted(classes.values(), key=len)
        suppressed: list[int] = []
        while by_size and (len(by_size[0]) < k or 0 < len(suppressed) + nothing < k):
            suppressed += by_size.pop(0)
        return None if 0 < len(suppressed) + nothing < k else frozenset(suppressed)


def _loss(exact: Sequence[str], coarsened: Sequence[str]) -> float:
    """Return the share of the column's entropy that coarsening takes away, 0 to 1."""
    before = _entropy(exact)
    return 1 - _entropy(coarsened) / before if before else 0.0


def _entropy(values: Sequence[str]) -> float:
    counts = Counter(values).values()
    return -sum(count / len(values) * log2(count / len(values)) for count in counts)
