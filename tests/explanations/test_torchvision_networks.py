"""torchvision's networks with random weights: each method is the library's, or refused by name."""

import numpy as np
import pytest
import torch

from benchmarks import networks
from benchmarks.networks import NETWORKS, PAGE, Compared, compare, renewed, rows_of
from explanations import catalogue
from explanations.classifier.architectures import ARCHITECTURES
from explanations.computing.needs import Need
from explanations.contracts import methods
from explanations.contracts.classifiers import check_architecture
from explanations.contracts.methods import check_every_method
from explanations.engine import Engine
from tests.explanations.any_network import NoGradient, Residual, made

CATALOGUED = [name for name in NETWORKS if name in {one.key for one in ARCHITECTURES}]
BOUND, OF_DIFFERENCES = 1e-6, 1e-5
REFUSED = {
    "mobilenet_v3_large": "multiplies or divides two results that both depend on the image",
    "convnext_tiny": "layer_norm",
    "efficientnet_b0": "multiplies or divides two results that both depend on the image",
    "vit_b_16": "is a LayerNorm",
    "swin_t": "is a LayerNorm",
}


@pytest.mark.nightly
@pytest.mark.parametrize("name", NETWORKS)
def test_every_method_on_a_network_of_torchvision_is_the_librarys_or_refused_by_name(name):
    rows = {row.method: row for row in compare(name)}
    refused = {key: row.refusal for key, row in rows.items() if row.refusal}
    assert list(refused) == (["deepshap"] if name in REFUSED else [])
    if name in REFUSED:
        assert REFUSED[name] in refused["deepshap"]
        assert "Use gradient_shap in its place" in refused["deepshap"]
    for key, row in rows.items():
        assert row.difference <= (OF_DIFFERENCES if key == "occlusion" else BOUND), key


@pytest.mark.nightly
@pytest.mark.parametrize("name", CATALOGUED)
def test_a_network_of_torchvision_keeps_the_contract_with_every_method(name, tmp_path):
    """Only SqueezeNet is compared with the libraries without being in the catalogue."""
    assert set(NETWORKS) - set(CATALOGUED) == {"squeezenet1_1"}
    classifier = check_architecture(name, tmp_path, size=NETWORKS[name], classes=tuple("abcde"))
    refused = check_every_method(classifier)
    # Deep networks with random weights are so wild that 50 steps may miss too much.
    assert "miss the change of the logit" in refused.pop(
        "integrated_gradients", "miss the change of the logit"
    )
    chain = not Engine(classifier).workspace.network.problem(Need.CHAIN)
    without_rule = {"deepshap"} if name in REFUSED else set()
    assert refused.keys() == without_rule | (set() if chain else {"lrp"})


def test_a_network_that_lacks_something_is_checked_with_the_methods_that_remain(monkeypatch):
    chosen = ("saliency", "occlusion", "gradcam", "lrp")
    monkeypatch.setattr(methods, "METHODS", [catalogue.get(key) for key in chosen])
    tried = []
    monkeypatch.setattr(methods, "check_maps", lambda method, *_: tried.append(method.key))
    refused = check_every_method(made(NoGradient))
    assert tried == ["occlusion"]
    assert all("gradient" in reason for reason in refused.values())
    assert refused.keys() == {"saliency", "gradcam", "lrp"}


def test_the_contract_of_methods_fits_any_size_and_number_of_classes():
    """The nightly test above, for a small network of 33 pixels and 4 classes."""
    for key in ("saliency", "gradcam"):
        method = catalogue.get(key)
        methods.check_maps(method, methods.quick(method), made(Residual))


def test_the_table_in_the_docs_has_every_network_in_both_types():
    page = PAGE.read_text(encoding="utf-8")
    for name, size in NETWORKS.items():
        for dtype in ("float64", "float32"):
            assert page.count(f"| {name}, {size} | any | {dtype} |") + page.count(
                f"| {name}, {size} | chain | {dtype} |"
            ) == 1  # fmt: skip
        assert (f"| {name} | `deepshap` | It needs a rule" in page) == (name in REFUSED)


def test_the_table_in_the_docs_names_the_oracle_of_each_method():
    page = PAGE.read_text(encoding="utf-8")
    head = next(line for line in page.splitlines() if line.startswith("| network, pixels |"))
    assert networks.renewed(page, [], []) == page  # written by the command
    assert head.count("(captum)") == 5
    assert (
        "| GradientSHAP (shap) | SHAP (rule in float64; shap for a chain) | LIME (lime) |" in head
    )


def test_renewing_a_networks_rows_leaves_the_others(monkeypatch):
    monkeypatch.setattr(networks, "_path", lambda name: "any")
    page = PAGE.read_text(encoding="utf-8")
    compared = [Compared(key, "captum", 3e-7) for key in networks.METHODS]
    compared[5] = Compared("deepshap", "", 0.0, "It needs a rule for every operation. Why.")
    differences, refused = rows_of("resnet18", "float64", compared)
    cells = ["3e-7"] * 5 + ["refused"] + ["3e-7"] * 2
    assert differences == [f"| resnet18, 65 | any | float64 | {' | '.join(cells)} |"]
    changed = renewed(page, differences, refused)
    assert changed.count("| resnet18, 65 |") == 1
    assert changed.count("| swin_t, 64 |") == page.count("| swin_t, 64 |")
    assert "| resnet18 | `deepshap` | It needs a rule for every operation. Why. |" in changed
    assert renewed(changed, differences, refused) == changed


def test_random_weights_react_to_the_image():
    """Fresh batch statistics, or a head of zeros, would make every comparison one of empty maps."""
    torch.manual_seed(0)
    classifier = networks.classifier_of("resnet18")
    probabilities = classifier.probabilities(networks.pictures(2, 65))
    assert np.abs(probabilities[0] - probabilities[1]).max() > 1e-5
