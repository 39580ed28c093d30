"""Whatever the caller's torch state is, the engine's numbers are the same, and the state stays."""

import copy
import dataclasses
import threading
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn

from explanations.classifier.checkpoint import Classifier
from explanations.computing.preflight import PreflightError
from explanations.engine import Engine, explain
from explanations.methods.deepshap import DeepShap
from explanations.methods.gradcam import GradCam
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.saliency import Saliency
from tests.conftest import ROOT
from tests.daily import daily

METHODS = {
    "gradcam": GradCam(),
    "saliency": Saliency(),
    "integrated_gradients": IntegratedGradients(steps=12),
    "deepshap": DeepShap(),
    "lime": Lime(samples=60),
}


@contextmanager
def default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def default_device():
    torch.set_default_device("meta")
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextmanager
def low_precision():
    torch.set_float32_matmul_precision("medium")
    try:
        yield
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


SURROUNDINGS = {
    "autocast in bfloat16": lambda: torch.autocast("cpu", torch.bfloat16),
    "autocast in float16": lambda: torch.autocast("cpu", torch.float16),
    "inference mode": torch.inference_mode,
    "no gradients": torch.no_grad,
    "float64 by default": default_dtype,
    "another device by default": default_device,
    "a device as context": lambda: torch.device("meta"),
    "low precision of products": low_precision,
}


@pytest.fixture(scope="module")
def small():
    """A network with every kind of step and sixteen channels, which Winograd can replace."""
    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(16 * 64, 24), nn.ReLU(), nn.Dropout(), nn.Linear(24, 5),
    ).eval()  # fmt: skip
    return Classifier(network, torch.full((3,), 0.5), torch.full((3,), 0.25), tuple("abcde"))


def maps(classifier, images, background, precision="strict", methods=METHODS):
    found = explain(
        classifier, images, methods=methods, background=background, precision=precision,
        layers=True, progress=False,
    )  # fmt: skip
    return {key: found[key].relevance for key in found} | {
        "probabilities": found.probabilities,
        "layers": np.concatenate([values.ravel() for values in found.layers.gradcam]),
    }


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for key, values in found.items():
        assert np.array_equal(values, expected[key]), key


@pytest.mark.parametrize("precision", ["strict", "fast"])
@pytest.mark.parametrize("name", daily(SURROUNDINGS, 4))
def test_the_callers_modes_change_no_bit(small, scenes, name, precision):
    expected = maps(small, scenes[:1], scenes[1:4], precision)
    with SURROUNDINGS[name]():
        found = maps(small, scenes[:1], scenes[1:4], precision)
        probabilities = small.probabilities(scenes[:2])
    assert_same(found, expected)
    assert np.array_equal(probabilities, small.probabilities(scenes[:2]))


def test_autocast_changes_the_numbers_of_a_bare_network(small, scenes):
    """The control: without the engine's protection the modes above do change something."""
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        inside = small.network(small.normalise(scenes[:1])).float()
    with torch.no_grad():
        outside = small.network(small.normalise(scenes[:1]))
    assert (inside - outside).abs().max() > 1e-5


@pytest.mark.parametrize("name", daily(SURROUNDINGS, 4))
def test_maps_yielded_one_by_one_leave_the_callers_modes_alone_in_between(small, scenes, name):
    engine = Engine(small, scenes[1:4])
    expected = {key: part.relevance for key, part in engine.one_by_one(scenes[:1], [2], METHODS)}
    with SURROUNDINGS[name]():
        before = _state()
        for key, part in Engine(small, scenes[1:4]).one_by_one(scenes[:1], [2], METHODS):
            assert _state() == before
            assert np.array_equal(part.relevance, expected[key])


def _state():
    return (
        torch.is_autocast_enabled("cpu"),
        torch.is_inference_mode_enabled(),
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.get_float32_matmul_precision(),
    )


@pytest.mark.parametrize(
    "name", daily(["inference mode", "float64 by default", "a device as context"], 1)
)
def test_weights_loaded_in_any_mode_are_the_same(weights_file, scenes, name):
    methods = {key: METHODS[key] for key in ("saliency", "deepshap")}
    expected = maps(Classifier.load(weights_file), scenes[:1], scenes[1:3], methods=methods)
    with SURROUNDINGS[name]():
        loaded = Classifier.load(weights_file)
    assert {tensor.dtype for tensor in loaded.network.parameters()} == {torch.float32}
    assert_same(maps(loaded, scenes[:1], scenes[1:3], methods=methods), expected)


def test_threads_at_once_return_the_same_bits_and_restore_the_callers_state(small, scenes):
    expected = maps(small, scenes[:1], scenes[1:4])
    found = {}

    def work(number):
        found[number] = maps(small, scenes[:1], scenes[1:4])

    threads_before = torch.get_num_threads()
    with low_precision():
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert torch.get_num_threads() == threads_before
    assert len(found) == 4
    for of_thread in found.values():
        assert_same(of_thread, expected)


def trainable(network):
    return network.requires_grad_(True)


