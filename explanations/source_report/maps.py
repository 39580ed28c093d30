"""The maps of the report's chapters, for one network: which image, which maps, which numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.computing.resizing import enlarged
from explanations.evaluation.cases import Case
from explanations.methods.deepshap import DeepShap
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.rendering.layers import ForAndAgainst, Glow, Heat
from explanations.rendering.outlines import GradedOutlines, Outlines
from explanations.source_report import pictures
from explanations.source_report.numbers import BASELINES, Network
from explanations.source_report.verdicts import KINDS
from explanations.source_report.wording import percent, worded

COMPARED = ("gradcam", "saliency", "lime", "integrated_gradients", "deepshap")
MODERATE = 0.8
"""Probability of LIME's second example: in the first, usually no patch matters."""


@dataclass(frozen=True)
class Picture:
    """A picture with its words."""

    uri: str
    title: str
    note: str = ""


@dataclass(frozen=True)
class Example:
    """An image of a class with its maps."""

    title: str
    sentence: str
    pictures: Sequence[Picture]
    which: str = ""
    """Word that tells several images of a network apart."""


def layers(network: Network, case: Case, method: str) -> Example:
    """Draw Grad-CAM or saliency of every feature module."""
    explanations = network.engine.explain(
        case.image[None], [case.predicted], ("gradcam",), layers=True
    )
    maps = explanations.layers
    assert maps is not None  # noqa: S101 - requested above
    drawing = Heat() if method == "gradcam" else Glow()
    found = []
    for module, native in enumerate(getattr(maps, method)):
        cells = np.maximum(native[0], 0)
        cells_as_tensor = torch.from_numpy(cells)[None, None]
        enlarging = "bilinear" if method == "gradcam" else "nearest"
        relevance = enlarged(cells_as_tensor, case.image.shape[:2], enlarging)[0, 0].numpy()
        share = float((cells > cells.max() / 2).mean()) if cells.any() else 0.0
        # The maximum itself is above its half, so that the share is never 0.
        above = percent(share) if share >= 0.005 else "under 1 %"
        note = f"above half: {above}" if cells.any() else "dark: no positive cell"
        title = f"{module}: {KINDS[module]}, {len(cells)} × {len(cells)}"
        found.append(
            Picture(pictures.drawn(drawing, case.image, Attribution(relevance)), title, note)
        )
    return Example(network.label, _sure(network, case), [_original(network, case), *found])


def lime(network: Network, cases: Sequence[Case]) -> list[Example]:
    """Draw LIME of the image of the highest probability, and of the one nearest 0.8."""
    probabilities = network.classifier.probabilities(np.stack([case.image for case in cases]))
    of_class = [float(row[case.label]) for row, case in zip(probabilities, cases, strict=True)]
    moderate = int(np.argmin(np.abs(np.array(of_class) - MODERATE)))
    words = {0: "the most confident prediction", moderate: "a less confident prediction"}
    return [_lime(network, cases[place], which) for place, which in words.items()]


def _lime(network: Network, case: Case, which: str) -> Example:
    found = network.engine.explain(case.image[None], [case.predicted], {"lime": Lime()})["lime"][0]
    about = found.diagnostics
    against = _against(found)
    sentence = (
        f"{_sure(network, case)} The strongest of {about['patches']} patches changes the "
        f"probability by {about['largest_weight']:.3f}. The five outlined patches carry "
        f"{percent(about['outlined_share'])} of the weight, and {against} of them "
        f"{'speaks' if against == 1 else 'speak'} against the class. LIME's linear model has the "
        f"intercept {about['intercept']:.3f} and explains {percent(about['r2'])} of the variance "
        "(R²)."
    )
    if "no_patch_matters" in about["flags"]:
        sentence += " Flag: no patch changes the probability by 0.05, so the picture says little."
    drawings = (
        ("Heat map of the weights", ForAndAgainst(percentile=100)),
        ("Outlines as strong as the weight", GradedOutlines()),
        ("Five strongest, outlined", Outlines()),
    )
    maps = [
        Picture(pictures.drawn(drawing, case.image, found), title) for title, drawing in drawings
    ]
    return Example(network.label, sentence, [_original(network, case), *maps], which)


def integrated_gradients(network: Network, case: Case) -> Example:
    """Draw Integrated Gradients from each baseline, in the report's hot map and signed."""
    shown = [_original(network, case)]
    for baseline in BASELINES:
        explainer = {"ig": IntegratedGradients(baseline=baseline)}
        found = network.engine.explain(case.image[None], [case.predicted], explainer)["ig"][0]
        shown += [
            Picture(pictures.hot(found.relevance), f"from {baseline}, hot map", "absolute values"),
            Picture(
                pictures.drawn(ForAndAgainst(), case.image, found),
                f"from {baseline}, signed",
                f"residual {abs(found.diagnostics['completeness_delta']):.3f}",
            ),
        ]
    return Example(network.label, _sure(network, case), shown)


def side_by_side(network: Network, case: Case) -> Example:
    """Draw the report's five methods on one image, as participants of a study see them."""
    found = network.engine.explain(case.image[None], [case.predicted], COMPARED)
    shown = [
        Picture(
            pictures.drawn(method.drawing, case.image, found[method.key][0]), worded(method.label)
        )
        for method in map(catalogue.get, COMPARED)
    ]
    return Example(network.label, _sure(network, case), [_original(network, case), *shown])


def shap(network: Network, case: Case) -> Example:
    """Draw SHAP of all classes on one scale, the class with the largest probability first."""
    engine = network.engine
    found = engine.explain(case.image[None], "all", {"deepshap": DeepShap()})
    relevance = found["deepshap"].relevance[0]
    probabilities = found.probabilities[0]
    order = np.argsort(-probabilities, kind="stable")
    uris = pictures.on_one_scale(case.image, [relevance[number] for number in order])
    names = network.classifier.class_names
    maps = [
        Picture(
            uri,
            names[number],
            f"probability {probabilities[number]:.3f}, sum {_signed(relevance[number].sum())}",
        )
        for uri, number in zip(uris, order, strict=True)
    ]
    return Example(network.label, _sure(network, case), [_original(network, case), *maps])


def _original(network: Network, case: Case) -> Picture:
    return Picture(
        pictures.plain(case.image), f"Original: {network.classifier.class_names[case.label]}"
    )


def _sure(network: Network, case: Case) -> str:
    probability = float(network.classifier.probabilities(case.image[None])[0, case.predicted])
    name = network.classifier.class_names[case.predicted]
    return f"“{name}” with a probability of {probability:.4f}."


def _against(found: Attribution) -> int:
    assert found.segments is not None  # noqa: S101 - LIME always has patches
    _, first = np.unique(found.segments, return_index=True)
    weights: Any = found.relevance.ravel()[first]
    return int((weights[np.argsort(-np.abs(weights))[:5]] < 0).sum())


def _signed(value: Any) -> str:
    return f"{float(value):+.2f}".replace("-", "−")
