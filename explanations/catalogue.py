"""The explanation methods: everything that is known of each stands here, once.

A new method is a file in ``explanations/methods`` and an entry here. Reading this list imports no
torch: the code of a method is found by its path when it is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from explanations.methods.variants import BASELINE, Parameter, Value
from explanations.rendering.drawing import Drawing
from explanations.rendering.layers import ForAndAgainst, Glow, Heat
from explanations.rendering.outlines import Outlines
from explanations.translatable import Say
from explanations.translatable import gettext_noop as _

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
class ReferenceLibrary:
    """The library whose numbers a method's must be, and the function that asks it."""

    library: str
    path: str


@dataclass(frozen=True)
class Method:
    """A way to explain a prediction by a map over the image."""

    key: str
    label: str
    path: str
    """Where its code is: module and class, joined by a dot."""
    caption: str
    """Stands under the picture; ``{answer}`` is the predicted class."""
    how_to_read: tuple[str, ...]
    """Sentences for people who have never seen such a map."""
    legend: Legend
    drawing: Drawing
    needs_background: bool = False
    is_placebo: bool = False
    reference: ReferenceLibrary | None = None
    """None where no library computes this method."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Of its code, where they are not the defaults."""
    choice: Parameter | None = None
    """What a condition of a study may choose of it."""
    variant_of: str = ""
    """Key of the method that another choice was made of; empty for a method of the list below."""

    @property
    def full_label(self) -> str:
        """With what is chosen of it, the usual included."""
        return f"{self.label}, {self.choice.usual.label}" if self.choice else self.label

    @property
    def by_choice(self) -> dict[str, "Method"]:
        """By each value that can be chosen: itself by the usual one, variants by the others."""
        if self.choice is None:
            return {}
        usual, *others = self.choice.values
        return {usual.value: self} | {
            other.value: self._variant(self.choice, other) for other in others
        }

    def _variant(self, choice: Parameter, chosen: Value) -> "Method":
        usual = choice.usual.reading
        return replace(
            self,
            key=f"{self.key}_{chosen.value}",
            label=f"{self.label}, {chosen.label}",
            caption=chosen.caption,
            how_to_read=tuple(
                chosen.reading if sentence == usual else sentence for sentence in self.how_to_read
            ),
            parameters={**self.parameters, choice.name: chosen.value},
            choice=None,
            variant_of=self.key,
        )

    def caption_for(self, label: str | None, *, empty: bool = False, say: Say = str) -> str:
        """The caption with the name of the predicted class; ``empty``: that of an all-zero map.

        None for a page on which the class must be guessed: then no class is named.
        """
        text = say(EMPTY_CAPTION if empty else self.caption)
        answer = say(_UNNAMED) if label is None else say(_NAMED).replace("{label}", label)
        return text.replace("{answer}", answer)

    def caption_of_each(self, *, say: Say = str) -> str:
        """The one caption of several maps, each of a class of its own."""
        return say(self.caption).replace("{answer}", say(_OF_ITS_OWN))

    def explainer(self) -> "Explainer":
        """The method itself, with the parameters of this entry; imports torch."""
        module, _, name = self.path.rpartition(".")
        explainer: Explainer = getattr(import_module(module), name)(**self.parameters)
        return explainer


FLAGS = {
    "empty": "No region speaks for the class: the map is empty.",
    "zero_gradient": "The score does not react to any pixel: every value is zero.",
    "image_is_the_baseline": "The image equals the baseline, so there is no change to share out.",
    "does_not_add_up": "The shares miss the change of the score by more than one in ten thousand.",
    "one_patch": "The image is one single patch: LIME has nothing to compare.",
    "constant_probability": "The probability is the same whatever is covered: LIME finds nothing.",
    "poor_fit": "LIME's linear model explains less than 30 % of the variance: do not lean on it.",
    "certain": "The probability is 1 to seven digits.",
}
"""What a method may say of a map in its diagnostics, in words for researchers."""

_NAMED = _("“{label}”")
_UNNAMED = _("the classifier's answer")
_OF_ITS_OWN = _("the class of the map")
EMPTY_CAPTION = _("The map is empty: it marks no part of the image as counting towards {answer}.")
_HEAT_CAPTION = _(
    "Yellow regions counted most towards {answer}, dark blue regions counted little or not at all."
)
_HEAT_READING = (
    _("A layer of colour lies over the image."),
    _(
        "Yellow marks the regions that counted most towards the classifier's answer; "
        "dark blue marks regions that counted little or not at all."
    ),
    _("The map is coarse: it shows regions, not single pixels."),
    _(
        "The colours compare regions within one image; "
        "they say nothing about how sure the classifier is."
    ),
)
_PIXELS_READING = (
    _("The image is shown pale and grey, with some of its pixels coloured."),
    _(
        "Orange pixels spoke for the classifier's answer, blue pixels spoke against it; "
        "the stronger the colour, the more they counted."
    ),
)
_HEAT_LEGEND = Legend(_("counted little"), _("counted most"))
_FOR_AND_AGAINST = Legend(_("spoke against"), _("spoke for"))

