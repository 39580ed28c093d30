"""Our measures beside quantus, where it works; optional, since it wants a GUI build of OpenCV.

pip install --no-deps quantus==0.6.0 opencv-python-headless cachetools
"""

import numpy as np
import pytest

from explanations.evaluation.measures import perturbation
from explanations.evaluation.measures.complexity import gini_index, relative_entropy
from explanations.evaluation.measures.localisation import (
    area_under_roc,
    hit,
    mass_inside,
    ranked_inside,
)
from explanations.evaluation.measures.road import imputed
from explanations.evaluation.ranking import most_relevant_first

quantus = pytest.importorskip("quantus")
pytestmark = pytest.mark.filterwarnings("ignore")

SIZE = (12, 10)


@pytest.fixture(params=range(3))
def relevance(request):
    """Without equal pixels, which the two treat differently, and without negative ones."""
    return np.random.default_rng(request.param).gamma(0.5, size=SIZE).astype(np.float32)


@pytest.fixture
def mask():
    rows, columns = np.indices(SIZE)
    return (rows - 4) ** 2 + (columns - 5) ** 2 < 12


def theirs(metric, relevance, mask=None):
    batch = {"a_batch": relevance[None].astype(np.float64).copy(), "x_batch": relevance[None]}
    if mask is not None:
        batch = {"a_batch": batch["a_batch"], "s_batch": mask[None].copy()}
    return float(metric(disable_warnings=True).evaluate_batch(**batch)[0])


@pytest.mark.parametrize(
    ("ours", "metric"),
    [
        (hit, "PointingGame"),
        (mass_inside, "RelevanceMassAccuracy"),
        (ranked_inside, "RelevanceRankAccuracy"),
        (area_under_roc, "AUC"),
    ],
)
def test_localisation_is_that_of_quantus(relevance, mask, ours, metric):
    assert ours(relevance, mask) == pytest.approx(theirs(getattr(quantus, metric), relevance, mask))


def test_gini_is_quantus_sparseness_and_entropy_its_complexity(relevance):
    # quantus adds 1e-7 to each value against a division by zero.
    assert gini_index(relevance) == pytest.approx(theirs(quantus.Sparseness, relevance), abs=1e-5)
    entropy = theirs(quantus.Complexity, relevance) / np.log(relevance.size)
    assert relative_entropy(relevance) == pytest.approx(entropy, abs=1e-6)


def test_pixels_are_filled_in_as_quantus_fills_them_in():
    generator = np.random.default_rng(0)
    pixels, removed = generator.normal(size=(3, *SIZE)), generator.random(SIZE) < 0.6
    filled = quantus.perturb_func.noisy_linear_imputation(
        pixels.copy(), np.flatnonzero(removed), noise=0.0
    )
    assert imputed(pixels, removed) == pytest.approx(filled.reshape(pixels.shape))


def test_deletion_is_quantus_pixel_flipping_of_whole_pixels(planted, monkeypatch):
    """quantus flips single channels: with places for values, all three of a pixel come together."""
    steps = 16
    monkeypatch.setattr(perturbation, "SHARES", tuple(np.linspace(0, 1, steps + 1)))
    ours = perturbation.deletion(planted, "mean")
    seed = planted.case.seed("ties", planted.setting.seed)
    pixels = planted.pixels.numpy()[None]
    start = planted.probabilities(planted.pixels[None])[0]
    model = quantus.helpers.utils.get_wrapped_model(
        planted.setting.engine.workspace.classifier.network,
        channel_first=True,
        softmax=True,
        device="cpu",
    )
    for name, relevance in planted.maps.items():
        places = np.empty(relevance.size)
        places[most_relevant_first(relevance, seed)] = np.arange(relevance.size, 0, -1)
        flipping = quantus.PixelFlipping(
            features_in_step=3 * relevance.size // steps,
            perturb_baseline=0.0,  # the training images' mean colour, in normalised units
            disable_warnings=True,
        )
        curve = flipping.evaluate_batch(
            model=model,
            x_batch=pixels,
            y_batch=np.array([planted.case.predicted]),
            a_batch=np.broadcast_to(places.reshape(relevance.shape), pixels.shape),
        )[0]
        assert ours[name] == pytest.approx(perturbation.area(np.array([start, *curve])), abs=1e-6)
