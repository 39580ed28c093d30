"""Networks that are no chains: which methods explain them, and that the maps are the libraries'."""

import copy
import dataclasses
import time

import numpy as np
import pytest
import torch
from torch import nn

from explanations.computing.memory import Budget
from explanations.computing.needs import Need
from explanations.computing.preflight import PreflightError
from explanations.computing.whole import WholeNetwork
from explanations.engine import Engine, explain
from explanations.imagesets.background import Background
from explanations.imagesets.decoding import content_hash
from explanations.methods.deepshap import DeepShap
from explanations.methods.gradcam import GradCam
from explanations.methods.gradient_shap import GradientShap
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.occlusion import Occlusion
from explanations.methods.protocol import image_seed
from explanations.methods.saliency import Saliency
from explanations.methods.smoothgrad import SmoothGrad
from explanations.verification import reference_methods, rescale_reference
from explanations.verification.comparison import difference
from tests.daily import daily
from tests.explanations import any_network as networks
from tests.explanations.any_network import made, pictures

BOUND = 1e-6
BOUNDS = {"occlusion": 1e-5}
"""Occlusion is a small difference of logits in float32, in captum as here."""
QUICK = {
    "gradcam": GradCam(),
    "saliency": Saliency(),
    "integrated_gradients": IntegratedGradients(steps=7),
    "deepshap": DeepShap(),
    "lime": Lime(samples=40, segments=12),
    "smoothgrad": SmoothGrad(samples=9),
    "gradient_shap": GradientShap(samples=9),
    "occlusion": Occlusion(window=0.3, step=0.2),
}
KINDS = {
    "residual": made(networks.Residual),
    "one logit": made(networks.Residual, 3, 1, classes=2),
    "grey": made(networks.Residual, 1, channels=1),
    "a thousand classes": made(networks.Residual, 3, 1000, classes=1000),
    "group norm and a product": made(networks.Normalised),
    "transformer": made(networks.Transformer),
    "not traceable": made(networks.Conditional),
}
CURE = "Use gradient_shap in its place"
REFUSED = {
    "group norm and a product": (
        "deepshap",
        "'norm' is a GroupNorm, for which none is known",
        CURE,
    ),
    "transformer": ("deepshap", "'blocks.0' is a TransformerEncoderLayer", CURE),
    "not traceable": ("deepshap", "cannot be traced", CURE),
}


def oracle(name):
    return getattr(rescale_reference if name == "deepshap" else reference_methods, name)


@pytest.mark.parametrize("kind", daily(KINDS, 2))
def test_every_method_that_applies_is_the_librarys_on_a_network_that_is_no_chain(kind):
    classifier, images, background = KINDS[kind], pictures(3), Background(pictures(3, 1))
    engine = Engine(classifier, background)
    assert isinstance(engine.workspace.network, WholeNetwork)
    methods = {key: QUICK[key] for key in QUICK if key != REFUSED.get(kind, ("",))[0]}
    found = engine.explain(images, methods=methods)
    with_logits = engine.workspace.classifier
    # The first image has a flat half, so that units of image and reference agree exactly.
    for key, explainer in methods.items():
        seed = image_seed(content_hash(images[0]), key)
        target = int(found.targets[0])
        expected = oracle(key)(explainer, with_logits, images[0], target, seed, background)
        assert difference(found[key].relevance[0], expected) <= BOUNDS.get(key, BOUND), key
        alone = engine.explain(images[1:2], methods={key: explainer})
        assert np.array_equal(alone[key].relevance[0], found[key].relevance[1]), key


@pytest.mark.parametrize("kind", REFUSED)
def test_deepshap_is_refused_by_name_before_anything_is_computed_with_gradient_shap_as_the_cure(
    kind, monkeypatch
):
    method, named, cure = REFUSED[kind]
    engine = Engine(KINDS[kind])
    refusals = engine.refusals(QUICK)
    assert list(refusals) == [method]
    assert named in refusals[method]
    assert cure in refusals[method]
    monkeypatch.setattr(Saliency, "explain", lambda *_: pytest.fail("something was computed"))
    with pytest.raises(PreflightError, match="deepshap: It needs a rule") as refusal:
        engine.explain(pictures(1), methods=QUICK)
    assert "These methods work with the network: gradcam, saliency," in str(refusal.value)


def test_a_product_of_two_results_has_no_rule():
    refusal = Engine(made(networks.Gated)).refusals({"deepshap": DeepShap()})["deepshap"]
    assert "multiplies or divides two results that both depend on the image ('mul'" in refusal


