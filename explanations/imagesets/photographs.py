"""A folder of photographs as one array, for use of the engine without the platform."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.decoding import decode_image
from explanations.imagesets.input_rule import InputRule

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def read_photographs(folder: str | Path, size: int = 224) -> NDArray[np.uint8]:
    """Read the images of a folder in the order of their names, as uint8 with shape (n, size, size,
    3).

    Each image is cropped to its largest centred square and resampled. Raises ImageSetError for a
    file that cannot be read, naming it, and for a folder without images.
    """
    folder = Path(folder)
    files = photographs_of(folder)
    if not files:
        raise ImageSetError(f"{folder} contains no images. Add {', '.join(SUFFIXES)} files.")
    rule = InputRule(size)
    return np.stack([rule.apply(decode_image(path)) for path in files])


def photographs_of(folder: Path) -> list[Path]:
    """List the image files of a folder, in the order of their names."""
    if not folder.is_dir():
        raise ImageSetError(f"The folder {folder} does not exist.")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
