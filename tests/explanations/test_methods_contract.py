"""What holds for every method of the catalogue, also for the next one."""

import dataclasses
import json
import tomllib

import numpy as np
import pytest
import torch

from explanations.catalogue import EVERY as CHOSEN
from explanations.catalogue import FLAGS, METHODS, of_module
from explanations.engine import Engine
from explanations.imagesets.background import Background
from explanations.methods.protocol import image_seed, parameters_of
from tests.conftest import ROOT
from tests.explanations.conftest import explain_one

EVERY = (*CHOSEN, *of_module(4))
KEYS = [method.key for method in EVERY]
QUICK = {"samples": 30, "steps": 4}


@pytest.fixture(params=EVERY, ids=KEYS)
def explainer(request):
    """A method with few samples or steps: these tests are of its manners, not of its figures."""
    explainer = request.param.explainer()
    quick = {name: value for name, value in QUICK.items() if name in parameters_of(explainer)}
    return dataclasses.replace(explainer, **quick)


def test_a_method_gives_a_map_of_the_image_and_leaves_the_network_alone(
    explainer, untrained, scenes, background
):
    network = untrained.network
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    image = scenes[0].copy()
    attribution = explain_one(explainer, untrained, image, 3, 1, background)
    assert attribution.relevance.shape == (32, 32)
    assert not attribution.is_empty
    assert (image == scenes[0]).all()
    assert not network.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
    for module in network.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._backward_hooks
        assert not hasattr(module, "x")
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_same_seed_gives_the_same_map(explainer, untrained, scenes, background):
    first, again = (
        explain_one(explainer, untrained, scenes[1], 0, 7, background).relevance for _ in range(2)
    )
    assert np.array_equal(first, again)


def test_parameters_and_version_can_name_an_artefact(explainer):
    assert json.loads(json.dumps(parameters_of(explainer))) == parameters_of(explainer)
    assert isinstance(explainer.version, int)
    assert "version" not in parameters_of(explainer)


def test_several_classes_at_once_are_those_classes_one_by_one(
    explainer, untrained, scenes, background
):
    engine = Engine(untrained, background)
    both = engine.explain(scenes[:1], [[2, 7]], {"one": explainer})["one"]
    for column, target in enumerate((2, 7)):
        alone = explain_one(explainer, untrained, scenes[0], target, 0, background)
        scale = max(np.abs(alone.relevance).max(), 1e-6)
        found = both.of_class(column)[0]
        assert np.abs(found.relevance - alone.relevance).max() < 1e-5 * scale
        assert found.diagnostics.keys() == alone.diagnostics.keys()


def test_every_flag_has_its_words(explainer, untrained, scenes, background):
    for image in (scenes[0], np.zeros_like(scenes[0]), np.full_like(scenes[0], 255)):
        found = explain_one(explainer, untrained, image, 1, 0, background)
        assert set(found.diagnostics["flags"]) <= FLAGS.keys()
        assert np.isfinite(found.relevance).all()


def test_a_seed_depends_on_image_method_and_the_callers_seed():
    seeds = {
        image_seed(image, method, seed)
        for image in ("a", "b")
        for method in ("lime", "placebo")
        for seed in (1, 2)
    }
    assert len(seeds) == 8
    assert image_seed("a", "lime") == image_seed("a", "lime", 0)


def test_a_background_is_known_by_its_pictures(scenes):
    assert Background(scenes[:2]).sha256 == Background(scenes[:2].copy()).sha256
    assert Background(scenes[:2]).sha256 != Background(scenes[1:3]).sha256


def test_an_empty_background_is_refused(scenes):
    with pytest.raises(ValueError, match="at least one image"):
        Background(scenes[:0])


def test_the_contract_against_imports_among_methods_names_every_method():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        one for one in config["tool"]["importlinter"]["contracts"] if one["type"] == "independence"
    )
    assert set(contract["modules"]) == {method.path.rpartition(".")[0] for method in METHODS}
