"""A folder of photographs as one array, for those who use the engine alone."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.decoding import decode_image, fit_square

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def read_photographs(folder: str | Path, size: int = 224) -> NDArray[np.uint8]:
    """The images of a folder in the order of their names, uint8 (n, size, size, 3).

    Of each, the largest centred square, resampled. Raises ImageSetError, which names the file, for
    one that cannot be read, and for a folder without images.
    """
    folder = Path(folder)
    files = photographs_of(folder)
    if not files:
        raise ImageSetError(f"{folder} holds no images. Put {', '.join(SUFFIXES)} files into it.")
    return np.stack([fit_square(decode_image(path), size) for path in files])


def photographs_of(folder: Path) -> list[Path]:
    """The image files of a folder, in the order of their names."""
    if not folder.is_dir():
        raise ImageSetError(f"There is no folder {folder}.")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
