"""Numbers of one image on one network, from which the claims of the report are judged."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.attribution import Attribution, Floats
from explanations.classifier.checkpoint import Classifier
from explanations.classifier.exact import exact_arithmetic
from explanations.computing.gradients import GradientPass, gradient_pass
from explanations.computing.workspace import Batch
from explanations.engine import Engine
from explanations.evaluation.cases import Case
from explanations.evaluation.controls import centre_map
from explanations.evaluation.limits.depth import depth_numbers, rectified
from explanations.evaluation.limits.lime import shown_in_common
from explanations.evaluation.measures.localisation import area_under_roc, mass_inside
from explanations.evaluation.measures.randomisation import randomised
from explanations.evaluation.ranking import spearman, top_overlap
from explanations.evaluation.resumable_lines import Values
from explanations.imagesets.background import Background
from explanations.methods.baselines import baseline_pixels
from explanations.methods.deepshap import DeepShap
from explanations.methods.gradcam import GradCam
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.protocol import Explainer
from explanations.methods.saliency import Saliency

COPIES = 8
"""Noisy copies of the image for a SmoothGrad map."""
SPREADS = {"5": 0.05, "15": 0.15}
"""SmoothGrad's noise, as a share of the image's range of values."""
DRAWS = 10
"""Networks with random weights, which show how much one of them differs from another."""
LEVELS = 2
"""Largest invisible change of a pixel, of 255 levels."""
DELETED = 0.1
"""Share of the pixels that are replaced to test a map's faithfulness."""


@dataclass(frozen=True, eq=False)
class Network:
    """A classifier with its engine, copies with random weights, and two SHAP backgrounds."""

    key: str
    label: str
    classifier: Classifier
    backgrounds: Sequence[Background]
    """Two backgrounds without common images, or none if there are no training images."""
    seed: int = 0
    other: Classifier | None = None
    """A network with the same layers and other weights, or None if there is none."""
    other_is: str = ""
    """What the other network is: another seed of the recipe, or another recipe."""
    narrow: Background | None = None
    """Training images of a single class, as a third SHAP background."""
    warm: list[bool] = field(default_factory=list, init=False, repr=False)
    """Empty until the first image of this process has been explained."""

    @cached_property
    def engine(self) -> Engine:
        """Return the engine with the first background, in fast arithmetic for LIME."""
        return self._engine(self.classifier, 0)

    @cached_property
    def other_background(self) -> Engine:
        """Return an engine whose background has no image in common with the first."""
        return self._engine(self.classifier, 1)

    @cached_property
    def narrow_background(self) -> Engine:
        """Return an engine whose background has images of a single class."""
        return Engine(self.classifier, self.narrow, "fast")

    @cached_property
    def untrained(self) -> list[Engine]:
        """Return the controls: networks with random weights in every layer."""
        return [
            Engine(randomised(self.classifier, 1.0, self.seed + draw)[0], None, "fast")
            for draw in range(DRAWS)
        ]

    @cached_property
    def other_training(self) -> Engine:
        """Return the engine of the other network. Raises ValueError if there is none."""
        if self.other is None:
            raise ValueError(f"There is no other network to compare with {self.label}.")
        return self._engine(self.other, 0)

    def _engine(self, classifier: Classifier, background: int) -> Engine:
        chosen = self.backgrounds[background] if self.backgrounds else None
        return Engine(classifier, chosen, "fast")


def untrained_name(draw: int) -> str:
    """Return how the names of the numbers of a network with random weights begin."""
    return f"random{draw}_"


def cheap(network: Network, case: Case) -> Values:
    """Compute the numbers that need a few passes only: every module's maps, and saliency's noise.

    Numbers of the controls, networks with random weights, begin with ``untrained_name``.
    """
    numbers = _depth(network.engine, case)
    for draw, engine in enumerate(network.untrained):
        of_draw = _depth(engine, case)
        numbers |= {untrained_name(draw) + name: value for name, value in of_draw.items()}
    numbers |= _saliency_noise(network.engine, case) | _faithfulness(network.engine, case)
    return numbers | {"right": float(case.is_right)}


def controls(network: Network, case: Case) -> Values:
    """Compute what Grad-CAM's and saliency's numbers are compared with.

    ``drop:turned:`` and the method is the loss of probability by the tenth of the pixels that its
    map marks when it is turned by 180 degrees; ``confidence`` the predicted class's probability.
    """
    maps = network.engine.explain(case.image[None], [case.predicted], ("gradcam", "saliency"))
    there = {key: maps[key][0].relevance for key in maps}
    lost = _lost(network.engine, case, turned(there))
    confidence = float(network.classifier.probabilities(case.image[None])[0, case.predicted])
    return {name: lost[name] for name in lost if "turned" in name} | {"confidence": confidence}


