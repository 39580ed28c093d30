"""An image set that was imported, read back from the database and the data folder."""

from collections.abc import Sequence

import numpy as np
from django.db.models import QuerySet

from explanations.imagesets.base import Entry, ImageSet, ImageSetError, LabelledImage
from explanations.models import ImageSet as StoredRows
from explanations.models import StudyImage
from explanations.pipeline.data_folder import image_store
from explanations.pipeline.image_import import BACKGROUND

TRAIN = "train"


class StoredSet(ImageSet):
    """The imported images of a set. Its training images are the stored background."""

    def __init__(self, rows: StoredRows) -> None:
        super().__init__(rows.name, rows.class_names)
        self._rows = rows

    def entries(self, split: str) -> Sequence[Entry]:
        """List all images of a split by their hash. Raises ImageSetError if there are none."""
        stored = self._images(split)
        entries = [
            Entry(sha256, self.class_names.index(true_class), group)
            for sha256, true_class, group in stored.values_list("sha256", "true_class", "group")
        ]
        if not entries:
            raise ImageSetError(
                f"The image set {self.name!r} has no images of the split {split!r}. Import them: "
                f"manage.py import_images --data … --name {self.name} --split {split}"
            )
        return entries

    def load(self, split: str, entry: Entry) -> LabelledImage:
        """Return a stored image with the mask of its parts. Raises ArtefactError for damage."""
        row = self._images(split).get(sha256=entry.source)
        mask = None
        if row.part_map is not None:
            parts = np.frombuffer(bytes(row.part_map), dtype=np.uint8)
            mask = parts.reshape(row.height, row.width)
        return LabelledImage(
            image_store().read(row.sha256),
            row.true_class,
            split,
            row.source,
            mask,
            tuple(row.part_names),
            row.group,
        )

    def _images(self, split: str) -> QuerySet[StudyImage]:
        stored = BACKGROUND if split == TRAIN else split
        return StudyImage.objects.filter(image_set=self._rows, split=stored).order_by("sha256")
