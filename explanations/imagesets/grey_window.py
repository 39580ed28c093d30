"""Values of 16-bit grey images that become black and white, as somebody chose them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explanations.imagesets.problems import ImageSetError

MOST = 65_535


@dataclass(frozen=True)
class GreyWindow:
    """Values from ``low`` (black) to ``high`` (white). What is outside is cut off.

    Radiologists call it a window. It decides what people and classifier can see, so it is stated
    at the import, stored with the set and never guessed.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high <= MOST:
            raise ImageSetError(
                f"The window is {self.low:g} to {self.high:g}. Give two values from 0 to {MOST}, "
                "the darker one first, such as 0 4095."
            )

    @property
    def stated(self) -> str:
        """Return the window as it is stored: "0 to 4095"."""
        return f"{self.low:g} to {self.high:g}"

    def apply(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Scale values (height, width) linearly to 0..255, rounded."""
        share = (values.astype(np.float64) - self.low) / (self.high - self.low)
        scaled: NDArray[np.uint8] = np.rint(share.clip(0, 1) * 255).astype(np.uint8)
        return scaled
