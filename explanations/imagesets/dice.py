"""Reproducible random numbers, which are the same on every machine for the same key."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")
_BLOCK = 64


def derive_seed(*key: int | str) -> int:
    """Derive a seed of 63 bits, which fits a signed database column, from the SHA-256
    of the key."""
    text = "/".join(str(part) for part in key)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


class Dice:
    """Random numbers from the raw stream of PCG64.

    numpy guarantees that a bit generator's raw stream stays the same between versions, but not the
    distributions drawn from it. The distributions are therefore computed here, by exact operations.
    """

    def __init__(self, *key: int | str) -> None:
        self._bits = np.random.PCG64(derive_seed(*key))
        self._block: list[int] = []

    def word(self) -> int:
        """Draw a whole number of 64 random bits."""
        if not self._block:
            self._block = self._bits.random_raw(_BLOCK).tolist()
        return self._block.pop()

    def uniform(self, low: float, high: float) -> float:
        """Draw a number in [low, high)."""
        return low + (high - low) * ((self.word() >> 11) * 2.0**-53)

    def below(self, count: int) -> int:
        """Draw a whole number in 0..count-1."""
        return (self.word() >> 32) * count >> 32

    def choice(self, items: Sequence[Item]) -> Item:
        """Draw an item."""
        return items[self.below(len(items))]

    def bytes(self, count: int) -> NDArray[np.uint8]:
        """Draw random bytes, as uint8 with shape (count,)."""
        words = self._bits.random_raw((count + 7) // 8).astype("<u8")
        return np.frombuffer(words.tobytes(), dtype=np.uint8)[:count]
