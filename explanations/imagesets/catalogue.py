"""Image sets by name, where any other name is the path of a folder."""

from collections.abc import Sequence
from pathlib import Path

from explanations.imagesets import NAMES
from explanations.imagesets.base import ImageSet, ImageSetError
from explanations.imagesets.cifar10 import open_cifar10
from explanations.imagesets.folder import FolderSet
from explanations.imagesets.scene_set import SceneSet
from explanations.imagesets.scenes import DEFAULT_DIFFICULTY, DEFAULT_SEED


def open_image_set(
    data: str,
    data_dir: Path | None = None,
    *,
    seed: int = DEFAULT_SEED,
    difficulty: float = DEFAULT_DIFFICULTY,
    class_names: Sequence[str] | None = None,
    size: int | None = None,
) -> ImageSet:
    """Open the image set that ``--data`` names: scenes, cifar10, or a folder split/class/image.

    ``data_dir`` is the folder that contains CIFAR-10 or to which it is downloaded. ``seed`` and
    ``difficulty`` apply to the scenes. ``class_names`` lists the only classes that a folder may
    contain, ``size`` is the square to which its images are fitted. Raises ImageSetError for an
    unknown set.
    """
    if data == "scenes":
        return SceneSet(seed=seed, difficulty=difficulty)
    if data == "cifar10":
        return open_cifar10(data_dir)
    if not Path(data).is_dir():
        raise ImageSetError(
            f"{data!r} is neither {' nor '.join(NAMES)} nor an existing folder split/class/image."
        )
    return FolderSet(Path(data), class_names=class_names, size=size)
