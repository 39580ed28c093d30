"""What every method returns: numbers per pixel, and how far they can be trusted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Attribution:
    """The explanation of one prediction, as raw numbers.

    All arrays are checked for shape and finiteness; ValueError names what is wrong.
    """

    relevance: Floats
    """float32 (height, width). Signed methods: positive speaks for the target class."""
    channels: Floats | None = None
    """The same before the colour channels were joined, float32 (3, height, width)."""
    native: Floats | None = None
    """Signed map at the size at which the method works, float32 (rows, columns), if coarser."""
    segments: NDArray[np.uint8] | None = None
    """Number of the patch that each pixel belongs to, from 0, uint8 (height, width)."""
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    """How well the method did on this image; plain values that JSON can hold."""

    def __post_init__(self) -> None:
        _check("relevance", self.relevance, 2)
        size = self.relevance.shape
        if self.channels is not None:
            _check("channels", self.channels, 3)
            _check_shape("channels", self.channels.shape, (3, *size))
        if self.native is not None:
            _check("native", self.native, 2)
        if self.segments is not None:
            if self.segments.dtype != np.uint8:
                raise ValueError(f"segments must be uint8, got {self.segments.dtype}.")
            _check_shape("segments", self.segments.shape, size)
        # A diagnostic that is no number must fail here, not when it is stored.
        json.dumps(dict(self.diagnostics), allow_nan=False)

    @property
    def is_empty(self) -> bool:
        """Whether the map says nothing: every pixel is zero."""
        return not self.relevance.any()


def _check(name: str, values: Floats, dimensions: int) -> None:
    if values.dtype != np.float32 or values.ndim != dimensions or 0 in values.shape:
        raise ValueError(
            f"{name} must be float32 with {dimensions} dimensions, "
            f"got {values.dtype} {values.shape}."
        )
    if not np.isfinite(values).all():
        count = int((~np.isfinite(values)).sum())
        raise ValueError(f"{name} holds {count} values that are not finite.")


def _check_shape(name: str, found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if found != expected:
        raise ValueError(f"{name} must have the shape {expected}, got {found}.")