def in_channels_last(network):
    return network.to(memory_format=torch.channels_last)


def watched(network):
    """Hooks that another library left behind, which only look."""
    for module in network.modules():
        module.register_forward_hook(lambda module, inputs, output: None)
        module.register_full_backward_hook(lambda module, before, after: None)
    return network


def after_shap(network):
    """shap leaves tensors behind as attributes of the modules."""
    shap = pytest.importorskip("shap")
    pixels = torch.zeros(2, 3, 32, 32)
    shap.DeepExplainer(network, pixels).shap_values(pixels + 1, check_additivity=False)
    return network


@pytest.mark.parametrize("change", [trainable, in_channels_last, watched, after_shap])
def test_what_does_not_change_a_networks_function_changes_no_bit(small, scenes, change):
    network = change(copy.deepcopy(small.network))
    changed = dataclasses.replace(small, network=network)
    assert_same(maps(changed, scenes[:1], scenes[1:4]), maps(small, scenes[:1], scenes[1:4]))
    assert not any(module.training for module in network.modules())


def test_images_in_any_memory_layout_are_the_same(small, scenes):
    expected = maps(small, scenes[:2], scenes[2:5])
    turned = np.asfortranarray(scenes[:2]), np.asfortranarray(scenes[2:5])
    assert_same(maps(small, *turned), expected)


def doubled_by_a_hook(network):
    network[3].register_forward_hook(lambda module, inputs, output: 2 * output)
    return network


def recomputed_by_a_hook(network):
    # The old form of weight_norm recomputes the weight in front of each pass.
    nn.utils.weight_norm(network[3])
    network[3].weight_g.data *= 2
    return network


def partly(network):
    network[8].double()
    return network


REFUSED = {
    "hook": (doubled_by_a_hook, "so a hook or a condition in forward() changes them. Remove"),
    "weight norm": (recomputed_by_a_hook, "remove_weight_norm"),
    "float16": (lambda network: network.half(), "is float16, in which maps are wrong"),
    "bfloat16": (lambda network: network.bfloat16(), "is bfloat16, in which maps are wrong"),
    "mixed": (partly, "The network mixes types"),
    "train": (lambda network: network.train(), "is in train mode"),
    "size": (lambda network: nn.Sequential(*network[:7], network[7], nn.Linear(9, 5)).eval(),
             "cannot compute an image of 32x32 pixels"),
    "classes": (lambda network: network[:9].eval(), "the classifier has 5 classes"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("name", REFUSED)
def test_a_network_whose_maps_would_be_wrong_is_refused_with_the_cure(small, name):
    change, cure = REFUSED[name]
    classifier = dataclasses.replace(small, network=change(copy.deepcopy(small.network)))
    with pytest.raises(PreflightError) as refusal:
        Engine(classifier)
    assert cure in str(refusal.value)


def test_a_half_precision_network_is_exact_after_the_cure(small, scenes):
    network = copy.deepcopy(small.network).half().float()
    found = maps(dataclasses.replace(small, network=network), scenes[:1], scenes[1:4])
    exact = dataclasses.replace(small, network=copy.deepcopy(network).double())
    expected = maps(exact, scenes[:1], scenes[1:4], methods={"deepshap": DeepShap()})
    scale = np.abs(expected["deepshap"]).max()
    assert np.abs(found["deepshap"] - expected["deepshap"]).max() < 1e-5 * scale


@pytest.mark.parametrize("colour", daily([0, (10, 200, 30), 128, 255], 2))
@pytest.mark.parametrize("precision", daily(["strict", "fast"], 1))
def test_a_map_of_an_image_of_one_colour_is_finite_and_says_that_ties_have_no_unique_answer(
    small, scenes, colour, precision
):
    image = np.empty((1, 32, 32, 3), np.uint8)
    image[:] = colour
    found = explain(
        small, image, methods=METHODS, background=scenes[1:4], precision=precision, progress=False
    )
    for key in found:
        assert np.isfinite(found[key].relevance).all()
        assert "ties" in found[key].diagnostics[0]["flags"]
    assert "constant_probability" in found["lime"].diagnostics[0]["flags"]
    plain = explain(small, scenes[:1], methods=METHODS, background=scenes[1:4], progress=False)
    assert not any("ties" in plain[key].diagnostics[0]["flags"] for key in plain)


@pytest.mark.shared
@pytest.mark.parametrize("precision", daily(["strict", "fast"], 1))
@pytest.mark.parametrize("method", daily(["deepshap", "saliency"], 1))
def test_the_case_of_autocast_differs_by_nothing(
    shared_dir, monkeypatch, capsys, method, precision
):
    """../shared/cases/networks/autocast.py, which prints the difference relative to the scale."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.argv", ["autocast.py", method, precision])
    script = (shared_dir / "cases" / "networks" / "autocast.py").read_text()
    exec(compile(script, "autocast.py", "exec"), {"__name__": "__main__"})
    assert float(capsys.readouterr().out.split()[-1]) == 0
