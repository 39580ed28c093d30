"""A method pays for the passes that it reads, and for nothing that another method would need."""

from types import SimpleNamespace

import numpy as np
import pytest

from explanations.computing import workspace
from explanations.contracts.methods import branches, chain, pictures
from explanations.engine import Engine
from explanations.methods.gradcam import GradCam
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.saliency import Saliency

NETWORKS = {"a chain": chain, "a network with branches": branches}
QUICK = {
    "gradcam": GradCam(),
    "saliency": Saliency(),
    "integrated_gradients": IntegratedGradients(steps=2),
    "lime": Lime(samples=20, segments=6),
}
PASSES = {
    ("saliency",): ["to the pixels, 0 layers"],
    ("gradcam",): ["to 1 layers"],
    ("integrated_gradients",): ["to 0 layers"],
    ("lime",): ["to 0 layers"],
    ("gradcam", "lime"): ["to 1 layers"],
    ("gradcam", "saliency", "lime"): ["to the pixels, 1 layers"],
    ("saliency", "gradcam"): ["to the pixels, 1 layers"],
}


@pytest.fixture
def passes(monkeypatch):
    """The names of the passes that batches make."""
    made = []
    real = SimpleNamespace(whole=workspace.gradient_pass, part=workspace.layer_pass)

    def whole(network, pixels, targets, layers):
        made.append(f"to the pixels, {len(layers)} layers")
        return real.whole(network, pixels, targets, layers)

    def part(network, pixels, targets, layers):
        made.append(f"to {len(layers)} layers")
        return real.part(network, pixels, targets, layers)

    monkeypatch.setattr(workspace, "gradient_pass", whole)
    monkeypatch.setattr(workspace, "layer_pass", part)
    return made


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("keys", PASSES, ids=" ".join)
def test_methods_share_one_pass_that_goes_no_further_than_they_read(kind, keys, passes):
    methods = {key: QUICK[key] for key in keys}
    Engine(NETWORKS[kind]()).explain(pictures(1), [2], methods)
    assert passes == PASSES[keys]


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_map_has_the_same_bits_whichever_methods_share_its_pass(kind):
    engine = Engine(NETWORKS[kind]())
    together = engine.explain(pictures(2), [[2, 4]] * 2, QUICK)
    for key, explainer in QUICK.items():
        alone = Engine(NETWORKS[kind]()).explain(pictures(2), [[2, 4]] * 2, {key: explainer})
        assert np.array_equal(alone[key].relevance, together[key].relevance), key
        assert alone[key].diagnostics == together[key].diagnostics, key
        assert np.array_equal(alone.probabilities, together.probabilities), key


def test_saliency_does_not_look_for_the_layer_of_grad_cam():
    engine = Engine(branches())
    engine.explain(pictures(1), [2], {"saliency": QUICK["saliency"]})
    found = ("default_layer", "grids")
    assert not set(found) & vars(engine.workspace.network).keys()
    engine.explain(pictures(1), [2], {"gradcam": QUICK["gradcam"]})
    assert set(found) <= vars(engine.workspace.network).keys()


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_sizes_of_layers_cost_no_pass_of_their_own(kind, monkeypatch):
    engine = Engine(NETWORKS[kind]())
    network = engine.workspace.network
    monkeypatch.setattr(type(network), "run_noting_shapes", None)
    shapes = network.input_shapes(engine.workspace.pixels(pictures(1)))
    assert shapes[0] == (3, 32, 32)
    assert len(shapes) >= 5


def test_images_in_groups_have_the_maps_of_all_together(monkeypatch):
    """On a GPU a batch has many images, and large networks take them in groups."""
    whole, grouped = (Engine(branches()).workspace for _ in range(2))
    monkeypatch.setattr(workspace, "GRADIENT_LAYERS", 1)
    batches = [workspace.Batch(one, pictures(5), layers=["stem"]) for one in (whole, grouped)]
    cams = []
    for batch, row_bytes in zip(batches, (1, 1 << 60), strict=True):
        monkeypatch.setattr(workspace.Workspace, "layer_bytes", lambda *_, many=row_bytes: [many])
        cams.append(batch.cam("stem"))
        assert batch.logits.shape == (5, 5)
    assert cams[0].shape == cams[1].shape == (5, 1, 16, 16)
    scale = float(cams[0].abs().max())
    assert float((cams[0] - cams[1]).abs().max()) <= 1e-5 * scale
