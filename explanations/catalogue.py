"""Catalogue of the explanation methods: key, label, words, code and drawing of each method.

A new method is a file in ``explanations/methods`` and an entry here, or an entry point of another
package. Reading this catalogue does not import torch: a method's code is resolved by its path when
it is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from explanations.methods import plugins
from explanations.methods.amounts import Amount, AmountError, split_key
from explanations.methods.variants import BASELINE, DRAWING, Parameter, Value
from explanations.rendering.drawing import Drawing
from explanations.rendering.layers import ForAndAgainst, Glow, Heat
from explanations.rendering.outlines import Outlines
from explanations.translatable import Say
from explanations.translatable import gettext_noop as _

if TYPE_CHECKING:
    from explanations.methods.protocol import Explainer


class UnknownMethodError(ValueError):
    """Unknown method key. The message lists the valid keys."""


@dataclass(frozen=True)
class Legend:
    """Meaning of the two ends of the colour scale.

    ``is_signed``: the low end is evidence against the answer, and the high end is evidence for it.
    """

    low: str
    high: str
    is_signed: bool = False


@dataclass(frozen=True)
class ReferenceLibrary:
    """Library whose numbers a method must reproduce, and the function that calls it."""

    library: str
    path: str
    for_other_networks: str = ""
    """Function for networks that are not chains of modules, if the library is wrong for them."""


@dataclass(frozen=True)
class Method:
    """A way to explain a prediction by a map over the image."""

    key: str
    label: str
    path: str
    """Dotted path of the method's class, resolved when it is first needed."""
    caption: str
    """Caption under the picture. ``{answer}`` is the predicted class."""
    how_to_read: tuple[str, ...]
    """Sentences for readers who have never seen such a map."""
    legend: Legend
    drawing: Drawing
    needs_background: bool = False
    is_placebo: bool = False
    by_default: bool = False
    """Whether commands compute the method if none is named: the five methods of the report."""
    read_like: str = ""
    """Key of a method whose pictures are read in the same way, so that its comprehension questions
    fit this method, too. Empty if a quiz names the method."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """Flags of the method's own diagnostics, in words for researchers."""
    package: str = ""
    """Name and version of the package that adds the method. Empty for this project's methods."""
    reference: ReferenceLibrary | None = None
    """Reference implementation, or None if no library computes this method."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the method's class that differ from its defaults."""
    choice: Parameter | None = None
    """Parameter or drawing that a study file can choose."""
    amount: Amount | None = None
    """Number of samples or steps that a study file can choose, or None if there is none."""
    variant_of: str = ""
    """Key of the method of which this is a variant. Empty for a method of the list below."""

    @property
    def full_label(self) -> str:
        """Return the label with the value of the choice, including the default value."""
        usual = self.choice.usual.label if self.choice else ""
        return f"{self.label}, {usual}" if usual else self.label

    @property
    def by_choice(self) -> dict[str, "Method"]:
        """Return the method itself for the default value, and its variants for the other values."""
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
            how_to_read=chosen.how_to_read
            or tuple(
                chosen.reading if sentence == usual else sentence for sentence in self.how_to_read
            ),
            drawing=chosen.drawing or self.drawing,
            parameters=self.parameters
            if chosen.drawing
            else {**self.parameters, choice.name: chosen.value},
            choice=None,
            variant_of=self.key,
        )

    def with_amount(self, number: int | None, tolerance: float | None = None) -> "Method":
        """Return the variant with this number of samples or steps, and this tolerance.

        None stands for the default number and for no tolerance; the method itself has both. Raises
        AmountError for a number or tolerance that the method cannot have.
        """
        if number is None and tolerance is None:
            return self
        if self.amount is None:
            raise AmountError(f"{self.label} has no samples or steps to choose.")
        self.amount.check(number, tolerance)
        ending = self.amount.ending(number, tolerance)
        if not ending:
            return self
        chosen = {self.amount.name: number} if number is not None else {}
        stops = {"tolerance": tolerance} if tolerance is not None else {}
        return replace(
            self,
            key=self.amount.joined(self.key, ending),
            label=f"{self.full_label}, {self.amount.in_words(number, tolerance)}",
            parameters={**self.parameters, **chosen, **stops},
            choice=None,
            amount=None,
            variant_of=self.variant_of or self.key,
        )

    @property
    def ends(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Return the colours of the legend's low and high end, as RGB from 0 to 255.

        Each is the most saturated colour of the outer quarter, so that lines on white count, too.
        """
        drawn = np.rint(self.drawing.legend() * 255).astype(int)
        quarter = drawn.shape[1] // 4
        low, high = (part.reshape(-1, 3) for part in (drawn[:, :quarter], drawn[:, -quarter:]))
        (a, b, c), (d, e, f) = (part[np.ptp(part, axis=1).argmax()] for part in (low, high))
        return (int(a), int(b), int(c)), (int(d), int(e), int(f))

    def caption_for(self, label: str | None, *, empty: bool = False, say: Say = str) -> str:
        """Return the caption with the name of the predicted class.

        ``label`` is None on a page where the class must be guessed; the caption then names no
        class. With ``empty``, it is the caption of an all-zero map.
        """
        text = say(EMPTY_CAPTION if empty else self.caption)
        answer = say(_UNNAMED) if label is None else say(_NAMED).replace("{label}", label)
        return text.replace("{answer}", answer)

    def caption_of_each(self, *, say: Say = str) -> str:
        """Return a common caption of several maps, each of a different class."""
        return say(self.caption).replace("{answer}", say(_OF_ITS_OWN))

    def explainer(self) -> "Explainer":
        """Create the method's explainer with the parameters of this entry. This imports torch."""
        module, _, name = self.path.rpartition(".")
        explainer: Explainer = getattr(import_module(module), name)(**self.parameters)
        return explainer


FLAGS = {
    "empty": _("No region supports the class, so the map is empty."),
    "zero_gradient": _("The score does not react to any pixel, so every value is zero."),
    "image_is_the_baseline": _("The image equals the baseline, so the score does not change."),
    "does_not_add_up": _("The shares miss the change of the score by more than 0.01 %."),
    "coarse_steps": _("The shares miss the change of the score by more than 5 %: raise the steps."),
    "ties": _(
        "The image has a single colour, so its pixels are interchangeable. Ties have no unique "
        "answer: other maps would be equally right."
    ),
    "one_patch": _("The image consists of a single patch, so LIME cannot compare patches."),
    "constant_probability": _(
        "Covering patches does not change the probability: the map is empty."
    ),
    "poor_fit": _(
        "LIME's linear model explains less than 30 percent of the variance: do not rely on it."
    ),
    "no_patch_matters": _(
        "No patch changes the probability by 5 percentage points: the patches that stand out do "
        "so by chance or by very little."
    ),
    "certain": _("The probability is 1 to seven digits."),
    "tolerance_not_reached": _(
        "With the full number of samples, the map still changed by more than the tolerance: "
        "raise the samples, or do not rely on its details."
    ),
    "coarse_samples": _(
        "The shares miss the change of the score by more than 5 %, as shares from random "
        "samples do: raise the samples."
    ),
    "no_window_matters": _("Covering windows does not change the score: the map is empty."),
}
"""Diagnostics that a method can report about a map, in words for researchers."""

_NAMED = _("“{label}”")
_UNNAMED = _("the classifier's answer")
_OF_ITS_OWN = _("the class of the map")
EMPTY_CAPTION = _("The map is empty: it marks no part of the picture as evidence for {answer}.")
_HEAT_CAPTION = _(
    "Yellow regions are the strongest evidence for {answer}, dark blue regions are little or no "
    "evidence."
)
_HEAT_READING = (
    _("A layer of colour lies over the picture."),
    _(
        "Yellow marks the regions that are the strongest evidence for the classifier's answer; "
        "dark blue marks regions that are little or no evidence."
    ),
    _("The map is coarse: it shows regions, not single pixels."),
    _(
        "The colours compare regions within one picture; they do not show how "
        "sure the classifier is."
    ),
)
_PIXELS_READING = (
    _("The picture is shown pale and grey, with some of its pixels coloured."),
    _(
        "Orange pixels are evidence for the classifier's answer, blue pixels are evidence against "
        "it; the stronger the colour, the stronger the evidence."
    ),
)
_HEAT_LEGEND = Legend(_("weak evidence"), _("strong evidence"))
# Orange is in favour and blue against in every signed map, because a study may show several.
_FOR_AND_AGAINST = Legend(_("evidence against"), _("evidence for"), is_signed=True)

_GLOW_CAPTION = _(
    "The brighter a pixel glows, the more a small change to it would raise or lower the score of "
    "{answer}."
)
_GLOW_READING = (
    _("The picture is dimmed and some of its pixels glow."),
    _(
        "The brighter a pixel glows, the more the classifier's answer would change if this pixel "
        "were changed a little."
    ),
    _("The glow does not show whether a pixel is evidence for the answer or against it."),
    _("The brightness compares only pixels within one picture."),
)
_GLOW_LEGEND = Legend(_("hardly matters"), _("matters most"))
_TYPICAL_CAPTION = _(
    "Compared with 100 typical pictures, orange pixels are evidence for {answer} and "
    "blue pixels evidence against it."
)
_TYPICAL_READING = (
    *_PIXELS_READING,
    _("The picture is compared with 100 typical pictures that the classifier learned from."),
    _("The colours compare only pixels within one picture."),
)

BUILT_IN: tuple[Method, ...] = (
    Method(
        key="gradcam",
        by_default=True,
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
        by_default=True,
        label=_("Saliency map"),
        path="explanations.methods.saliency.Saliency",
        caption=_GLOW_CAPTION,
        how_to_read=_GLOW_READING,
        legend=_GLOW_LEGEND,
        drawing=Glow(),
        reference=ReferenceLibrary(
            "captum", "explanations.verification.reference_methods.saliency"
        ),
    ),
    Method(
        key="integrated_gradients",
        by_default=True,
        label="Integrated Gradients",
        path="explanations.methods.integrated_gradients.IntegratedGradients",
        caption=BASELINE.usual.caption,
        how_to_read=(
            *_PIXELS_READING,
            BASELINE.usual.reading,
            _("The colours compare only pixels within one picture."),
        ),
        legend=_FOR_AND_AGAINST,
        drawing=ForAndAgainst(percentile=99),
        reference=ReferenceLibrary(
            "captum", "explanations.verification.reference_methods.integrated_gradients"
        ),
        choice=BASELINE,
        amount=Amount("steps", 50, least=5, most=1000),
    ),
    Method(
        key="deepshap",
        by_default=True,
        label="SHAP",
        path="explanations.methods.deepshap.DeepShap",
        caption=_TYPICAL_CAPTION,
        how_to_read=_TYPICAL_READING,
        legend=_FOR_AND_AGAINST,
        drawing=ForAndAgainst(percentile=99.5),
        needs_background=True,
        reference=ReferenceLibrary(
            "shap",
            "explanations.verification.reference_methods.deepshap",
            "explanations.verification.rescale_reference.deepshap",
        ),
    ),
    Method(
        key="lime",
        by_default=True,
        label="LIME",
        path="explanations.methods.lime.Lime",
        caption=DRAWING.usual.caption,
        how_to_read=DRAWING.usual.how_to_read,
        legend=_FOR_AND_AGAINST,
        drawing=Outlines(),
        reference=ReferenceLibrary("lime", "explanations.verification.reference_methods.lime"),
        choice=DRAWING,
        amount=Amount("samples", 1000, least=50, most=20_000, stops=True),
    ),
    # The placebos have exactly Grad-CAM's words and colours, so that nothing distinguishes them.
    Method(
        key="placebo",
        label=_("Placebo map"),
        path="explanations.methods.placebo.Placebo",
        caption=_HEAT_CAPTION,
        how_to_read=_HEAT_READING,
        legend=_HEAT_LEGEND,
        drawing=Heat(),
        is_placebo=True,
    ),
    Method(
        key="placebo_borrowed",
        label=_("Placebo: another image's map"),
        path="explanations.methods.borrowed.Borrowed",
        caption=_HEAT_CAPTION,
        how_to_read=_HEAT_READING,
        legend=_HEAT_LEGEND,
        drawing=Heat(),
        needs_background=True,
        is_placebo=True,
    ),
    Method(
        key="smoothgrad",
        label="SmoothGrad",
        path="explanations.methods.smoothgrad.SmoothGrad",
        caption=_GLOW_CAPTION,
        how_to_read=_GLOW_READING,
        legend=_GLOW_LEGEND,
        drawing=Glow(),
        read_like="saliency",
        reference=ReferenceLibrary(
            "captum", "explanations.verification.reference_methods.smoothgrad"
        ),
        amount=Amount("samples", 50, least=2, most=10_000),
    ),
    Method(
        key="gradcam_plus_plus",
        label="Grad-CAM++",
        path="explanations.methods.gradcam_plus_plus.GradCamPlusPlus",
        caption=_HEAT_CAPTION,
        how_to_read=_HEAT_READING,
        legend=_HEAT_LEGEND,
        drawing=Heat(),
        read_like="gradcam",
    ),
    Method(
        key="gradient_shap",
        label="GradientSHAP",
        path="explanations.methods.gradient_shap.GradientShap",
        caption=_TYPICAL_CAPTION,
        how_to_read=_TYPICAL_READING,
        legend=_FOR_AND_AGAINST,
        drawing=ForAndAgainst(percentile=99.5),
        needs_background=True,
        read_like="deepshap",
        reference=ReferenceLibrary(
            "shap", "explanations.verification.reference_methods.gradient_shap"
        ),
        amount=Amount("samples", 200, least=10, most=20_000, stops=True),
    ),
    Method(
        key="lrp",
        label="LRP",
        path="explanations.methods.lrp.Lrp",
        caption=_(
            "Orange pixels are evidence for {answer}, blue pixels are evidence against it; the "
            "stronger the colour, the stronger the evidence."
        ),
        how_to_read=(
            *_PIXELS_READING,
            _(
                "The score of the classifier's answer is handed back, step by step, to the parts "
                "of the picture that led to it."
            ),
            _("The colours compare only pixels within one picture."),
        ),
        legend=_FOR_AND_AGAINST,
        drawing=ForAndAgainst(percentile=99.5),
        read_like="integrated_gradients",
        reference=ReferenceLibrary("captum", "explanations.verification.reference_methods.lrp"),
    ),
    Method(
        key="occlusion",
        label=_("Occlusion"),
        path="explanations.methods.occlusion.Occlusion",
        caption=_(
            "Orange regions are evidence for {answer}, because covering them lowers its score. "
            "Blue regions are evidence against it."
        ),
        how_to_read=(
            _("The picture is shown pale and grey, with coloured regions."),
            _(
                "Orange regions are evidence for the classifier's answer, blue regions are "
                "evidence against it; the stronger the colour, the stronger the evidence."
            ),
            _(
                "To measure this, one small square after another was covered and the change of "
                "the classifier's answer was recorded."
            ),
            _("The colours compare only regions within one picture."),
        ),
        legend=_FOR_AND_AGAINST,
        drawing=ForAndAgainst(percentile=100),
        read_like="integrated_gradients",
        reference=ReferenceLibrary(
            "captum", "explanations.verification.reference_methods.occlusion"
        ),
    ),
)

GROUP = "explanation_studies.methods"
"""Group of the entry points by which other packages add methods."""
_OTHERS, FAULTY = plugins.methods(GROUP, Method, {method.key for method in BUILT_IN})
"""Methods of other packages, and the reason why a package's method is left out, by key."""
METHODS: tuple[Method, ...] = (*BUILT_IN, *_OTHERS)

for _method in _OTHERS:
    FLAGS.update({key: words for key, words in _method.flags.items() if key not in FLAGS})

EVERY: tuple[Method, ...] = tuple(
    variant for method in METHODS for variant in (tuple(method.by_choice.values()) or (method,))
)
"""All methods, each followed by its variants: everything that a condition can show."""

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
        label=_("Saliency map"),
        path="explanations.methods.layers.LayerSaliency",
        caption="The brighter a cell glows, the more a small change to the layer's output there "
        "would change how strongly the classifier answers “{label}”.",
        how_to_read=(
            "The image is dimmed and some of its cells glow.",
            "The brighter a cell glows, the more the classifier's answer would change "
            "if the layer's output there were changed a little.",
            "The brightness compares only cells within one layer.",
        ),
        legend=Legend("hardly matters", "matters most"),
        drawing=Glow(),
    ),
)
"""Methods that are computed for every feature module, for researchers but never for a condition."""


