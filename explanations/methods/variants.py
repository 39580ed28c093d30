"""Variants of a method that a study can choose, and the wording of each choice."""

from dataclasses import dataclass

from explanations.translatable import gettext_noop as _


@dataclass(frozen=True)
class Value:
    """One value of a parameter, with the wording that it implies."""

    value: str
    label: str
    """Appended to the method's own label."""
    caption: str
    reading: str
    """The sentence of ``how_to_read`` that depends on the value."""


@dataclass(frozen=True)
class Parameter:
    """Parameter of a method that a study file can set. ``values`` starts with the default."""

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
            "from black",
            _(
                "Compared with an all-black picture, orange pixels counted in favour of {answer} "
                "and blue pixels against it."
            ),
            _(
                "The picture is compared with an all-black picture, so black pixels "
                "are never coloured."
            ),
        ),
        Value(
            "grey",
            "from grey",
            _(
                "Compared with an all-grey picture, orange pixels counted in favour of {answer} "
                "and blue pixels against it."
            ),
            _(
                "The picture is compared with an all-grey picture, so pixels of that "
                "grey are never "
                "coloured."
            ),
        ),
        Value(
            "white",
            "from white",
            _(
                "Compared with an all-white picture, orange pixels counted in favour of {answer} "
                "and blue pixels against it."
            ),
            _(
                "The picture is compared with an all-white picture, so white pixels "
                "are never coloured."
            ),
        ),
        Value(
            "mean",
            "from the mean colour",
            _(
                "Compared with a plain picture of a single colour, orange pixels counted in favour "
                "of {answer} and blue pixels against it."
            ),
            _(
                "The picture is compared with a plain picture of a single colour, the "
                "average of all "
                "pictures that the classifier learned from."
            ),
        ),
        Value(
            "blurred",
            "from the blurred image",
            _(
                "Compared with a blurred copy of the picture, orange pixels counted in favour of "
                "{answer} and blue pixels against it."
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
