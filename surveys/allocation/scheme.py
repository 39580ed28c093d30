"""The scheme of allocation: the rule, and everything that a draw depends on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from surveys.allocation.chain import canonical


@dataclass(frozen=True)
class Share:
    """An arm's share: its ratio to the other arms, and its ``quota`` of people, where 0 means no
    limit.
    """

    arm: str
    ratio: int = 1
    quota: int = 0


@dataclass(frozen=True)
class Scheme:
    """A scheme of allocation.

    ``method`` is a key of drawing.METHODS, and ``key`` is the seed of every draw. ``places`` is the
    total number of people. ``block_multiples`` is used by blocks, ``probability`` by minimisation.
    ``strata`` names the factors whose levels are known for each person.
    """

    method: str
    shares: tuple[Share, ...]
    places: int
    key: str
    block_multiples: tuple[int, ...] = (1, 2)
    probability: float = 0.8
    strata: tuple[str, ...] = ()

    @property
    def capacity(self) -> int:
        """Return how many people can be allocated: all places, or what the arms' quotas allow."""
        quotas = [share.quota for share in self.shares]
        return min(self.places, sum(quotas)) if all(quotas) else self.places

    def with_places(self, places: int, quotas: Mapping[str, int]) -> "Scheme":
        """Return the scheme with other places and quotas, where a quota of 0 means no limit."""
        shares = tuple(replace(share, quota=quotas[share.arm]) for share in self.shares)
        return replace(self, places=places, shares=shares)

    def stratum(self, levels: Mapping[str, str]) -> str:
        """Return the name of the levels' combination.

        Raises ValueError if the levels belong to other factors.
        """
        if set(levels) != set(self.strata):
            raise ValueError(
                f"The levels belong to {', '.join(sorted(levels)) or 'no factor'}, but the scheme "
                f"is stratified by {', '.join(sorted(self.strata)) or 'nothing'}. Give a level for "
                "each stratification factor."
            )
        return canonical(dict(levels))

    def as_content(self) -> dict[str, Any]:
        """Return the scheme as plain values, for the ledger's first entry."""
        return asdict(self)

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Scheme":
        """Return the scheme that ``as_content`` wrote.

        Raises TypeError or KeyError for anything else.
        """
        lists = {name: tuple(content[name]) for name in ("block_multiples", "strata")}
        shares = tuple(Share(**share) for share in content["shares"])
        return cls(**{**content, **lists, "shares": shares})


@dataclass(frozen=True)
class Drawn:
    """The arm that was drawn for a person.

    ``block`` and ``place`` count from 1 within the stratum and are 0 without blocks. ``copy``
    counts from 1 among the r arms as which minimisation treats an arm of ratio r, and is 1 without
    minimisation.
    """

    arm: str
    block: int = 0
    place: int = 0
    copy: int = 1


@dataclass(frozen=True)
class Standing:
    """The earlier allocations, as far as the next draw depends on them.

    ``last``: block and place of the stratum's latest entry. ``totals``: people by (arm, copy), and
    ``marginals``: people by (arm, copy, factor, level). ``given_back``: places that were given back
    after the allocation, by arm. Their holders stay counted in all other numbers.
    """

    allocated: int
    last: tuple[int, int]
    totals: Mapping[tuple[str, int], int]
    marginals: Mapping[tuple[str, int, str, str], int]
    given_back: Mapping[str, int] = field(default_factory=dict)

    @property
    def taken(self) -> int:
        """Return how many places are in use by people with an arm."""
        return self.allocated - sum(self.given_back.values())

    def is_full(self, share: Share) -> bool:
        """Return whether the arm's quota is used up."""
        if not share.quota:
            return False
        held = sum(self.totals.get((share.arm, copy), 0) for copy in range(1, share.ratio + 1))
        return held - self.given_back.get(share.arm, 0) >= share.quota
