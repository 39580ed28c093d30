"""The scenes as an image set, whose images are rendered on request and never stored."""

from collections.abc import Sequence

from explanations.imagesets.base import Entry, ImageSet, ImageSetError, LabelledImage
from explanations.imagesets.scenes import (
    CLASS_NAMES,
    DEFAULT_DIFFICULTY,
    DEFAULT_SEED,
    SIZE,
    split_scene,
)

SPLIT_SIZES = {"train": 10_000, "test": 1_000}


class SceneSet(ImageSet):
    """Scenes of one seed and difficulty, in the splits train and test, with part masks."""

    def __init__(
        self,
        *,
        seed: int = DEFAULT_SEED,
        difficulty: float = DEFAULT_DIFFICULTY,
        size: int = SIZE,
    ) -> None:
        super().__init__("scenes" if size == SIZE else f"scenes-{size}", CLASS_NAMES)
        self._size = size
        self._seed = seed
        self._difficulty = difficulty

    def entries(self, split: str) -> Sequence[Entry]:
        """List an entry per scene. The classes alternate."""
        if split not in SPLIT_SIZES:
            raise ImageSetError(
                f"{self.name} has no split {split!r}. Choose {' or '.join(SPLIT_SIZES)}."
            )
        return [
            Entry(f"{split}/{index:05d}", index % len(CLASS_NAMES))
            for index in range(SPLIT_SIZES[split])
        ]

    def load(self, split: str, entry: Entry) -> LabelledImage:
        """Render a scene."""
        index = int(entry.source.rpartition("/")[2])
        scene = split_scene(split, index, self._seed, self._difficulty, size=self._size)
        return LabelledImage(
            scene.image, scene.class_name, split, entry.source, scene.parts, scene.part_names
        )