METHODS: tuple[Method, ...] = (
    Method(
        key="gradcam",
        label="Grad-CAM",
        path="explanations.methods.gradcam.GradCam",
        caption=_HEAT_CAPTION,
        how_to_read=_HEAT_READING,
        legend=_HEAT_LEGEND,
        drawing=Heat(),
        reference=ReferenceLibrary("captum", "explanations.verification.reference_methods.gradcam"),
    ),
    Method(
        key="saliency",
        label="Saliency map",
        path="explanations.methods.saliency.Saliency",
        caption=_(
            "The brighter a pixel glows, the more a small change of it would raise or lower the "
            "score of {answer}."
        ),
        how_to_read=(
            _("The image is dimmed and some of its pixels glow."),
            _(
                "The brighter a pixel glows, the more the classifier's answer would change "
                "if this pixel were changed a little."
            ),
            _("Glowing does not tell whether a pixel spoke for or against the answer."),
            _("The brightness compares pixels within one image only."),
        ),
        legend=Legend(_("hardly matters"), _("matters most")),
        drawing=Glow(),
        reference=ReferenceLibrary(
            "captum", "explanations.verification.reference_methods.saliency"
        ),
    ),
    Method(
        key="integrated_gradients",
        label="Integrated Gradients",
        path="explanations.methods.integrated_gradients.IntegratedGradients",
        caption=BASELINE.usual.caption,
        how_to_read=(
            *_PIXELS_READING,
            BASELINE.usual.reading,
            _("The colours compare pixels within one image only."),
        ),
        legend=_FOR_AND_AGAINST,
        drawing=ForAndAgainst(percentile=99),
        reference=ReferenceLibrary(
            "captum", "explanations.verification.reference_methods.integrated_gradients"
        ),
        choice=BASELINE,
    ),
    Method(
        key="deepshap",
        label="SHAP",
        path="explanations.methods.deepshap.DeepShap",
        caption=_(
            "Orange pixels spoke for {answer}, blue pixels against it, compared with 100 typical "
            "images."
        ),
        how_to_read=(
            *_PIXELS_READING,
            _("The comparison is with 100 typical images that the classifier has learned from."),
            _("The colours compare pixels within one image only."),
        ),
        legend=_FOR_AND_AGAINST,
        drawing=ForAndAgainst(percentile=99.5),
        needs_background=True,
        reference=ReferenceLibrary("shap", "explanations.verification.reference_methods.deepshap"),
    ),
    Method(
        key="lime",
        label="LIME",
        path="explanations.methods.lime.Lime",
        caption=_(
            "Patches with a solid blue outline spoke for {answer}, patches with a dashed orange "
            "outline against it."
        ),
        how_to_read=(
            _("The image is divided into patches, and the five that counted most are outlined."),
            _(
                "A solid blue outline marks a patch that spoke for the classifier's answer; "
                "a dashed orange outline marks one that spoke against it."
            ),
            _("It was found by covering patches and watching how the classifier's answer changed."),
            _("Patches without an outline counted less."),
        ),
        legend=_FOR_AND_AGAINST,
        drawing=Outlines(),
        reference=ReferenceLibrary("lime", "explanations.verification.reference_methods.lime"),
    ),
    # The placebos share Grad-CAM's words and colours to the letter: nothing may tell them apart.
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
    Method(
        key="placebo_borrowed",
        label="Placebo: another image's map",
        path="explanations.methods.borrowed.Borrowed",
        caption=_HEAT_CAPTION,
        how_to_read=_HEAT_READING,
        legend=_HEAT_LEGEND,
        drawing=Heat(),
        needs_background=True,
        is_placebo=True,
    ),
)

EVERY: tuple[Method, ...] = tuple(
    one for method in METHODS for one in (tuple(method.by_choice.values()) or (method,))
)
"""The methods, each followed by its variants: what a condition can show."""

LAYERED: tuple[Method, ...] = (
    Method(
        key="gradcam_layer",
        label="Grad-CAM",
        path="explanations.methods.layers.LayerGradCam",
        caption=_HEAT_CAPTION,
        how_to_read=_HEAT_READING,
        legend=_HEAT_LEGEND,
        drawing=Heat(),
        reference=ReferenceLibrary("captum", "explanations.verification.reference_methods.gradcam"),
    ),
    Method(
        key="saliency_layer",
        label="Saliency map",
        path="explanations.methods.layers.LayerSaliency",
        caption="The brighter a cell glows, the more a small change of the layer's output there "
        "would change how strongly the classifier answers “{label}”.",
        how_to_read=(
            "The image is dimmed and some of its cells glow.",
            "The brighter a cell glows, the more the classifier's answer would change "
            "if what the layer found there were changed a little.",
            "The brightness compares cells within one layer only.",
        ),
        legend=Legend("hardly matters", "matters most"),
        drawing=Glow(),
    ),
)
"""What can be computed of every feature module: for researchers, never for a condition."""


def of_module(number: int) -> tuple[Method, ...]:
    """The methods that look at one feature module, numbered from 0."""
    return tuple(
        replace(
            method,
            key=f"{method.key}_{number}",
            label=f"{method.label}, module {number}",
            parameters={"layer": number},
        )
        for method in LAYERED
    )


def get(key: str) -> Method:
    """The method of this key; UnknownMethodError lists the keys there are."""
    number = key.rpartition("_")[2]
    layered = of_module(int(number)) if number.isdecimal() else ()
    for method in (*EVERY, *layered):
        if method.key == key:
            return method
    known = ", ".join(method.key for method in EVERY)
    raise UnknownMethodError(f"There is no method {key!r}. Choose from: {known}.")


def choices() -> list[tuple[str, str]]:
    """Keys with labels, for forms and filters."""
    return [(method.key, method.label) for method in EVERY]


def base_of(key: str) -> str:
    """Key of the method that ``key`` is a variant of; any other key as it is."""
    return next((one.variant_of for one in EVERY if one.key == key and one.variant_of), key)