def of_module(number: int) -> tuple[Method, ...]:
    """List the methods that explain one feature module, numbered from 0."""
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
    """Return the method with this key. UnknownMethodError lists the valid keys.

    A key may end in a number of samples or steps, as ``lime_samples_200`` does.
    """
    number = key.rpartition("_")[2]
    layered = of_module(int(number)) if number.isdecimal() else ()
    for method in (*EVERY, *layered):
        if method.key == key:
            return method
    if problem := _problem_with_amount(key):
        raise UnknownMethodError(f"Unknown method {key!r}. {problem}")
    if varied := _varied(key):
        return varied
    known = ", ".join(method.key for method in EVERY)
    faulty = f" {FAULTY[key]}" if key in FAULTY else ""
    raise UnknownMethodError(f"Unknown method {key!r}. Choose from: {known}.{faulty}")


def _varied(key: str) -> Method | None:
    """Return the method of a key that ends in an amount, or None if there is no such method."""
    plain, number, tolerance = split_key(key)
    base = next((method for method in EVERY if method.key == plain), None)
    if base is None:
        return None
    try:
        method = base.with_amount(number, tolerance)
    except AmountError:
        return None
    # Only one spelling of an amount is a key, so that equal maps have equal keys.
    return method if method.key == key else None


def _problem_with_amount(key: str) -> str:
    """Return why a known method cannot have the amount that a key ends in, or an empty text."""
    plain, number, tolerance = split_key(key)
    base = next((method for method in EVERY if method.key == plain), None)
    if base is None or plain == key:
        return ""
    try:
        method = base.with_amount(number, tolerance)
    except AmountError as error:
        return str(error)
    return "" if method.key == key else f"Write {method.key}."


