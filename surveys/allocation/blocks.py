"""Permuted blocks of random size, with a separate list for each stratum."""

from collections.abc import Mapping
from functools import lru_cache

from explanations.imagesets.dice import Dice
from surveys.allocation.scheme import Drawn, Scheme, Standing
from surveys.allocation.shuffling import shuffled

ALGORITHM = (
    "permuted-blocks-2"  # part of every seed, because another algorithm would give other lists
)


def draw(scheme: Scheme, levels: Mapping[str, str], standing: Standing) -> Drawn:
    """Draw the next entry of the stratum's list whose arm is not full. Skipped entries stay unused.

    Without quotas, within any prefix of a stratum's entries, the sizes of two arms divided by their
    ratios differ by at most max(block_multiples).
    """
    stratum = scheme.stratum(levels)
    full = {share.arm for share in scheme.shares if standing.is_full(share)}
    block, place = standing.last
    while True:
        block, place = _following(scheme, stratum, block, place)
        arm = entries(scheme, stratum, block)[place - 1]
        if arm not in full:
            return Drawn(arm, block, place)


@lru_cache(maxsize=256)
def entries(scheme: Scheme, stratum: str, block: int) -> tuple[str, ...]:
    """Return a block: each arm m · ratio times in random order, with m drawn evenly from the
    multiples.

    The same arguments give the same block on every machine, whatever other blocks contain.
    """
    dice = Dice(ALGORITHM, scheme.key, stratum, block)
    multiple = dice.choice(scheme.block_multiples)
    arms = [share.arm for share in scheme.shares for _ in range(share.ratio * multiple)]
    return tuple(shuffled(arms, dice))


def _following(scheme: Scheme, stratum: str, block: int, place: int) -> tuple[int, int]:
    if block and place < len(entries(scheme, stratum, block)):
        return block, place + 1
    return block + 1, 1