def test_a_network_without_a_gradient_keeps_lime_and_one_without_cells_all_but_gradcam():
    refused = Engine(made(networks.NoGradient)).refusals(QUICK)
    assert set(refused) == set(QUICK) - {"lime", "occlusion"}
    assert "Use lime or occlusion, which need only outputs" in refused["saliency"]
    refused = Engine(made(networks.NoGrid)).refusals(QUICK)
    assert set(refused) == {"gradcam"}
    assert "needs a layer with rows and columns" in refused["gradcam"]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (networks.Mixing, "mixes images"),
        (networks.Chance, "other logits for the same images each time"),
        (networks.OneAtATime, r"x\.view\(x\.size\(0\), -1\)|the shape \(1, 8\)"),
        (networks.TwoResults, "returns a tuple. Wrap it so that it returns one tensor"),
    ],
)
def test_a_network_that_no_method_explains_correctly_is_refused_with_the_cure(kind, message):
    with pytest.raises(PreflightError, match=message):
        Engine(made(kind))


def test_rounding_that_looks_like_mixing_is_told_from_it():
    class Wild(networks.Residual):
        """Logits whose rounding grows, as in an untrained network: exact in float64."""

        def forward(self, pixels):
            logits = super().forward(pixels)
            together = 1e-3 * len(pixels) if logits.dtype == torch.float32 else 0.0
            return logits + together

    with pytest.raises(PreflightError, match=r"rounding is so large.*in float64 they agree"):
        Engine(made(Wild))


def test_logits_that_are_not_finite_are_refused():
    classifier = made(networks.Residual)
    with torch.no_grad():
        classifier.network.head.bias[1] = np.nan
    with pytest.raises(PreflightError, match="not finite for an image of random pixels"):
        Engine(classifier)


def test_gradcam_reads_the_last_cells_on_which_the_logits_depend():
    """After a transformer's last attention only the class token goes on, so that its later layers
    have cells with the gradient 0."""
    network = Engine(KINDS["transformer"]).workspace.network
    assert list(network.grids)[-1] == "norm"
    assert network.default_layer == "blocks.1.norm1"
    assert network.grids["blocks.1.norm1"].class_tokens == 1
    assert Engine(KINDS["residual"]).workspace.network.default_layer == "two"
    empty = explain(KINDS["transformer"], pictures(1), methods={"one": GradCam(layer="norm")})
    assert empty["one"][0].is_empty


def test_gradcam_reads_tokens_and_not_the_projections_inside_an_attention():
    network = Engine(made(networks.Projected)).workspace.network
    assert list(network.grids)[-3:] == ["blocks.1.proj", "blocks.1", "norm"]
    assert "blocks.1.qkv" in network.grids
    assert network.default_layer == "blocks.1.norm"


def test_gradcam_reads_any_layer_by_name_and_an_unknown_one_is_answered_with_the_known():
    classifier = KINDS["residual"]
    for layer in ("one", "stem", "one.first_norm"):
        found = explain(classifier, pictures(1), [3], {"one": GradCam(layer=layer)})["one"]
        expected = reference_methods.gradcam(GradCam(layer=layer), classifier, pictures(1)[0], 3, 0)
        assert found.diagnostics[0]["layer"] == layer
        assert difference(found.relevance[0], expected) <= BOUND
    with pytest.raises(ValueError, match=r"'head' has no rows and columns.*one, .*two"):
        explain(classifier, pictures(1), methods={"one": GradCam(layer="head")})


def test_cells_behind_the_channels_are_the_cells_in_front_of_them():
    """A network that computes in the order (rows, columns, channels), as Swin does."""

    class Turned(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 6, 3, 3)
            self.mix = nn.Linear(6, 6)
            self.act = nn.GELU()
            self.head = nn.Linear(6, 4)

        def forward(self, pixels):
            cells = self.act(self.mix(self.conv(pixels).movedim(1, 3)))
            return self.head(cells.mean((1, 2)))

    classifier = made(Turned)
    engine = Engine(classifier)
    assert engine.workspace.network.default_layer == "act"
    found = engine.explain(pictures(1), [2], {"one": GradCam()})["one"]
    assert found.native.shape == (1, 11, 11)
    expected = reference_methods.gradcam(GradCam(), classifier, pictures(1)[0], 2, 0)
    assert difference(found.relevance[0], expected) <= BOUND


@pytest.mark.parametrize("kind", daily(["residual", "one logit", "grey"], 2))
def test_deepshap_in_float64_is_complete_and_is_the_independent_implementation(kind):
    engine = Engine(KINDS[kind])
    classifier = engine.workspace.classifier
    double = dataclasses.replace(classifier, network=copy.deepcopy(classifier.network).double())
    background = Background(pictures(3, 4))
    found = explain(double, pictures(2), "all", ("deepshap",), background)["deepshap"]
    residuals = [about["additivity_residual"] for image in found.diagnostics for about in image]
    assert max(residuals) <= 1e-6
    expected = rescale_reference.deepshap_by_channel(classifier, pictures(2)[1], 1, background)
    assert difference(found.of_class(1).channels[1], expected) <= 1e-6