def centre(network: Network, case: Case) -> Values:
    """Compute ``drop:centre``, the loss of probability by the tenth of the pixels nearest the
    centre of the image.

    It is the control of a compact map that ignores the network, which a turned map cannot be where
    the map itself is in the centre.
    """
    lost = _lost(network.engine, case, {"centre": centre_map(case.image, 0)})
    return {"drop:centre": lost["drop:centre"]}


def expensive(network: Network, case: Case) -> Values:
    """Compute the numbers of Integrated Gradients, SHAP and LIME, which take seconds an image.

    ``drop:`` and the map's name is the loss of probability by its strongest tenth, ``drop:turned:``
    the loss by the tenth of the map turned by 180 degrees.
    """
    if not network.warm:
        # Recording SHAP's backgrounds once is not part of the cost of a map.
        _backgrounds(network, case, {})
        network.warm.append(True)
    maps: dict[str, Floats] = {}
    numbers = _baselines(network, case, maps)
    numbers |= _backgrounds(network, case, maps)
    numbers |= _lime(network, case, maps)
    roughnesses = {
        "ig_roughness": roughness(np.abs(maps["integrated_gradients:black"])),
        "ig_image_roughness": roughness(case.image.mean(2).astype(np.float32)),
    }
    lost = _lost(network.engine, case, maps | turned(maps))
    return numbers | _cheap_costs(network, case) | roughnesses | lost


