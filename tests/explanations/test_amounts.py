"""Samples, steps and tolerances that a study chooses: their keys, and when sampling stops."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from explanations import catalogue
from explanations.catalogue import UnknownMethodError
from explanations.classifier.checkpoint import Classifier
from explanations.computing import averaging
from explanations.computing.doubling import relative_change, stages
from explanations.contracts.methods import ContractError, chain, check_amount, pictures
from explanations.engine import explain
from explanations.methods import lime
from explanations.methods.amounts import AmountError
from explanations.methods.gradient_shap import GradientShap
from explanations.methods.lime import Lime
from explanations.methods.protocol import parameters_of
from tests.explanations.conftest import ROOT


@pytest.mark.parametrize(
    ("key", "parameters", "label"),
    [
        ("lime_samples_200", {"samples": 200}, "LIME, 200 samples"),
        ("lime_heat_samples_200", {"samples": 200}, "LIME, heat map, 200 samples"),
        (
            "integrated_gradients_steps_25",
            {"steps": 25, "baseline": "black"},
            "Integrated Gradients, from black, 25 steps",
        ),
        (
            "integrated_gradients_blurred_steps_100",
            {"steps": 100, "baseline": "blurred"},
            "Integrated Gradients, from the blurred image, 100 steps",
        ),
        (
            "gradient_shap_samples_400_within_0-25",
            {"samples": 400, "tolerance": 0.25},
            "GradientSHAP, 400 samples at most, tolerance 0.25",
        ),
        ("smoothgrad_samples_25", {"samples": 25}, "SmoothGrad, 25 samples"),
        (
            "lime_within_0-1",
            {"samples": 1000, "tolerance": 0.1},
            "LIME, 1,000 samples at most, tolerance 0.1",
        ),
    ],
)
def test_a_key_names_the_amount_and_the_explainer_has_it(key, parameters, label):
    method = catalogue.get(key)
    assert method.key == key
    assert method.full_label == label
    found = parameters_of(method.explainer())
    assert found.items() >= parameters.items()
    # Same draws, words and drawing as without the amount, and other stored maps.
    plain = catalogue.get(catalogue.without_amount(key))
    assert catalogue.numbers_of(key) == catalogue.numbers_of(plain.key)
    assert (method.caption, method.drawing) == (plain.caption, plain.drawing)
    assert found != parameters_of(plain.explainer())
    assert catalogue.base_of(key) == catalogue.base_of(plain.key)
    assert catalogue.read_like(key) == catalogue.read_like(plain.key)


def test_the_default_is_the_method_itself_so_that_no_map_is_computed_twice():
    lime_ = catalogue.get("lime")
    assert lime_.with_amount(1000) is lime_
    assert lime_.with_amount(None) is lime_
    assert parameters_of(lime_.explainer()) == {
        "segments": 64, "compactness": 10.0, "sigma": 1.0, "samples": 1000, "kernel_width": 0.25,
        "precision": "strict",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("lime_samples_1000", "Write lime"),
        ("lime_steps_200", "Write lime_samples_200"),
        ("lime_samples_3", "samples is 3, but must be from 50 to 20000. The default is 1000"),
        ("lime_within_0-10", "Write lime_within_0-1"),
        ("lime_within_0-95", "tolerance is 0.95, but must be from 0.01 to 0.9"),
        ("smoothgrad_within_0-1", "Remove tolerance"),
        ("gradcam_samples_20", "Grad-CAM has no samples or steps to choose"),
        ("nothing_samples_20", "Choose from: gradcam"),
    ],
)
def test_another_spelling_of_an_amount_is_no_key(key, message):
    with pytest.raises(UnknownMethodError, match=message):
        catalogue.get(key)
    assert catalogue.without_amount(key) == key
    assert catalogue.label_of(key) == key


def test_a_key_that_the_database_cannot_store_is_refused():
    method = dataclasses.replace(catalogue.get("lime"), key="a_method_with_quite_a_long_name")
    with pytest.raises(AmountError, match="at most 40 can be stored"):
        method.with_amount(2000)


@pytest.mark.parametrize("method", catalogue.METHODS, ids=lambda method: method.key)
def test_the_amount_of_the_catalogue_is_the_default_of_the_class(method):
    check_amount(method)


def test_an_amount_that_the_class_has_not_breaks_the_contract():
    wrong = dataclasses.replace(
        catalogue.get("lime"), amount=dataclasses.replace(catalogue.get("lime").amount, usual=900)
    )
    with pytest.raises(ContractError, match="amount says samples 900"):
        check_amount(wrong)
    stops = dataclasses.replace(catalogue.get("smoothgrad").amount, stops=True)
    with pytest.raises(ContractError, match="tolerance"):
        check_amount(dataclasses.replace(catalogue.get("smoothgrad"), amount=stops))


def test_samples_are_doubled_up_to_exactly_the_full_number():
    assert stages(1000, 100, 0.1) == [125, 250, 500, 1000]
    assert stages(199, 100, 0.1) == [199]
    assert stages(1000, 100, None) == [1000]


def test_the_change_between_doublings_is_the_error_that_is_left():
    """Means of independent draws, whose error is known."""
    generator = torch.Generator().manual_seed(2)
    truth = torch.linspace(-1, 1, 4000, dtype=torch.float64)
    draws = truth + torch.randn((400, 4000), generator=generator, dtype=torch.float64)
    half, full = draws[:200].mean(0), draws.mean(0)
    left = float((full - truth).square().mean().sqrt() / full.square().mean().sqrt())
    assert relative_change(full, half) == pytest.approx(left, rel=0.05)
    assert relative_change(full * 0, full * 0) == 0
    assert relative_change(full * 0, full) == 1


METHODS = {
    "lime": lambda samples, tolerance: Lime(samples=samples, tolerance=tolerance),
    "gradient_shap": lambda samples, tolerance: GradientShap(samples, tolerance),
}
# On a small network with random weights, these stop at half of the maximum.
CASES = [("lime", 400, 0.8), ("gradient_shap", 100, 0.6)]


@pytest.fixture
def small():
    return chain()


@pytest.mark.parametrize(("key", "most", "tolerance"), CASES)
def test_a_map_that_stops_early_is_exactly_that_of_the_samples_used(key, most, tolerance, small):
    build, image = METHODS[key], pictures(1)[0]
    early = explained(build(most, tolerance), small, image)
    used = early.diagnostics["samples_used"]
    assert used < most
    assert early.diagnostics["relative_change"] <= tolerance
    assert "tolerance_not_reached" not in early.diagnostics["flags"]
    fixed = explained(build(used, None), small, image)
    assert "samples_used" not in fixed.diagnostics
    scale = np.abs(fixed.relevance).max()
    assert np.abs(early.relevance - fixed.relevance).max() <= 1e-5 * scale
    again = explained(build(most, tolerance), small, image)
    assert np.array_equal(early.relevance, again.relevance)


@pytest.mark.parametrize(("key", "most", "tolerance"), CASES)
def test_no_sample_is_computed_behind_the_tolerance(key, most, tolerance, small, monkeypatch):
    counted = []
    inner, gradients = lime.probabilities, averaging.input_gradients

    def answers(workspace, mixed, *, precision="strict"):
        counted.extend(len(one.keeps) for one in mixed)
        return inner(workspace, mixed, precision=precision)

    def passes(network, points, targets):
        counted.append(len(points))
        return gradients(network, points, targets)

    monkeypatch.setattr(lime, "probabilities", answers)
    monkeypatch.setattr(averaging, "input_gradients", passes)
    found = explained(METHODS[key](most, tolerance), small, pictures(1)[0])
    assert sum(counted) == found.diagnostics["samples_used"] < most
    counted.clear()
    explained(METHODS[key](most, None), small, pictures(1)[0])
    assert sum(counted) == most


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("key", "most", "tolerance"),
    [
        pytest.param("lime", 800, 0.6, marks=pytest.mark.nightly),
        ("gradient_shap", 100, 0.8),
    ],
)
def test_a_real_map_that_stops_early_is_within_its_tolerance_of_the_full_one(
    key, most, tolerance, scenes
):
    trained = Classifier.load(ROOT / "weights" / "scenes.safetensors")
    early, full = (
        explained(METHODS[key](most, wanted), trained, scenes[0], scenes[1:4])
        for wanted in (tolerance, None)
    )
    assert early.diagnostics["samples_used"] < most
    off, size = (
        np.sqrt(np.square(values).mean())
        for values in (early.relevance - full.relevance, full.relevance)
    )
    assert 0 < off <= tolerance * size
    assert spearmanr(early.relevance.ravel(), full.relevance.ravel()).statistic >= 0.7


@pytest.mark.parametrize("key", METHODS)
def test_each_class_stops_by_itself_and_a_missed_tolerance_is_flagged(key, small):
    explainer, images = METHODS[key](200, 0.02), pictures(1)
    both = explain(small, images, [[2, 4]], {"one": explainer}, pictures(3, 1))["one"]
    for column, target in enumerate((2, 4)):
        alone = explain(small, images, [target], {"one": explainer}, pictures(3, 1))["one"]
        assert np.allclose(both.relevance[0, column], alone.relevance[0], atol=1e-6)
        assert both.diagnostics[0][column]["samples_used"] == 200
        assert "tolerance_not_reached" in alone.diagnostics[0]["flags"]
    assert set(catalogue.FLAGS) >= set(alone.diagnostics[0]["flags"])


def explained(explainer, classifier, image, background=None):
    background = pictures(3, 1) if background is None else background
    return explain(classifier, image[None], [2], {"one": explainer}, background, 5)["one"][0]


@pytest.mark.parametrize("build", METHODS.values(), ids=list(METHODS))
def test_a_tolerance_outside_0_to_1_is_refused(build):
    for tolerance in (0, 1, -0.1):
        with pytest.raises(ValueError, match=f"tolerance is {tolerance}, but must be between"):
            build(200, tolerance)
