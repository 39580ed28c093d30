"""The engine's numbers beside captum's, shap's and lime's own, on random and on trained weights.

Differences are shares of the largest value that the library found.
"""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from captum.attr import LayerGradCam, Saliency

from explanations import catalogue
from explanations.classifier.checkpoint import Classifier
from explanations.computing.mixing import Mixed, probabilities
from explanations.computing.ridge import cosine_weights, weighted_ridge
from explanations.engine import Engine, explain
from explanations.imagesets.background import Background
from explanations.imagesets.decoding import content_hash
from explanations.imagesets.scenes import generate
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime, painted_over
from explanations.methods.protocol import image_seed
from explanations.verification import reference_methods
from explanations.verification.comparison import difference, verify
from tests.conftest import ROOT
from tests.daily import daily

TOLERANCE = 1e-6
FLOAT32 = 1e-7
KINK = 1e-2
"""What one of 50 nodes changes that passes a kink on the other side; whether one does depends on
the processor. In float64 none does."""


def in_double(classifier):
    network = copy.deepcopy(classifier.network).double()
    return dataclasses.replace(classifier, network=network)


def apart(found, expected):
    return difference(np.asarray(found), np.asarray(expected, dtype=float))


@pytest.fixture(scope="module")
def ten():
    """A background: large enough for near coincidences, small enough for float64."""
    return Background(np.stack([scene.image for scene in generate("train", 10, 0)]))


@pytest.fixture(
    params=["random weights", pytest.param("trained on CIFAR-10", marks=pytest.mark.nightly)]
)
def case(request):
    """A classifier with images: drawn ones for random weights, real ones for trained ones."""
    if request.param == "random weights":
        return request.getfixturevalue("untrained"), request.getfixturevalue("scenes")
    images = request.getfixturevalue("photographs")[::4]
    return request.getfixturevalue("cifar10"), images


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.nightly)], ids=["one", "all"])
def every(request) -> bool:
    """Whether every image, or every class, is compared, or one of them: libraries are slow."""
    return request.param


@pytest.mark.shared
def test_saliency_and_gradcam_of_every_layer_equal_captums(case, every):
    classifier, images = case[0], case[1] if every else case[1][:1]
    found = explain(classifier, images, methods=("gradcam", "saliency"), layers=True)
    network = classifier.network
    for index, image in enumerate(images):
        target = int(found.targets[index])
        pixels = classifier.normalise(image[None]).requires_grad_()
        gradient = Saliency(network).attribute(pixels, target=target)[0].detach()
        assert apart(found["saliency"].channels[index], gradient) <= TOLERANCE
        assert apart(found["saliency"].relevance[index], gradient.amax(0)) <= TOLERANCE
        for layer, module in enumerate(network.conv_layers):
            signed = LayerGradCam(network, module).attribute(pixels, target=target).detach()
            assert apart(found.layers.gradcam[layer][index], signed[0, 0]) <= TOLERANCE
    assert found.layers.names[:2] == ("conv_layers.0", "conv_layers.1")
    assert len(found.layers.gradcam) == len(found.layers.saliency) == 15


@pytest.mark.shared
@pytest.mark.parametrize("baseline", daily(["blurred", "black+white", "black", "mean"], 2))
def test_integrated_gradients_equal_captums(case, every, baseline, request):
    """In float32, a node of a trained network may lie on a kink, whose side rounding decides."""
    random_weights = request.node.callspec.params["case"] == "random weights"
    images, explainer = case[1][: 3 if every else 1], IntegratedGradients(baseline=baseline)
    are_captums(in_double(case[0]), images, explainer, FLOAT32)
    are_captums(case[0], images, explainer, TOLERANCE if random_weights else KINK)


@pytest.mark.shared
def test_integrated_gradients_of_a_trained_network_equal_captums(scenes):
    """By day in float64, with few steps; make nightly has others, in the test above."""
    trained = Classifier.load(ROOT / "weights" / "scenes.safetensors")
    few = IntegratedGradients(steps=10, baseline="blurred")
    are_captums(in_double(trained), scenes[:1], few, FLOAT32)


def are_captums(classifier, images, explainer, bound):
    found = explain(classifier, images, methods={"one": explainer})
    for index, image in enumerate(images):
        expected = reference_methods.integrated_gradients(
            explainer, classifier, image, int(found.targets[index]), 0
        )
        assert apart(found["one"].relevance[index], expected) <= bound


@pytest.mark.shared
def test_deepshap_in_float64_is_shaps_for_every_class(case, ten, every):
    """The rules are the same ones: what is left of the difference is the float32 of the result."""
    classifier, images = case
    targets = range(10) if every else [7]
    found = explain(in_double(classifier), images[:1], [targets], ("deepshap",), ten)["deepshap"]
    for place, target in enumerate(targets):
        expected = reference_methods.deepshap_of_type(
            torch.float64, classifier, images[0], target, ten
        )
        assert apart(found.channels[0, place], expected) <= FLOAT32


@pytest.mark.nightly
@pytest.mark.shared
def test_deepshap_in_float32_is_that_of_float64_for_every_class(case, every):
    """On a background of the default size; the rounding of ten references averages out less."""
    classifier, images = case
    hundred = Background(np.stack([scene.image for scene in generate("train", 100, 0)]))
    targets = range(10) if every else [7]
    found, exact = (
        explain(each, images[:1], [targets], ("deepshap",), hundred)["deepshap"]
        for each in (classifier, in_double(classifier))
    )
    for place in range(len(targets)):
        assert apart(found.channels[0, place], exact.channels[0, place]) <= TOLERANCE


