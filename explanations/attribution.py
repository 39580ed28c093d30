"""Result of an explanation method: relevance per pixel, with diagnostics of its reliability."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Attribution:
    """Explanation of one prediction, as raw numbers.

    Shape and finiteness of all arrays are checked; ValueError names the array and the fault.
    """

    relevance: Floats
    """Relevance of each pixel, as float32 with shape (height, width). For signed methods, a
    positive value supports the target class."""
    channels: Floats | None = None
    """Relevance before the colour channels were joined, as float32 with shape (3, height,
    width)."""
    native: Floats | None = None
    """Signed map at the resolution at which the method works, as float32 with shape (rows,
    columns), if it is coarser.
    """
    segments: NDArray[np.uint8] | None = None
    """Patch number of each pixel, counted from 0, as uint8 with shape (height, width)."""
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    """Indicators of how well the method worked on this image. JSON can represent all values."""

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
                raise ValueError(f"segments is {self.segments.dtype}, but must be uint8.")
            _check_shape("segments", self.segments.shape, size)
        # A NaN or an object that JSON cannot represent must fail here, not when it is stored.
        json.dumps(dict(self.diagnostics), allow_nan=False)

    @property
    def is_empty(self) -> bool:
        """Check whether every pixel is zero."""
        return not self.relevance.any()


@dataclass(frozen=True, eq=False)
class Attributions:
    """Explanations of n images by one method, for one class or for k classes each.

    With several classes per image, every float array and ``diagnostics`` has an additional second
    axis, k. Shape and finiteness of all arrays are checked; ValueError names the array and the
    fault. ``attributions[i]`` is the Attribution of an image, ``attributions.of_class(j)`` the
    Attributions of the j-th class of every image.
    """

    relevance: Floats
    """Relevance of each pixel, as float32 with shape (n, height, width) or (n, k, height,
    width)."""
    channels: Floats | None = None
    """Relevance before the colour channels were joined, as float32 with shape (n, 3, height, width)
    or (n, k, 3, height, width)."""
    native: Floats | None = None
    """Signed maps at the method's own resolution, as float32 with shape (n, rows, columns) or (n,
    k, rows, columns)."""
    segments: NDArray[np.uint8] | None = None
    """Patch number of each pixel, as uint8 with shape (n, height, width)."""
    diagnostics: Sequence[Any] = ()
    """A mapping per image, or a sequence of k mappings per image."""

    def __post_init__(self) -> None:
        axes = self.relevance.ndim
        if axes not in (3, 4):
            raise ValueError(
                f"relevance has the shape {self.relevance.shape}. It must have 3 or 4 axes."
            )
        _check("relevance", self.relevance, axes)
        *leading, height, width = self.relevance.shape
        if self.channels is not None:
            _check("channels", self.channels, axes + 1)
            _check_shape("channels", self.channels.shape, (*leading, 3, height, width))
        # The native map may be coarser than the image, so only its leading axes are compared.
        if self.native is not None:
            _check("native", self.native, axes)
            _check_shape("native", self.native.shape[:-2], tuple(leading))
        if self.segments is not None:
            if self.segments.dtype != np.uint8:
                raise ValueError(f"segments is {self.segments.dtype}, but must be uint8.")
            _check_shape("segments", self.segments.shape, (leading[0], height, width))
        if len(self.diagnostics) != leading[0]:
            raise ValueError(
                f"There are {leading[0]} images and {len(self.diagnostics)} diagnostics. "
                "Give one entry per image."
            )

    def __len__(self) -> int:
        return len(self.relevance)

    def __iter__(self) -> Iterator[Attribution]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Attribution:
        """Return the explanation of one image, or raise ValueError if it has one per class."""
        if self.relevance.ndim != 3:
            raise ValueError(
                f"Each image has {self.relevance.shape[1]} explanations, one per class. "
                "Choose the class first: attributions.of_class(0)[index]."
            )
        return Attribution(
            relevance=self.relevance[index],
            channels=None if self.channels is None else self.channels[index],
            native=None if self.native is None else self.native[index],
            segments=None if self.segments is None else self.segments[index],
            diagnostics=self.diagnostics[index],
        )

    def of_class(self, column: int) -> "Attributions":
        """Return the explanations of the column-th class of each image.

        Raises ValueError if there is only one explanation per image.
        """
        if self.relevance.ndim != 4:
            raise ValueError("There is only one explanation per image. Leave of_class out.")
        return Attributions(
            relevance=self.relevance[:, column],
            channels=None if self.channels is None else self.channels[:, column],
            native=None if self.native is None else self.native[:, column],
            segments=self.segments,
            diagnostics=[classes[column] for classes in self.diagnostics],
        )


def joined(parts: Sequence[Attributions]) -> Attributions:
    """Concatenate the explanations of several batches in their order."""

    def together(name: str) -> Any:
        values = [getattr(part, name) for part in parts]
        return None if values[0] is None else np.concatenate(values)

    return Attributions(
        **{name: together(name) for name in ("relevance", "channels", "native", "segments")},
        diagnostics=[diagnostics for part in parts for diagnostics in part.diagnostics],
    )


def _check(name: str, values: Floats, dimensions: int) -> None:
    if values.dtype != np.float32 or values.ndim != dimensions or 0 in values.shape[-2:]:
        raise ValueError(
            f"{name} is {values.dtype} with shape {values.shape}. It must be float32 with "
            f"{dimensions} dimensions, and not empty."
        )
    if not np.isfinite(values).all():
        count = int((~np.isfinite(values)).sum())
        raise ValueError(f"{name} must be finite, but {count} of its values are not.")


def _check_shape(name: str, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if shape != expected:
        raise ValueError(f"{name} has the shape {shape}, but must have {expected}.")
