"""The methods of allocation: each draws one person's arm from the scheme and what was before."""

from collections.abc import Callable, Mapping

from surveys.allocation import blocks, minimisation
from surveys.allocation.scheme import Drawn, Scheme, Standing

METHODS: Mapping[str, Callable[[Scheme, Mapping[str, str], Standing], Drawn]] = {
    "permuted_blocks": blocks.draw,
    "minimisation": minimisation.draw,
}


def draw(scheme: Scheme, levels: Mapping[str, str], standing: Standing) -> Drawn:
    """The arm of the next person, who has these levels of the strata.

    Raises ValueError when nobody can be allocated any more, and for levels of other factors than
    the scheme's.
    """
    if standing.allocated >= scheme.capacity:
        raise ValueError(
            f"All {scheme.capacity} places are allocated. Raise places or the arms' quotas."
        )
    scheme.stratum(levels)
    return METHODS[scheme.method](scheme, levels, standing)