@pytest.mark.nightly
@pytest.mark.shared
def test_that_shap_in_float32_is_farther_from_its_own_float64_than_we_are(
    cifar10, photographs, ten
):
    """By the largest difference of four images: of a single one, rounding decides."""
    images = photographs[8:12]
    found = explain(cifar10, images, methods=("deepshap",), background=ten)
    ours, shaps = [], []
    for index, image in enumerate(images):
        target = int(found.targets[index])
        exact, single = (
            reference_methods.deepshap_of_type(each, cifar10, image, target, ten)
            for each in (torch.float64, torch.float32)
        )
        ours.append(apart(found["deepshap"].channels[index], exact))
        shaps.append(apart(single, exact))
    assert max(ours) < max(shaps)


def test_deepshap_adds_up_for_every_class(classifier, scenes, background, every):
    images = scenes[: 2 if every else 1]
    found = explain(classifier, images, "all", ("deepshap",), background)["deepshap"]
    residuals = [row["additivity_residual"] for image in found.diagnostics for row in image]
    assert len(residuals) == 10 * len(images)
    assert max(residuals) < 1e-4
    targets = "all" if every else [[0, 7]]
    exactly = explain(in_double(classifier), images, targets, ("deepshap",), background)
    residuals = [
        row["additivity_residual"] for image in exactly["deepshap"].diagnostics for row in image
    ]
    assert max(residuals) < 1e-10


@pytest.mark.shared
def test_lime_equals_lime_on_the_same_patches_seed_and_probabilities(case):
    classifier, images = case
    explainer, image = Lime(samples=400), images[1]
    seed = image_seed(content_hash(image), "lime")
    patches = explainer.patches_of(image)
    keeps = explainer.keeps(patches.max() + 1, seed)
    workspace = Engine(classifier).workspace
    mixed = Mixed(image, painted_over(image, patches), patches, keeps)
    answers = probabilities(workspace, [mixed])[0].probabilities

    class Same:
        """lime asks for the same samples in the same order; it gets the same answers."""

        asked = 0

        def probabilities(self, pictures):
            first, self.asked = self.asked, self.asked + len(pictures)
            keep = keeps[first : self.asked][:, patches][..., None]
            assert np.array_equal(pictures, np.where(keep, mixed.shown, mixed.hidden))
            return answers[first : self.asked].double().numpy()

    theirs = reference_methods.lime_explanation(explainer, Same(), image, 4, seed, batch_size=10)
    shown = torch.from_numpy(keeps).double()
    weights = cosine_weights(shown, explainer.kernel_width)
    fit = weighted_ridge(shown, answers[:, [4]].double(), weights)
    expected = dict(theirs.local_exp[4])
    for patch, coefficient in enumerate(fit.coefficients[:, 0].tolist()):
        assert coefficient == pytest.approx(expected[patch], abs=1e-8)
    assert float(fit.intercepts[0]) == pytest.approx(theirs.intercept[4], abs=1e-8)
    assert float(fit.r2[0]) == pytest.approx(theirs.score, abs=1e-8)
    found = explain(classifier, image[None], [4], {"lime": explainer})["lime"]
    assert found.diagnostics[0]["r2"] == pytest.approx(theirs.score, abs=1e-8)
    assert np.allclose(found.relevance[0], fit.coefficients[:, 0].float()[patches], atol=1e-7)


def test_verification_finds_no_difference_and_would_see_one(untrained, scenes, background):
    for method in catalogue.METHODS:
        # A point whose ReLU is zero but for rounding, which is another on each processor, has
        # another gradient there (docs/explanations.md): few points, and a second scene.
        drawn_points = method.key in {"smoothgrad", "gradient_shap"}
        quick = {"steps": 5, "samples": 8 if drawn_points else 60}
        explainer = method.explainer()
        fields = {f.name for f in dataclasses.fields(explainer)}
        explainer = dataclasses.replace(
            explainer, **{name: value for name, value in quick.items() if name in fields}
        )
        # Occlusion is a small difference of logits in float32, in captum as here.
        bound = 1e-5 if method.key == "occlusion" else TOLERANCE
        found = []
        for scene in scenes[: 2 if drawn_points else 1]:
            engine = Engine(untrained, background)
            stored = engine.explain(scene[None], [3], {method.key: explainer})[method.key][0]
            seed = image_seed(content_hash(scene), method.key)
            arguments = (method, explainer, untrained, scene, 3, seed, background)
            verified = verify(*arguments, stored)
            if method.reference is None:
                assert verified is None
                break
            found.append(verified.largest_difference)
            wrong = dataclasses.replace(stored, relevance=stored.relevance * np.float32(1.01))
            assert verify(*arguments, wrong).largest_difference > 5e-3
            if found[-1] <= bound:
                break
        assert min(found, default=0) <= bound, (method.key, found)


def test_captums_own_completeness_is_ours(untrained, scenes):
    """The delta that is stored is the one that captum reports."""
    pixels = untrained.normalise(scenes[:1])
    _, delta = CaptumIntegratedGradients(untrained.network).attribute(
        pixels,
        baselines=untrained.normalise(np.zeros_like(scenes[:1])),
        target=3,
        n_steps=50,
        method="gausslegendre",
        return_convergence_delta=True,
    )
    found = explain(untrained, scenes[:1], [3], ("integrated_gradients",))
    stored = found["integrated_gradients"].diagnostics[0]["completeness_delta"]
    assert stored == pytest.approx(float(delta), abs=1e-5)
