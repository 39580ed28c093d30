"""What a condition of a study may choose of a method, and the words that go with each choice."""

from dataclasses import dataclass

from explanations.translatable import gettext_noop as _


@dataclass(frozen=True)
class Value:
    """One value of a parameter, and what is then said of the method."""

    value: str
    label: str
    """Behind the method's own label."""
    caption: str
    reading: str
    """The sentence of ``how_to_read`` that hangs on the value."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a method that a study file can choose; ``values``: the usual one first."""

    name: str
    values: tuple[Value, ...]

    @property
    def usual(self) -> Value:
        return self.values[0]

    @property
    def known(self) -> list[str]:
        return [value.value for value in self.values]


BASELINE = Parameter(
    "baseline",
    (
        Value(
            "black",
            "from black",
            _(
                "Orange pixels spoke for {answer}, blue pixels against it, compared with an "
                "all-black image."
            ),
            _("The comparison is with an all-black image, so black pixels never get a colour."),
        ),
        Value(
            "grey",
            "from grey",
            _(
                "Orange pixels spoke for {answer}, blue pixels against it, compared with an "
                "all-grey image."
            ),
            _(
                "The comparison is with an all-grey image, so pixels of that grey never get a "
                "colour."
            ),
        ),
        Value(
            "white",
            "from white",
            _(
                "Orange pixels spoke for {answer}, blue pixels against it, compared with an "
                "all-white image."
            ),
            _("The comparison is with an all-white image, so white pixels never get a colour."),
        ),
        Value(
            "mean",
            "from the mean colour",
            _(
                "Orange pixels spoke for {answer}, blue pixels against it, compared with an image "
                "of one colour."
            ),
            _(
                "The comparison is with an image of one colour, the average of all images that "
                "the classifier has learned from."
            ),
        ),
        Value(
            "blurred",
            "from the blurred image",
            _(
                "Orange pixels spoke for {answer}, blue pixels against it, compared with a blurred "
                "copy of the image."
            ),
            _(
                "The comparison is with a blurred copy of the image, so even areas, which a blur "
                "leaves as they are, hardly get a colour."
            ),
        ),
    ),
)
"""Where Integrated Gradients starts: a key of ``explanations.methods.baselines`` and its words."""