def turned(maps: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return each map turned by 180 degrees: a control of the same shape in another place."""
    return {f"turned:{key}": relevance[::-1, ::-1] for key, relevance in maps.items()}


def located(network: Network, case: Case) -> Values:
    """Compute the share of each method's positive relevance on the object, and by chance.

    ``cam_auc:module`` is the probability that Grad-CAM ranks a pixel of the object above another
    pixel. Empty if the object's position is unknown.
    """
    if not case.has_object or case.mask is None:
        return {}
    mask = case.mask
    methods: dict[str, Explainer] = {"lime": Lime(), "deepshap": DeepShap()}
    found = network.engine.explain(case.image[None], [case.predicted], methods)
    numbers = {f"on_object:{key}": mass_inside(found[key][0].relevance, mask) for key in methods}
    numbers |= {f"cam_auc:{m}": value for m, value in _located_by_depth(network.engine, case, mask)}
    for draw, engine in enumerate(network.untrained):
        of_draw = _located_by_depth(engine, case, mask)
        numbers |= {f"{untrained_name(draw)}cam_auc:{m}": value for m, value in of_draw}
    return numbers | {"on_object:chance": float(mask.mean())}


def _located_by_depth(
    engine: Engine, case: Case, mask: NDArray[np.bool_]
) -> Iterator[tuple[int, float]]:
    pixels = engine.workspace.pixels(case.image[None])
    maps = _pass(engine, pixels, case.predicted, range(engine.workspace.chain.features))
    for module, native in enumerate(maps.cams.values()):
        relevance = rectified(native[0, 0].cpu().numpy(), case.image.shape[:2])
        yield module, area_under_roc(relevance, mask)


def _depth(engine: Engine, case: Case) -> dict[str, float]:
    workspace = engine.workspace
    pixels = workspace.pixels(case.image[None])
    return depth_numbers(_pass(engine, pixels, case.predicted, range(workspace.chain.features)))


def _pass(
    engine: Engine, pixels: torch.Tensor, target: int, modules: Sequence[int]
) -> GradientPass:
    chain = engine.workspace.chain
    with exact_arithmetic():
        targets = torch.full((len(pixels), 1), target, device=pixels.device)
        return gradient_pass(chain, chain.enter(pixels), targets, modules)


def _saliencies(
    engine: Engine, pixels: torch.Tensor, target: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Compute the saliency map and the predicted class of each image."""
    found = _pass(engine, pixels, target, [])
    maps = found.inputs[:, 0].abs().amax(1).float().cpu().numpy()
    return np.asarray(maps, dtype=np.float32), found.logits.argmax(1).cpu().numpy()


def _saliency_noise(engine: Engine, case: Case) -> dict[str, float]:
    """Compare saliency with SmoothGrad's mean, and with the map of an invisibly changed image.

    The control is another SmoothGrad map of independent noise: two of them differ only because the
    copies are few. ``noise_changes`` is the share of all noisy copies with another prediction.
    """
    pixels = engine.workspace.pixels(case.image[None])
    generator = torch.Generator().manual_seed(case.seed("source-report", "noise"))
    near = engine.workspace.pixels(neighbour(case)[None])
    (plain, changed), _ = _saliencies(engine, torch.cat([pixels, near]), case.predicted)
    numbers = {
        "saliency_neighbour_rank": spearman(plain, changed),
        "saliency_neighbour_top": top_overlap(plain, changed),
        "saliency_roughness": roughness(plain),
    }
    reach = float(pixels.max() - pixels.min())
    for name, spread in SPREADS.items():
        noise = torch.randn((2 * COPIES, *pixels.shape[1:]), generator=generator).to(pixels)
        noisy, predicted = _saliencies(engine, pixels + noise * spread * reach, case.predicted)
        smooth, again = noisy[:COPIES].mean(0), noisy[COPIES:].mean(0)
        numbers |= {
            f"smoothgrad_top:{name}": top_overlap(plain, smooth),
            f"smoothgrad_again_top:{name}": top_overlap(smooth, again),
            f"noise_changes:{name}": float((predicted != case.predicted).mean()),
        }
    return numbers


def roughness(values: Floats) -> float:
    """Compute the mean absolute difference of neighbours relative to that of random pairs.

    It is 1 for noise without any spatial order, and near 0 for smooth surfaces.
    """
    flat = np.sort(values.ravel().astype(np.float64))
    count = len(flat)
    places = 2 * np.arange(1, count + 1) - count - 1
    pairs = 2 * float(places @ flat) / (count * (count - 1))
    steps = np.concatenate(
        [np.abs(np.diff(values.astype(np.float64), axis=axis)).ravel() for axis in (0, 1)]
    )
    return float(steps.mean() / pairs) if pairs else 0.0


def neighbour(case: Case) -> NDArray[np.uint8]:
    """Change every value of the image by up to two of 255 levels, invisibly."""
    generator = np.random.default_rng(case.seed("source-report", "neighbour"))
    changes = generator.integers(-LEVELS, LEVELS + 1, case.image.shape)
    pixels = np.clip(case.image.astype(np.int64) + changes, 0, 255)
    return np.asarray(pixels, dtype=np.uint8)


def _faithfulness(engine: Engine, case: Case) -> dict[str, float]:
    """Compute the loss of probability by blurring the top tenth of Grad-CAM and of saliency."""
    maps = engine.explain(case.image[None], [case.predicted], ("gradcam", "saliency"))
    return _lost(engine, case, {key: maps[key][0].relevance for key in maps})


def _lost(engine: Engine, case: Case, maps: Mapping[str, Floats]) -> dict[str, float]:
    """Compute how much probability the class loses when a map's top tenth is blurred.

    ``drop:random`` is the loss by a tenth that is drawn.
    """
    workspace = engine.workspace
    generator = np.random.default_rng(case.seed("source-report", "deleted"))
    rankings = dict(maps) | {"random": generator.random(case.image.shape[:2]).astype(np.float32)}
    pixels = workspace.pixels(case.image[None])
    blurred = baseline_pixels("blurred", Batch(workspace, case.image[None]))
    changed = [pixels]
    for relevance in rankings.values():
        ties = generator.random(relevance.size)
        order = np.lexsort((ties, -relevance.ravel()))[: round(DELETED * relevance.size)]
        mask = np.zeros(relevance.size, dtype=bool)
        mask[order] = True
        where = torch.from_numpy(mask.reshape(relevance.shape)).to(pixels.device)
        changed.append(torch.where(where, blurred, pixels))
    with exact_arithmetic(), torch.no_grad():
        logits = workspace.chain.run(workspace.chain.enter(torch.cat(changed)))
    of_class = logits.softmax(1)[:, case.predicted].double().cpu().numpy()
    return {
        f"drop:{key}": float(of_class[0] - value)
        for key, value in zip(rankings, of_class[1:], strict=True)
    }


def _one(engine: Engine, case: Case, explainer: Explainer, seed: int = 0) -> Attribution:
    found = engine.explain(case.image[None], [case.predicted], {"one": explainer}, seed=seed)
    return found["one"][0]


BASELINES = ("black", "white", "mean", "blurred")
PAIRS = (("black", "white"), ("black", "mean"), ("black", "blurred"), ("mean", "blurred"))
"""Baselines of which the maps are compared."""


def _baselines(network: Network, case: Case, kept: dict[str, Floats]) -> dict[str, float]:
    """Compare the maps of several baselines, and keep them."""
    times: dict[str, float] = {}
    maps = {}
    residuals = {}
    for name in BASELINES:
        with _timed(times, "integrated_gradients"):
            found = _one(network.engine, case, IntegratedGradients(baseline=name))
        maps[name] = kept[f"integrated_gradients:{name}"] = found.relevance
        about = found.diagnostics
        change = about["logit"] - about["baseline_logit"]
        missed = abs(about["completeness_delta"])
        residuals[f"ig_residual:{name}"] = float(missed / (1 + abs(change)))
    ranks = {f"baseline_rank:{a}, {b}": spearman(maps[a], maps[b]) for a, b in PAIRS}
    return ranks | residuals | times


def absolute_baselines(network: Network, case: Case) -> Values:
    """Compute ``baseline_absolute_rank`` of two baselines: the rank correlation of the absolute
    values of their maps, which are what the report's hot maps show.

    ``expensive`` has the rank correlations with signs. These are a group of their own, so that a
    run from before they were measured need not explain its images by every method again. White is
    left out, because no row judges it.
    """
    pairs = [pair for pair in PAIRS if "white" not in pair]
    maps = {
        name: np.abs(_one(network.engine, case, IntegratedGradients(baseline=name)).relevance)
        for name in BASELINES
        if name != "white"
    }
    return {f"baseline_absolute_rank:{a}, {b}": spearman(maps[a], maps[b]) for a, b in pairs}


@contextmanager
def _timed(times: dict[str, float], method: str) -> Iterator[None]:
    """Store the milliseconds of processor time that the block takes as a map's cost."""
    started = time.process_time()
    yield
    times[f"ms:{method}"] = 1000 * (time.process_time() - started)


def _cheap_costs(network: Network, case: Case) -> dict[str, float]:
    times: dict[str, float] = {}
    methods: dict[str, Explainer] = {"gradcam": GradCam(), "saliency": Saliency()}
    for key, explainer in methods.items():
        with _timed(times, key):
            _one(network.engine, case, explainer)
    return times


def _backgrounds(network: Network, case: Case, kept: dict[str, Floats]) -> dict[str, float]:
    """Compare the maps of two backgrounds, and keep the first."""
    if not network.backgrounds:
        return {}
    times: dict[str, float] = {}
    maps = []
    for engine in (network.engine, network.other_background):
        with _timed(times, "deepshap"):
            maps.append(_one(engine, case, DeepShap()).relevance)
    a, b = maps
    kept["deepshap"] = a
    return times | {"background_rank": spearman(a, b), "background_error": _distance(a, b)}


def _lime(network: Network, case: Case, kept: dict[str, Floats]) -> dict[str, float]:
    """Compare the maps of two draws and of an invisibly changed image, and keep the first."""
    times: dict[str, float] = {}
    a = _one(network.engine, case, Lime(), 1)
    kept["lime"] = a.relevance
    with _timed(times, "lime"):
        b = _one(network.engine, case, Lime(), 2)
    changed = Case(neighbour(case), case.label, case.predicted, case.sha256, case.mask)
    near = _one(network.engine, changed, Lime(), 1)
    return times | {
        "lime_seed_rank": spearman(a.relevance, b.relevance),
        "lime_seed_shown": shown_in_common(a, b),
        "lime_neighbour_rank": spearman(a.relevance, near.relevance),
        "lime_largest": float(a.diagnostics["largest_weight"]),
        "lime_outlined": float(a.diagnostics["outlined_share"]),
        "lime_none_matters": float("no_patch_matters" in a.diagnostics["flags"]),
        "lime_r2": float(a.diagnostics["r2"]),
    }


def another_training(network: Network, case: Case) -> Values:
    """Compare LIME's map with the map of another network, which got other draws.

    ``lime_other_seed_rank`` compares the other network's map with its own other draws. A difference
    of two networks counts only beyond what other draws change in either.
    """
    here = _one(network.engine, case, Lime(), 1)
    there, again = (_one(network.other_training, case, Lime(), seed) for seed in (2, 1))
    probabilities = network.other_training.workspace.classifier.probabilities(case.image[None])
    return {
        "lime_training_rank": spearman(here.relevance, there.relevance),
        "lime_training_shown": shown_in_common(here, there),
        "lime_other_seed_rank": spearman(again.relevance, there.relevance),
        "other_agrees": float(probabilities[0].argmax() == case.predicted),
    }


def narrow(network: Network, case: Case) -> Values:
    """Compare SHAP's map with a background of a single class with the maps of two draws.

    ``narrow_error`` is the distance from the first draw's map, relative to the maps' length;
    ``drop:deepshap:narrow`` and ``drop:deepshap:again`` are the losses of probability by the
    strongest tenth of the map of one class and of the second draw. Empty without backgrounds.
    """
    if network.narrow is None or not network.backgrounds:
        return {}
    first, again, of_one_class = (
        _one(engine, case, DeepShap()).relevance
        for engine in (network.engine, network.other_background, network.narrow_background)
    )
    lost = _lost(network.engine, case, {"deepshap:again": again, "deepshap:narrow": of_one_class})
    kept = {name: value for name, value in lost.items() if "deepshap" in name}
    return kept | {"narrow_error": _distance(first, of_one_class)}


def _distance(a: Floats, b: Floats) -> float:
    """Compute the distance of two maps, relative to their mean length."""
    length = (np.linalg.norm(a) + np.linalg.norm(b)) / 2
    return float(np.linalg.norm(a - b) / length) if length else 0.0