def choices() -> list[tuple[str, str]]:
    """List keys with labels, for forms and filters."""
    return [(method.key, method.label) for method in EVERY]


def without_amount(key: str) -> str:
    """Return the key of the method or drawing, whatever number of samples or steps it has."""
    return split_key(key)[0] if _varied(key) else key


def base_of(key: str) -> str:
    """Return the key of the method of which ``key`` is a variant, or ``key`` itself."""
    plain = without_amount(key)
    variants = {method.key: method.variant_of for method in EVERY if method.variant_of}
    return variants.get(plain, plain)


def read_like(key: str) -> str:
    """Return the key of the method whose pictures are read as this method's, or an empty text."""
    plain = without_amount(key)
    return next((method.read_like for method in EVERY if method.key == plain), "")


def label_of(key: str) -> str:
    """Return the full label of a method, or the key itself if it is unknown."""
    try:
        return get(key).full_label
    except UnknownMethodError:
        return key


def numbers_of(key: str) -> str:
    """Return the key of the method whose random draws are used: for another drawing of a method, or
    another number of samples, the method itself.

    Two drawings of an image therefore show the same map, and fewer samples are the first of more.
    """
    plain = without_amount(key)
    redrawn = {m.key: m.variant_of for m in EVERY if m.variant_of and not _own_parameters(m)}
    return redrawn.get(plain, plain)


def _own_parameters(variant: Method) -> bool:
    base = next(method for method in METHODS if method.key == variant.variant_of)
    return variant.parameters != base.parameters
