"""Time and memory that are told before the work begins."""

import ctypes
import dataclasses
import gc
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from explanations.computing import cost
from explanations.computing.cost import Passes, Speed, in_words
from explanations.computing.memory import Budget
from explanations.computing.whole import WholeNetwork
from explanations.engine import Cost, Engine
from explanations.methods.gradient_shap import GradientShap
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.occlusion import Occlusion
from explanations.methods.smoothgrad import SmoothGrad
from tests.daily import daily
from tests.explanations import any_network as networks
from tests.explanations.any_network import SIZE, made, pictures

METHODS = {
    "integrated_gradients": IntegratedGradients(steps=7, baseline="black+white"),
    "smoothgrad": SmoothGrad(samples=9),
    "gradient_shap": GradientShap(samples=11),
    "occlusion": Occlusion(0.4, 0.3),
    "lime": Lime(samples=60, segments=20),
}
CPU = Budget(torch.device("cpu"))
MEGABYTE = 1 << 20
SPEED = Speed(0.1, 0.3, [2 * MEGABYTE], CPU)
LARGE = 256
OF_SEVERAL_ROWS = {
    "integrated_gradients": IntegratedGradients(steps=13),
    "smoothgrad": SmoothGrad(samples=8),
    "occlusion": Occlusion(0.4, 0.2),
    "lime": Lime(samples=24, segments=12),
}


class _Chain(nn.Sequential):
    """A chain whose first layers LIME shares between its samples."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(16 * (LARGE // 4) ** 2, 4),
        )  # fmt: skip


@pytest.fixture
def rows(monkeypatch):
    """The rows of each pass through a whole network."""
    counted = []
    original = WholeNetwork.run

    def run(self, values, start=0, stop=None):
        if start == 0:
            counted.append(len(values))
        return original(self, values, start, stop)

    monkeypatch.setattr(WholeNetwork, "run", run)
    return counted


@pytest.mark.parametrize("key", METHODS)
def test_a_method_makes_the_passes_that_it_tells(key, rows):
    engine, explainer = Engine(made(networks.Residual)), METHODS[key]
    engine.explain(pictures(1, 5), [1], {key: explainer})  # tries the network once for all
    rows.clear()
    engine.explain(pictures(1), [1], {key: explainer})
    told = explainer.passes((SIZE, SIZE), 1)
    # Besides the shared pass, a baseline's or a reference's logits are computed once.
    assert 0 <= sum(rows) - (told.forward + told.gradient) <= 3


@pytest.mark.parametrize(("baseline", "further"), [("black", 0), ("mean", 0), ("blurred", 1)])
def test_the_logits_of_a_baseline_that_all_images_share_are_computed_once(baseline, further, rows):
    engine, key = Engine(made(networks.Residual)), "integrated_gradients"
    explainers = {key: IntegratedGradients(steps=7, baseline=baseline)}
    engine.explain(pictures(1, 5), [1], explainers)
    rows.clear()
    again = engine.explain(pictures(2), [1, 2], explainers)[key]
    assert sum(rows) == 2 * (7 + 1 + further)  # the steps, the image, and its own baseline
    alone = Engine(made(networks.Residual)).explain(pictures(2)[1:], [2], explainers)[key]
    assert again[1].diagnostics == alone[0].diagnostics


def test_the_cost_is_told_in_words_with_that_of_fewer_samples():
    lime = Cost(Lime(), SPEED, 224, 100)
    assert lime.seconds == pytest.approx(100)
    said = str(lime)
    assert said.startswith("1,000 samples, 224 px: about 100 s an image here; 200 samples: 20 s, ")
    assert said.endswith(" MB")
    assert str(Cost(IntegratedGradients(), SPEED, 32, 1)).startswith("50 steps, 32 px: about 15 s")
    assert str(Cost(Lime(samples=100), SPEED, 32, 1)).count("samples") == 1
    assert [in_words(seconds) for seconds in (0.0312, 4.4, 119, 150)] == [
        "0.03 s", "4 s", "119 s", "2 min",
    ]  # fmt: skip


def test_the_speed_is_measured_on_this_network():
    costs = Engine(made(networks.Residual)).costs(METHODS)
    assert all(cost.seconds > 0 for cost in costs.values())
    few, many = (
        Engine(made(networks.Residual)).costs({"one": SmoothGrad(samples)})["one"].megabytes
        for samples in (1, 10_000)
    )
    assert 1 <= few <= many
    without = Engine(made(networks.NoGradient)).costs({"lime": Lime()})["lime"]
    assert without.seconds > 0


def test_the_memory_of_all_rows_that_pass_together_is_told(monkeypatch):
    """Layers of 3 and 1 MB: one forward pass fits the cache of 4 MB, but eight are made together;
    a gradient pass keeps twice all layers, and has its gradients on top."""
    monkeypatch.setattr(Budget, "free_bytes", lambda self: 4 << 30)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    speed = Speed(0.1, 0.3, [3 * MEGABYTE, MEGABYTE], CPU)
    assert speed.megabytes(Passes(forward=50)) == 8 * cost.OF_A_STEP * 3
    assert speed.megabytes(Passes(forward=2)) == 2 * cost.OF_A_STEP * 3
    assert speed.megabytes(Passes(gradient=50)) == 8 * 3 * 4
    assert speed.megabytes(Passes(gradient=50, kept=10)) == 4 * 11 * 4  # 256 MB hold no more
    assert speed.megabytes(Passes(gradient=1)) == 3 * 4
    assert speed.megabytes(Passes(mixed=50, recorded=50)) == 1  # this network is no chain
    chain = Speed(0.1, 0.3, [3 * MEGABYTE, MEGABYTE], CPU, features=1, stem=1)
    assert chain.megabytes(Passes(forward=50, mixed=50)) == 2 * 50 + 2 * 50
    assert chain.megabytes(Passes(forward=500, mixed=500)) == 2 * 128 + 2 * 500
    assert chain.megabytes(Passes(recorded=50)) == 50 * 4
    assert chain.megabytes(Passes(recorded=500)) == 1  # too many to be kept
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert speed.megabytes(Passes(forward=50)) == 16 * cost.OF_A_STEP * 3


BY_DAY = [("occlusion", _Chain), ("lime", _Chain)]
BOTH = product(OF_SEVERAL_ROWS, [networks.Residual, _Chain])


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells the peak")
@pytest.mark.parametrize(
    ("key", "kind"), daily([*BY_DAY, *(case for case in BOTH if case not in BY_DAY)], 2)
)
def test_the_told_memory_is_half_to_three_times_the_measured_peak(kind, key, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    engine = Engine(dataclasses.replace(made(kind), image_size=LARGE))
    explainers = {key: OF_SEVERAL_ROWS[key]}
    told = engine.costs(explainers)[key].megabytes
    images = np.random.default_rng(0).integers(0, 256, (2, LARGE, LARGE, 3), dtype=np.uint8)
    engine.explain(images[:1], [1], explainers)  # imports, and tries the network once for all
    measured = _peak(lambda: engine.explain(images[1:], [1], explainers))
    assert measured / 2 <= told <= 3 * measured


def _peak(work) -> float:
    """Return the megabytes that ``work`` adds to the memory of this process."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # freed memory would hide what the work takes
    Path("/proc/self/clear_refs").write_text("5")  # forgets the earlier peak
    before = _highest()
    work()
    return _highest() - before


def _highest() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