def test_the_linearised_rule_is_the_chains_own_on_a_chain(untrained, scenes, background):
    """The control: the engine's fast path and the general one are two implementations of a rule."""
    engine = Engine(untrained, background)
    expected = engine.explain(scenes[:1], [3], ("deepshap",))["deepshap"]
    whole = Engine(untrained, background)
    network = WholeNetwork.of(untrained)
    object.__setattr__(whole.workspace, "network", network)
    found = whole.explain(scenes[:1], [3], ("deepshap",))["deepshap"]
    assert difference(found.channels[0], expected.channels[0]) <= BOUND


def test_shap_agrees_where_its_own_float64_sum_closes():
    """shap's hooks need a module for each use, and no overlapping pools."""

    class ForShap(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.relu = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU()
            self.pool, self.side = nn.MaxPool2d(3), nn.Conv2d(6, 6, 3, padding=1)
            self.last, self.flat = nn.ReLU(), nn.Flatten()
            self.head = nn.Linear(6 * 121, 4)

        def forward(self, pixels):
            values = self.pool(self.relu(self.stem(pixels)))
            return self.head(self.flat(self.last(self.side(values) + values)))

    classifier, background = made(ForShap), Background(pictures(3, 1))
    image = pictures(2)[1]
    shares = reference_methods.deepshap_of_type(torch.float64, classifier, image, 2, background)
    with torch.no_grad():
        logits = [
            classifier.network.double()(classifier.normalise(images).double())[:, 2]
            for images in (image[None], background.images)
        ]
    assert shares.sum() == pytest.approx(float(logits[0] - logits[1].mean()), abs=1e-9)
    classifier.network.float()
    found = explain(classifier, image[None], [2], ("deepshap",), background)["deepshap"]
    assert difference(found.channels[0], shares) <= BOUND


def test_one_logit_is_a_score_for_one_class_and_against_the_other():
    classifier = KINDS["one logit"]
    found = explain(classifier, pictures(2), [[0, 1], [0, 1]], {"one": IntegratedGradients(5)})
    with torch.no_grad():
        logit = classifier.network(classifier.normalise(pictures(2)).contiguous())[:, 0]
    assert np.allclose(found.probabilities[:, 1], torch.sigmoid(logit), atol=1e-6)
    against, favour = found["one"].relevance[:, 0], found["one"].relevance[:, 1]
    assert np.allclose(against, -favour, atol=1e-7)
    assert favour.any()


def test_every_need_has_its_words_and_its_cure():
    network = Engine(KINDS["transformer"]).workspace.network
    for need in Need:
        assert network.problem(need) == "" or network.problem(need).rstrip().endswith(".")
    assert network.problem(Need.CHAIN)
    assert not network.problem(Need.OUTPUTS)


class Busy(networks.Residual):
    """Counts how many threads are inside at once, and may keep something while it runs."""

    most = inside = 0
    keeps = False

    def forward(self, pixels):
        kind = type(self)
        kind.inside += 1
        kind.most = max(kind.most, kind.inside)
        time.sleep(0.02)
        if self.keeps:
            self.kept = pixels
        logits = super().forward(self.kept if self.keeps else pixels)
        kind.inside -= 1
        return logits


@pytest.mark.parametrize("keeps", [True, False])
def test_a_network_that_keeps_something_while_it_runs_runs_in_one_thread_at_a_time(
    keeps, monkeypatch
):
    monkeypatch.setattr(Busy, "keeps", keeps)
    classifier, explainer = made(Busy), SmoothGrad(samples=32)
    alone = explain(classifier, pictures(1), [1], {"one": explainer})["one"].relevance
    engine = Engine(classifier)
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        Busy.most = 0
        found = engine.explain(pictures(1), [1], {"one": explainer})["one"].relevance
    finally:
        torch.set_num_threads(threads)
    # The control: without something kept, several threads are inside.
    assert (Busy.most == 1) == keeps
    assert difference(found, alone.astype(float)) <= BOUND


def test_a_batch_that_is_too_large_for_memory_is_computed_in_parts(monkeypatch):
    classifier, images = KINDS["residual"], pictures(5)
    whole = explain(classifier, images, methods=("saliency", "gradcam"))
    monkeypatch.setattr(Budget, "group", 5)
    sizes = []
    original = WholeNetwork.watch

    def counted(self, entered, layers):
        sizes.append(len(entered))
        return original(self, entered, layers)

    monkeypatch.setattr(WholeNetwork, "watch", counted)
    monkeypatch.setattr(Budget, "rows", lambda self, size, in_cache=True: 2)
    found = explain(classifier, images, methods=("saliency", "gradcam"))
    assert sizes == [2, 2, 1]
    for key in found:
        assert difference(found[key].relevance, whole[key].relevance.astype(float)) <= 1e-5
