import numpy as np
import pytest

from explanations import catalogue
from explanations.computing.gradients import gradient_pass
from explanations.engine import Engine
from explanations.methods.layers import LayerGradCam, LayerSaliency
from tests.explanations.conftest import explain_one

EVERY_MODULE = {
    method.key: method.explainer() for number in range(15) for method in catalogue.of_module(number)
}


def test_every_modules_maps_are_those_of_the_engines_one_pass(classifier, scenes):
    found = Engine(classifier).explain(scenes[:2], [3, 5], EVERY_MODULE, layers=True)
    for number in range(15):
        cam, saliency = found[f"gradcam_layer_{number}"], found[f"saliency_layer_{number}"]
        assert np.array_equal(cam.native, found.layers.gradcam[number])
        assert np.array_equal(saliency.native, found.layers.saliency[number])
        assert cam.relevance.shape == saliency.relevance.shape == (2, 32, 32)
        assert (cam.relevance >= 0).all()
        each = 32 // saliency.native.shape[1]
        assert np.array_equal(saliency.relevance, np.kron(saliency.native, np.ones((each, each))))
        assert cam.diagnostics[0]["layer"] == number
        assert cam.diagnostics[0]["cells"] == list(cam.native.shape[1:])
        assert cam.diagnostics[0]["flags"] == ([] if (cam.native[0] > 0).any() else ["empty"])


def test_all_modules_are_one_pass(untrained, scenes, monkeypatch):
    passes = []

    def counted(*arguments):
        passes.append(arguments[3])
        return gradient_pass(*arguments)

    for module in ("computing.workspace", "methods.layers"):
        monkeypatch.setattr(f"explanations.{module}.gradient_pass", counted)
    Engine(untrained).explain(scenes[:1], [0], EVERY_MODULE)
    assert passes == [list(range(15))]


@pytest.mark.parametrize("kind", [LayerGradCam, LayerSaliency])
def test_a_module_alone_is_that_module_among_all(untrained, scenes, kind):
    """Their artefacts have one name, so they must have the same bits."""
    every = Engine(untrained).explain(scenes[:1], [4], EVERY_MODULE)
    key = "gradcam_layer_6" if kind is LayerGradCam else "saliency_layer_6"
    alone = explain_one(kind(6), untrained, scenes[0], 4)
    assert np.array_equal(alone.native, every[key].native[0])
    assert np.array_equal(alone.relevance, every[key].relevance[0])


def test_the_last_relu_is_grad_cam_itself(classifier, scenes):
    usual = Engine(classifier).explain(scenes[:1], [1], ["gradcam", "gradcam_layer_13"])
    assert np.array_equal(usual["gradcam"].relevance, usual["gradcam_layer_13"].relevance)


@pytest.mark.parametrize("kind", [LayerGradCam, LayerSaliency])
@pytest.mark.parametrize("number", [-1, 15])
def test_a_module_that_is_none_is_refused(untrained, scenes, kind, number):
    with pytest.raises(ValueError, match=r"Unknown feature module .* modules 0 to 14"):
        explain_one(kind(number), untrained, scenes[0], 0)
