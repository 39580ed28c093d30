"""Image sets by name, where any other name is the path of a folder."""

from collections.abc import Sequence
from pathlib import Path

from explanations.imagesets import NAMES, SCENES
from explanations.imagesets.base import ImageSet, ImageSetError
from explanations.imagesets.cifar10 import open_cifar10
from explanations.imagesets.folder import FolderSet, is_divided
from explanations.imagesets.grey_window import GreyWindow
from explanations.imagesets.manifest import FILE, lists_classes
from explanations.imagesets.manifest_set import ManifestSet
from explanations.imagesets.scene_set import SceneSet
from explanations.imagesets.scenes import DEFAULT_DIFFICULTY, DEFAULT_SEED, SIZE
from explanations.imagesets.split_rule import SplitRule
from explanations.imagesets.torchvision_set import PREFIX, TorchvisionSet


def open_image_set(
    data: str,
    data_dir: Path | None = None,
    *,
    seed: int = DEFAULT_SEED,
    difficulty: float = DEFAULT_DIFFICULTY,
    class_names: Sequence[str] | None = None,
    size: int | None = None,
    split_rule: SplitRule | None = None,
    window: GreyWindow | None = None,
) -> ImageSet:
    """Open the image set that ``--data`` names: scenes, scenes-128, cifar10, a folder
    split/class/image or class/image, a csv file that lists images, or torchvision:NAME.

    ``data_dir`` is the folder that contains the data set of torchvision; CIFAR-10 is downloaded to
    it. ``seed`` and ``difficulty`` apply to the scenes. ``class_names`` lists the only classes that
    the images may have, ``size`` is the square to which files are fitted, and ``split_rule``
    divides files that come without splits. ``window`` scales grey files of 16 bits. Raises
    ImageSetError for an unknown set.
    """
    if split_rule and data in NAMES:
        raise ImageSetError(f"{data} has its own splits. Omit --split-rule {split_rule}.")
    if window and (data in NAMES or data.startswith(PREFIX)):
        raise ImageSetError(f"{data} has no grey images of 16 bits. Omit --window.")
    if data in SCENES:
        pixels = int(data.partition("-")[2] or SIZE)
        return SceneSet(seed=seed, difficulty=difficulty, size=pixels)
    if data == "cifar10":
        return open_cifar10(data_dir)
    path = Path(data)
    if data.startswith(PREFIX):
        if data_dir is None:
            raise ImageSetError(f"{data} needs --data-dir DIR, the folder that contains its files.")
        return TorchvisionSet(
            data.removeprefix(PREFIX),
            data_dir,
            class_names=class_names,
            size=size,
            split_rule=split_rule,
        )
    if path.is_file() and path.suffix.lower() == ".csv":
        return ManifestSet(
            path, class_names=class_names, size=size, split_rule=split_rule, window=window
        )
    if path.is_dir() and lists_classes(path) and not is_divided(path):
        return ManifestSet(
            path / FILE,
            name=path.resolve().name,
            class_names=class_names,
            size=size,
            split_rule=split_rule,
            window=window,
        )
    if not path.is_dir():
        raise ImageSetError(
            f"{data!r} is neither {', '.join(NAMES)}, {PREFIX}NAME, a csv file nor an existing "
            "folder split/class/image."
        )
    return FolderSet(path, class_names=class_names, size=size, split_rule=split_rule, window=window)
