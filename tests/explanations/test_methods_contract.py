"""What holds for every method of the catalogue, also for the next one."""

import dataclasses

import numpy as np
import pytest
import torch

from explanations import catalogue
from explanations.attribution import Attributions
from explanations.catalogue import METHODS, Legend, of_module
from explanations.contracts import methods as contract
from explanations.contracts.methods import (
    ContractError,
    branches,
    chain,
    check_declaration,
    check_imports,
    check_maps,
    check_texts,
    quick,
)
from explanations.engine import Engine
from explanations.imagesets.background import Background
from explanations.methods.protocol import image_seed
from explanations.methods.saliency import Saliency

TRIED = (*METHODS, *of_module(4))


@pytest.mark.parametrize("method", TRIED, ids=lambda method: method.key)
def test_every_method_keeps_the_contract_that_packages_run(method):
    check_imports(method)
    explainer = quick(method)
    check_declaration(method, explainer)
    tried = [one for one in (chain(), branches()) if not Engine(one).refusals({"one": explainer})]
    assert tried
    for classifier in tried:
        check_maps(method, explainer, classifier)


@dataclasses.dataclass(frozen=True)
class Broken(Saliency):
    """Saliency with a fault."""

    fault: str = ""

    def explain(self, batch, seeds):
        found = super().explain(batch, seeds)
        relevance, diagnostics = found.relevance.copy(), found.diagnostics
        match self.fault:
            case "shape":
                relevance = np.ascontiguousarray(relevance[..., ::2])
            case "empty":
                relevance *= 0
            case "chance":
                relevance += np.random.default_rng().random(relevance.shape, dtype=np.float32)
            case "classes":
                relevance += relevance.sum(1, keepdims=True)
            case "flag":
                diagnostics = [[{"flags": ["unheard_of"]} for _ in row] for row in diagnostics]
            case "weights":
                with torch.no_grad():
                    next(batch.workspace.classifier.network.parameters()).add_(0.1)
        return Attributions(relevance, diagnostics=diagnostics)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("shape", r"the map has the shape \(32, 16\)"),
        ("empty", "the map of an ordinary image is empty"),
        ("chance", "the same seed gives another map"),
        ("classes", "depends on the other classes"),
        ("flag", "the flag 'unheard_of' has no words"),
        ("weights", "Work on copies"),
    ],
)
def test_a_method_with_a_fault_breaks_the_contract(fault, message):
    with pytest.raises(ContractError, match=message):
        check_maps(catalogue.get("saliency"), Broken(fault=fault), chain())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"how_to_read": ("One sentence.",)}, "has 1 sentences"),
        ({"caption": "The gradient of {answer}."}, "contains 'gradient'"),
        ({"caption": "Bright pixels."}, r"Write \{answer\}"),
        ({"legend": Legend("x" * 200, "much")}, "too long"),
        ({"package": "other 1.0"}, "Name a method of the platform"),
    ],
)
def test_an_entry_with_faulty_words_breaks_the_contract(changed, message):
    check_texts(catalogue.get("saliency"))
    with pytest.raises(ContractError, match=message):
        check_texts(dataclasses.replace(catalogue.get("saliency"), **changed))


def test_a_method_that_imports_another_or_declares_no_need_breaks_the_contract(monkeypatch):
    monkeypatch.setattr(contract, "_imports", lambda module: ["explanations.methods.lime"])
    with pytest.raises(ContractError, match=r"imports the method explanations\.methods\.lime"):
        check_imports(catalogue.get("saliency"))
    check_imports(catalogue.get("lime"))
    monkeypatch.setattr(Broken, "needs", ())
    with pytest.raises(ContractError, match="Declare the class variable needs"):
        check_declaration(catalogue.get("saliency"), Broken())


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
