"""All explanations of an image, as the panel shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from explanations import catalogue
from explanations.catalogue import Legend, Method
from explanations.models import ClassifierWeights, Explanation, Prediction, StudyImage
from explanations.pipeline import pictures
from explanations.store.artefacts import ArtefactError
from studyplatform.panel.method_names import method_name


@dataclass(frozen=True)
class Card:
    """An explanation and its texts. ``problem`` replaces the picture if its file is damaged."""

    explanation: Explanation
    label: str
    caption: str
    legend: Legend | None
    alt: str
    problem: str
    flags: tuple[str, ...]
    diagnostics: tuple[tuple[str, Any], ...]
    provenance: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Row:
    """A classifier's prediction with its explanations."""

    prediction: Prediction
    cards: tuple[Card, ...]
    """One card per method."""
    layers: tuple["Layers", ...]
    """One entry per method that was computed layer by layer, or empty if there is none."""


@dataclass(frozen=True)
class Layers:
    """A method's maps of the feature modules, from the image to the classes."""

    label: str
    cards: tuple[Card, ...]


def gallery(image: StudyImage) -> list[Row]:
    """Return every prediction of an image, with its explanations in the catalogue's order."""
    predictions = image.predictions.select_related("classifier").prefetch_related("explanations")
    return [_row(prediction) for prediction in predictions.order_by("classifier_id")]


def rows_of(
    classifier: ClassifierWeights, images: Sequence[StudyImage], *, layers: bool = True
) -> list[Row]:
    """Return the classifier's predictions of the images, in their order, with their explanations.

    Takes two queries however many images they are. Images without a prediction are left out.
    Without ``layers``, maps of layers are not read.
    """
    predictions = (
        Prediction.objects.filter(classifier=classifier, image__in=images)
        .select_related("image", "classifier")
        .prefetch_related("explanations")
    )
    by_image = {prediction.image_id: prediction for prediction in predictions}
    return [_row(by_image[image.pk], layers) for image in images if image.pk in by_image]


def _row(prediction: Prediction, with_layers: bool = True) -> Row:
    rows = sorted(prediction.explanations.all(), key=_place)
    kinds = {method.key for method in catalogue.LAYERED}
    layers = (
        Layers(
            method_name(method),
            tuple(_card(row) for row in sorted(rows, key=_depth) if _kind(row) == method.key),
        )
        for method in (catalogue.LAYERED if with_layers else ())
    )
    return Row(
        prediction,
        tuple(_card(row) for row in rows if _kind(row) not in kinds),
        tuple(layer for layer in layers if layer.cards),
    )


def _kind(explanation: Explanation) -> str:
    return explanation.method.rpartition("_")[0]


def _depth(explanation: Explanation) -> int:
    return int(explanation.parameters.get("layer", 0))


def _place(explanation: Explanation) -> tuple[int, bool, int]:
    keys = [method.key for method in catalogue.EVERY]
    plain = catalogue.without_amount(explanation.method)
    place = keys.index(plain) if plain in keys else len(keys)
    return (place, bool(explanation.other_class), explanation.pk)


def _card(explanation: Explanation) -> Card:
    try:
        method = catalogue.get(explanation.method)
        alt, problem = pictures.alt_text(explanation), ""
        label, legend = _label(method, explanation), method.legend
        caption = pictures.caption(explanation, explanation.explained_class)
    # A damaged map must not hide the other maps of the image.
    except (ArtefactError, catalogue.UnknownMethodError) as error:
        label, caption, alt, legend, problem = explanation.method, "", "", None, str(error)
    return Card(
        explanation=explanation,
        label=label,
        caption=caption,
        legend=legend and Legend(gettext(legend.low), gettext(legend.high)),
        alt=alt,
        problem=problem,
        flags=tuple(gettext(catalogue.FLAGS.get(flag, flag)) for flag in _flags(explanation)),
        diagnostics=tuple(_readable(_figures(explanation))),
        provenance=tuple(_readable(_flat(explanation.provenance))),
    )


def _label(method: Method, explanation: Explanation) -> str:
    other = explanation.other_class
    name = method_name(method)
    if not other:
        return name
    return gettext("%(method)s, of the class %(label)s") % {"method": name, "label": other}


def _flags(explanation: Explanation) -> list[str]:
    return list(explanation.diagnostics.get("flags", []))


def _figures(explanation: Explanation) -> dict[str, Any]:
    """Return the diagnostics, then the parameters that no diagnostic repeats.

    The diagnostics replace a parameter such as layer -1 by the layer's actual number.
    """
    figures = {name: value for name, value in explanation.diagnostics.items() if name != "flags"}
    return figures | {k: v for k, v in explanation.parameters.items() if k not in figures}


def _flat(provenance: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in provenance.items():
        flat |= value if isinstance(value, dict) else {key: value}
    return flat


def _readable(values: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (
            str(FIGURES.get(key, key.replace("_", " "))),
            f"{value:.4g}" if isinstance(value, float) else _shown(value),
        )
        for key, value in values.items()
    ]


FIGURES: Mapping[str, Promise] = {
    "arithmetic": _("arithmetic (strict, or fast with errors up to .001)"),
    "r2": _("R², share of the classifier's changes that LIME's linear model explains"),
    "intercept": _("intercept of LIME's linear model"),
    "sigma": _("sigma of the smoothing before LIME's segmentation"),
    "kernel_width": _("width of LIME's kernel (smaller: nearer to the image)"),
}
"""Names of figures and parameters that the field knows by a symbol or a word of the program."""


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return " × ".join(str(item) for item in value)
    return str(value) or "–"
