"""The picture of a study's design: its arms as boxes, drawn from the declaration in its file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext

from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFile, StudyFileError
from surveys.study_file.designs import Arm

WIDTH = 300
LEFT = 40
"""Where the boxes begin, right of the person and the lines to the arms."""
BOX_HEIGHT = 22
GAP_BETWEEN, GAP_WITHIN = 5, 12
"""The space between two arms, and between two conditions of a person, which holds an arrow."""
LONGEST_LABEL = 33
"""Characters that fit into a box. The text alternative has every name in full."""


@dataclass(frozen=True)
class Box:
    """A condition, with its place from the top and the number of images in its block.

    ``is_first`` means that a line from the person leads to the box, otherwise an arrow from the
    box above it.
    """

    label: str
    images: int
    top: int
    is_first: bool

    @property
    def name(self) -> str:
        """Return the label, in the reader's language if a shipped design has it."""
        # Not when the box is made: the pictures are kept for readers of every language.
        return gettext(self.label) if self.label else ""

    @property
    def short_name(self) -> str:
        """Return the name, cut to the width of the box."""
        is_long = len(self.name) > LONGEST_LABEL
        return f"{self.name[: LONGEST_LABEL - 1].rstrip()}…" if is_long else self.name

    @property
    def middle(self) -> int:
        """Return the height of the box's middle, where its line and its texts are."""
        return self.top + BOX_HEIGHT // 2


@dataclass(frozen=True)
class DesignPicture:
    """The drawing, and the numbers that its caption tells.

    ``conditions`` is the number of conditions that a person sees, and ``orders`` the number of
    orders in which the people of a cell see them. ``images`` are the fewest and the most images of
    a person, without practice.
    """

    boxes: Sequence[Box]
    arms: int
    conditions: int
    orders: int
    images: tuple[int, int]
    width: int = WIDTH
    left: int = LEFT
    box_width: int = WIDTH - LEFT - 1
    box_height: int = BOX_HEIGHT

    @property
    def height(self) -> int:
        """Return the height of the drawing."""
        return self.boxes[-1].top + BOX_HEIGHT + 1

    @property
    def person(self) -> int:
        """Return the height of the drawn person: the middle of the boxes that lines lead to."""
        first = [box.middle for box in self.boxes if box.is_first]
        return (first[0] + first[-1]) // 2

    @property
    def caption(self) -> str:
        """Return how many arms or conditions and images a person sees, as a sentence."""
        least, most = self.images
        words = {
            "arms": self.arms,
            "conditions": self.conditions,
            "all": len(self.boxes),
            "orders": self.orders,
            "images": str(most) if least == most else f"{least}–{most}",
        }
        if self.arms == self.conditions == 1:
            return gettext("A single arm: each person sees %(images)s images.") % words
        if self.conditions == 1:
            return (
                gettext(
                    "Between subjects: each person is in one of %(arms)d arms and sees %(images)s "
                    "images."
                )
                % words
            )
        if self.conditions == len(self.boxes):
            return (
                gettext(
                    "Within subjects: each person sees all %(conditions)d conditions, in one of "
                    "%(orders)d orders, with %(images)s images in all."
                )
                % words
            )
        return (
            gettext(
                "Mixed: each person sees %(conditions)d of %(all)d conditions, in one of "
                "%(orders)d orders, with %(images)s images in all."
            )
            % words
        )

    @property
    def alternative(self) -> str:
        """Return the drawing as text: each box with its number of images."""
        boxes = [
            gettext("%(label)s (%(images)d images)") % {"label": box.name, "images": box.images}
            for box in self.boxes
        ]
        words = {"boxes": "; ".join(boxes)}
        if self.conditions == 1:
            return gettext("The arms: %(boxes)s") % words
        return gettext("The conditions: %(boxes)s") % words


@lru_cache(maxsize=64)
def picture_of(source: str) -> DesignPicture | None:
    """Return the picture of the design in a study file, or None if the file has mistakes."""
    try:
        study = loading.parse(source)
    except StudyFileError:
        return None
    people = _people(study)
    images = [sum(_images(study, arm)) + _images_outside(study, arm) for arm in study.arms]
    return DesignPicture(
        boxes=list(_boxes(study, people)),
        arms=len(study.arms),
        conditions=len(people[0].conditions),
        orders=len(study.arms) // len(people),
        images=(min(images), max(images)),
    )


def _people(study: StudyFile) -> Sequence[Arm]:
    """Return an arm for each set of conditions: other arms show the same in another order."""
    return list({frozenset(arm.conditions): arm for arm in reversed(study.arms)}.values())[::-1]


def _boxes(study: StudyFile, people: Sequence[Arm]) -> Iterator[Box]:
    top = 1
    for arm in people:
        in_blocks = _images(study, arm)
        for place, (key, images) in enumerate(zip(arm.conditions, in_blocks, strict=True)):
            if place:
                top += GAP_WITHIN - GAP_BETWEEN
            outside = _images_outside(study, arm) if len(arm.conditions) == 1 else 0
            yield Box(study.condition(key).label, images + outside, top, is_first=not place)
            top += BOX_HEIGHT + GAP_BETWEEN


def _images(study: StudyFile, arm: Arm) -> list[int]:
    """Return the number of images in each of the arm's blocks, without practice."""
    return [
        sum(
            part.trials_per_block
            for part in study.trial_parts
            if part.per_block
            and not part.is_practice
            and part.is_in(condition)
            and part.is_in_block(block)
        )
        for block, condition in enumerate(arm.conditions, start=1)
    ]


def _images_outside(study: StudyFile, arm: Arm) -> int:
    """Return the number of images that the arm shows outside of its blocks."""
    return sum(
        part.trials_per_block
        for part in study.trial_parts
        if not (part.per_block or part.is_practice) and part.is_in(arm.conditions[0])
    )
