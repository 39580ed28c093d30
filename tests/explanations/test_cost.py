"""Time and memory that are told before the work begins."""

import pytest
import torch

from explanations.computing.cost import Passes, Speed, in_words
from explanations.computing.memory import Budget
from explanations.computing.whole import WholeNetwork
from explanations.engine import Cost, Engine
from explanations.methods.gradient_shap import GradientShap
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.occlusion import Occlusion
from explanations.methods.smoothgrad import SmoothGrad
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
SPEED = Speed(0.1, 0.3, 2 << 20, CPU)


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
    cost = Cost(Lime(), SPEED, 224, 100)
    assert cost.seconds == pytest.approx(100)
    said = str(cost)
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
    assert Speed(0.1, 0.3, 20 << 20, CPU).megabytes(Passes(gradient=50)) in (160, 320, 640)
    assert Speed(0.1, 0.3, 20 << 20, CPU).megabytes(Passes(forward=50)) in (40, 80, 160)
    without = Engine(made(networks.NoGradient)).costs({"lime": Lime()})["lime"]
    assert without.seconds > 0
