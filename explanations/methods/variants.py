"""Variants of a method that a study can choose, and the wording of each choice.

A choice is either a parameter of the method, which changes its numbers, or a drawing, which shows
the same numbers in another way.
"""

from dataclasses import dataclass

from explanations.rendering.drawing import Drawing
from explanations.rendering.layers import ForAndAgainst
from explanations.rendering.outlines import GradedOutlines, Outlines
from explanations.translatable import gettext_noop as _


@dataclass(frozen=True)
class Value:
    """One value of a parameter, with the wording that it implies."""

    value: str
    label: str
    """Appended to the method's own label. Empty for a default that the label implies."""
    caption: str
    reading: str = ""
    """The sentence of ``how_to_read`` that depends on the value."""
    how_to_read: tuple[str, ...] = ()
    """All sentences, where more than one depends on the value."""
    drawing: Drawing | None = None
    """Drawing of the method's own numbers, for a choice that does not change them."""


@dataclass(frozen=True)
class Parameter:
    """Parameter or drawing that a study file can choose. ``values`` starts with the default."""

    name: str
    values: tuple[Value, ...]

    @property
    def usual(self) -> Value:
        """Return the default value."""
        return self.values[0]

    @property
    def known(self) -> list[str]:
        """List the values that a study file can use."""
        return [value.value for value in self.values]


BASELINE = Parameter(
    "baseline",
    (
        Value(
            "black",
            _("from black"),
            _(
                "Compared with an all-black picture, orange pixels are evidence for {answer} and "
                "blue pixels evidence against it."
            ),
            _(
                "The picture is compared with an all-black picture, so black pixels "
                "are never coloured."
            ),
        ),
        Value(
            "grey",
            _("from grey"),
            _(
                "Compared with an all-grey picture, orange pixels are evidence for {answer} and "
                "blue pixels evidence against it."
            ),
            _(
                "The picture is compared with an all-grey picture, so pixels of that "
                "grey are never "
                "coloured."
            ),
        ),
        Value(
            "white",
            _("from white"),
            _(
                "Compared with an all-white picture, orange pixels are evidence for {answer} and "
                "blue pixels evidence against it."
            ),
            _(
                "The picture is compared with an all-white picture, so white pixels "
                "are never coloured."
            ),
        ),
        Value(
            "mean",
            _("from the mean colour"),
            _(
                "Compared with a plain picture of a single colour, orange pixels are evidence for "
                "{answer} and blue pixels evidence against it."
            ),
            _(
                "The picture is compared with a plain picture of a single colour, the "
                "average of all "
                "pictures that the classifier learned from."
            ),
        ),
        Value(
            "blurred",
            _("from the blurred image"),
            _(
                "Compared with a blurred copy of the picture, orange pixels are evidence for "
                "{answer} and blue pixels evidence against it."
            ),
            _(
                "The picture is compared with a blurred copy of itself, so even areas, which look "
                "the same when blurred, are hardly coloured."
            ),
        ),
    ),
)
"""Starting point of Integrated Gradients: keys of ``explanations.methods.baselines``, with wording.
"""

_COVERED = _(
    "To measure this, patches were covered and the changes of the classifier's answer "
    "were recorded."
)
DRAWING = Parameter(
    "drawing",
    (
        Value(
            "outlines",
            "",
            _(
                "Patches with a solid orange outline are evidence for {answer}, patches with a "
                "dashed blue outline are evidence against it."
            ),
            how_to_read=(
                _(
                    "The picture is divided into patches, and the five with the strongest "
                    "evidence are outlined."
                ),
                _(
                    "A solid orange outline marks evidence for the classifier's answer; a dashed "
                    "blue outline marks evidence against it."
                ),
                _COVERED,
                _("Patches without an outline are weaker evidence."),
            ),
            drawing=Outlines(),
        ),
        Value(
            "graded",
            _("graded outlines"),
            _(
                "Solid orange outlines: evidence for {answer}. Dashed blue outlines: evidence "
                "against it. The stronger the line, the stronger the evidence."
            ),
            how_to_read=(
                _("The picture is divided into patches, and each patch is outlined."),
                _(
                    "A solid orange outline marks evidence for the classifier's answer; a dashed "
                    "blue outline marks evidence against it."
                ),
                _(
                    "The stronger a line, the stronger the evidence; "
                    "the faintest lines hardly show."
                ),
                _COVERED,
            ),
            drawing=GradedOutlines(),
        ),
        Value(
            "heat",
            _("heat map"),
            _(
                "Orange patches are evidence for {answer}, blue patches are evidence against it; "
                "the stronger the colour, the stronger the evidence."
            ),
            how_to_read=(
                _("The picture is shown pale and grey, and divided into coloured patches."),
                _(
                    "Orange patches are evidence for the classifier's answer, blue patches are "
                    "evidence against it; the stronger the colour, the stronger the evidence."
                ),
                _COVERED,
                _("The colours compare only patches within one picture."),
            ),
            # The largest weight has the full colour, so that every patch shows its own weight.
            drawing=ForAndAgainst(percentile=100),
        ),
    ),
)
"""Drawings of LIME's weights: the five strongest patches outlined, all patches with lines whose
strength is the weight, or all patches coloured by their weight."""
