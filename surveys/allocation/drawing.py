"""Methods of allocation, each of which draws a person's arm by the scheme and the earlier
allocations.
"""

from collections.abc import Callable, Mapping

from surveys.allocation import blocks, minimisation
from surveys.allocation.scheme import Drawn, Scheme, Standing

METHODS: Mapping[str, Callable[[Scheme, Mapping[str, str], Standing], Drawn]] = {
    "permuted_blocks": blocks.draw,
    "minimisation": minimisation.draw,
}


def draw(scheme: Scheme, levels: Mapping[str, str], standing: Standing) -> Drawn:
    """Draw the arm of the next person, whose level of each stratification factor is given.

    Raises ValueError if no place is left, or if the levels belong to other factors than the
    scheme's.
    """
    if standing.taken >= scheme.capacity:
        raise ValueError(
            f"All {scheme.capacity} places are allocated. Raise places or the arms' quotas."
        )
    scheme.stratum(levels)
    return METHODS[scheme.method](scheme, levels, standing)
