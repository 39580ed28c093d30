"""The explanation methods: everything that is known of each stands here, once.

A new method is a file in ``explanations/methods`` and an entry here. Reading this list imports no
torch: the code of a method is found by its path when it is needed.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from explanations.rendering.drawing import Drawing
from explanations.rendering.layers import ForAndAgainst, Glow, Heat
from explanations.rendering.outlines import Outlines

if TYPE_CHECKING:
    from explanations.methods.protocol import Explainer


class UnknownMethodError(ValueError):
    """There is no such method; the message lists those there are."""


@dataclass(frozen=True)
class Legend:
    """What the two ends of the colour scale mean."""

    low: str
    high: str


@dataclass(frozen=True)
class Method:
    """A way to explain a prediction by a map over the image."""

    key: str
    label: str
    path: str
    """Where its code is: module and class, joined by a dot."""
    caption: str
    """Stands under the picture; ``{label}`` is the predicted class."""
    how_to_read: tuple[str, ...]
    """Sentences for people who have never seen such a map."""
    legend: Legend
    drawing: Drawing
    needs_background: bool = False
    is_placebo: bool = False

    def caption_for(self, label: str, *, empty: bool = False) -> str:
        """The caption with the name of the predicted class; ``empty``: that of an all-zero map."""
        return (EMPTY_CAPTION if empty else self.caption).format(label=label)

    def explainer(self) -> "Explainer":
        """The method itself, with its default parameters; imports torch."""
        module, _, name = self.path.rpartition(".")
        explainer: Explainer = getattr(import_module(module), name)()
        return explainer


EMPTY_CAPTION = "The map is empty: it marks no part of the image as counting towards “{label}”."
_HEAT_CAPTION = (
    "Yellow regions counted most towards “{label}”, dark blue regions counted little or not at all."
)
_HEAT_READING = (
    "A layer of colour lies over the image.",
    "Yellow marks the regions that counted most towards the classifier's answer; "
    "dark blue marks regions that counted little or not at all.",
    "The map is coarse: it shows regions, not single pixels.",
    "The colours compare regions within one image; "
    "they say nothing about how sure the classifier is.",
)
_HEAT_LEGEND = Legend("counted little", "counted most")
_FOR_AND_AGAINST = Legend("spoke against", "spoke for")

METHODS: tuple[Method, ...] = (
    Method(
        key="gradcam",
        label="Grad-CAM",
        path="explanations.methods.gradcam.GradCam",
        caption=_HEAT_CAPTION,
        how_to_read=_HEAT_READING,
        legend=_HEAT_LEGEND,
        drawing=Heat(),
    ),
    Method(
        key="saliency",
        label="Saliency map",
        path="explanations.methods.saliency.Saliency",
        caption="The brighter a pixel glows, the more a small change of it would change how "
        "strongly the classifier answers “{label}”.",
        how_to_read=(
            "The image is dimmed and some of its pixels glow.",
            "The brighter a pixel glows, the more the classifier's answer would change "
            "if this pixel were changed a little.",
            "Glowing does not tell whether a pixel spoke for or against the answer.",
            "The brightness compares pixels within one image only.",
        ),
        legend=Legend("hardly matters", "matters most"),
        drawing=Glow(),
    ),
    Method(
        key="integrated_gradients",
        label="Integrated Gradients",
        path="explanations.methods.integrated_gradients.IntegratedGradients",
        caption="Orange pixels spoke for “{label}”, blue pixels against it, compared with an "
        "all-black image.",
        how_to_read=(
            "The image is shown pale and grey, with some of its pixels coloured.",
            "Orange pixels spoke for the classifier's answer, blue pixels spoke against it; "
            "the stronger the colour, the more they counted.",
            "The comparison is with an all-black image, so black pixels never get a colour.",
            "The colours compare pixels within one image only.",
        ),
        legend=_FOR_AND_AGAINST,
        drawing=ForAndAgainst(percentile=99),
    ),
    Method(
        key="deepshap",
        label="SHAP",
        path="explanations.methods.deepshap.DeepShap",
        caption="Orange pixels spoke for “{label}”, blue pixels against it, compared with 100 "
        "typical images.",
        how_to_read=(
            "The image is shown pale and grey, with some of its pixels coloured.",
            "Orange pixels spoke for the classifier's answer, blue pixels spoke against it; "
            "the stronger the colour, the more they counted.",
            "The comparison is with 100 typical images that the classifier has learned from.",
            "The colours compare pixels within one image only.",
        ),
        legend=_FOR_AND_AGAINST,
        drawing=ForAndAgainst(percentile=99.5),
        needs_background=True,
    ),
    Method(
        key="lime",
        label="LIME",
        path="explanations.methods.lime.Lime",
        caption="Patches with a solid blue outline spoke for “{label}”, patches with a dashed "
        "orange outline against it.",
        how_to_read=(
            "The image is divided into patches, and the five that counted most are outlined.",
            "A solid blue outline marks a patch that spoke for the classifier's answer; "
            "a dashed orange outline marks one that spoke against it.",
            "It was found by covering patches and watching how the classifier's answer changed.",
            "Patches without an outline counted less.",
        ),
        legend=_FOR_AND_AGAINST,
        drawing=Outlines(),
    ),
    # The placebo shares Grad-CAM's words and colours to the letter: nothing may tell them apart.
    Method(
        key="placebo",
        label="Placebo map",
        path="explanations.methods.placebo.Placebo",
        caption=_HEAT_CAPTION,
        how_to_read=_HEAT_READING,
        legend=_HEAT_LEGEND,
        drawing=Heat(),
        is_placebo=True,
    ),
)


def get(key: str) -> Method:
    """The method of this key; UnknownMethodError lists the keys there are."""
    for method in METHODS:
        if method.key == key:
            return method
    known = ", ".join(method.key for method in METHODS)
    raise UnknownMethodError(f"There is no method {key!r}. Choose from: {known}.")


def choices() -> list[tuple[str, str]]:
    """Keys with labels, for forms and filters."""
    return [(method.key, method.label) for method in METHODS]
