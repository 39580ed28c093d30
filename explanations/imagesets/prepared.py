"""An image set whose images are the inputs of a classifier."""

from collections.abc import Sequence
from dataclasses import replace

from explanations.imagesets.base import Entry, ImageSet, LabelledImage
from explanations.imagesets.input_rule import InputRule


class PreparedSet(ImageSet):
    """The images of another set, each derived by a classifier's input rule, with their masks."""

    def __init__(self, source: ImageSet, rule: InputRule) -> None:
        super().__init__(source.name, source.class_names)
        self.source = source
        self._rule = rule

    def entries(self, split: str) -> Sequence[Entry]:
        """List the images of the other set."""
        return self.source.entries(split)

    def load(self, split: str, entry: Entry) -> LabelledImage:
        """Load an image and derive the input. Raises ImageSetError if it cannot be read."""
        image = self.source.load(split, entry)
        mask = None if image.mask is None else self._rule.apply_to_mask(image.mask)
        return replace(image, pixels=self._rule.apply(image.pixels), mask=mask)
