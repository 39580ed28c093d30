"""Every kind of network that the preflight accepts has the maps of captum, shap and lime."""

import contextlib
import io

import numpy as np
import pytest
import torch
from torch import nn

from explanations.classifier.checkpoint import Classifier
from explanations.engine import explain
from explanations.imagesets.background import Background
from explanations.imagesets.decoding import content_hash
from explanations.imagesets.scenes import generate
from explanations.methods.lime import Lime
from explanations.methods.protocol import image_seed
from explanations.verification import reference_methods
from explanations.verification.comparison import difference
from tests.conftest import ROOT

FLOAT32 = 1e-6
REFERENCES = (1, 2, 8, 9, 10, 17, 33, 100)


def conv(before, after, groups=1):
    return nn.Conv2d(before, after, 3, padding=1, groups=groups)


HEADS = {
    "one Linear layer": lambda: [conv(3, 16), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 1024, 5)],
    "the average over all cells and one Linear layer": lambda: [
        conv(3, 16), nn.ReLU(), nn.MaxPool2d(2), conv(16, 32), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 5),
    ],
    "the average over all cells, with dropout": lambda: [
        conv(3, 16), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Dropout(), nn.Linear(16, 5),
    ],
    "two Linear layers without a ReLU": lambda: [
        conv(3, 16), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(1024, 8), nn.Linear(8, 5),
    ],
    "no Linear layer": lambda: [
        conv(3, 16), nn.ReLU(), conv(16, 5), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    ],
    "no nonlinearity at all": lambda: [nn.Flatten(), nn.Linear(3072, 5)],
    "convolutions without a nonlinearity": lambda: [
        conv(3, 16), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16 * 256, 5),
    ],
    "a ReLU behind the flattening": lambda: [
        conv(3, 16), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(1024, 8), nn.ReLU(),
        nn.Linear(8, 5),
    ],
}  # fmt: skip


def classifier_of(layers, size=32):
    network = nn.Sequential(*layers).eval()
    classes = tuple("abcde")
    return Classifier(network, torch.full((3,), 0.5), torch.full((3,), 0.25), classes, "", size)


@pytest.fixture(scope="module")
def hundred():
    return np.stack([scene.image for scene in generate("train", 100, 0)])


@pytest.mark.parametrize(
    "counts",
    [(1, 9), pytest.param(REFERENCES, marks=pytest.mark.nightly)],
    ids=["few", "all"],
)
@pytest.mark.parametrize("head", HEADS)
def test_deepshap_is_shaps_in_float64_with_any_number_of_references(scenes, hundred, head, counts):
    torch.manual_seed(5)
    classifier = classifier_of(HEADS[head]())
    for count in counts:
        background = Background(hundred[:count])
        found = explain(
            classifier, scenes[:1], [[0, 3]], ("deepshap",), background, progress=False
        )["deepshap"]
        for place, target in enumerate((0, 3)):
            expected = reference_methods.deepshap_of_type(
                torch.float64, classifier, scenes[0], target, background
            )
            assert difference(found.channels[0, place], expected) <= FLOAT32, count
            assert found.diagnostics[0][place]["additivity_residual"] < 1e-6


@pytest.mark.parametrize("head", HEADS)
def test_the_number_of_references_in_a_piece_does_not_matter(scenes, hundred, head, monkeypatch):
    torch.manual_seed(5)
    classifier = classifier_of(HEADS[head]())
    whole, in_pieces = (
        (monkeypatch.setattr("explanations.computing.memory.CACHE_BYTES", size), explain(
            classifier, scenes[:1], [2], ("deepshap",), hundred[:21], progress=False
        )["deepshap"].channels)[1]
        for size in (1 << 30, 1)
    )  # fmt: skip
    assert difference(in_pieces, whole.astype(float)) <= FLOAT32


GROUPED = {
    "one group for each channel": lambda: [
        conv(3, 16), nn.ReLU(), conv(16, 16, groups=16), nn.ReLU(), nn.Conv2d(16, 32, 1),
        nn.ReLU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 5),
    ],
    "four groups": lambda: [
        conv(3, 16), nn.ReLU(), conv(16, 32, groups=4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(32 * 256, 5),
    ],
    "groups in the first layer": lambda: [
        conv(3, 24, groups=3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(24 * 256, 5),
    ],
}  # fmt: skip


@pytest.mark.parametrize("precision", ["strict", "fast"])
@pytest.mark.parametrize("kind", GROUPED)
def test_lime_of_grouped_convolutions_is_limes(scenes, kind, precision):
    torch.manual_seed(6)
    classifier, explainer = classifier_of(GROUPED[kind]()), Lime(samples=200, segments=24)
    found = explain(
        classifier, scenes[:1], [1], {"lime": explainer}, precision=precision, progress=False
    )["lime"]
    seed = image_seed(content_hash(scenes[0]), "lime")
    expected = reference_methods.lime(explainer, classifier, scenes[0], 1, seed)
    assert difference(found.relevance[0], expected) <= (FLOAT32 if precision == "strict" else 1e-3)


@pytest.mark.shared
def test_the_case_with_one_linear_layer_is_right_with_any_number_of_references(
    shared_dir, monkeypatch
):
    """../shared/cases/networks/onelinear_min.py, which prints a line for 8, 9 and 10 references."""
    lines = _printed(shared_dir, monkeypatch, "onelinear_min.py")
    assert [line.split()[0] for line in lines] == ["8", "9", "10"]
    for line in lines:
        assert float(line.partition("'additivity_residual': ")[2].partition(",")[0]) < 1e-6


@pytest.mark.shared
@pytest.mark.nightly
def test_every_kind_of_network_of_the_cases_is_exact(shared_dir, monkeypatch):
    """../shared/cases/networks/convkinds.py: every method of every network beside its library."""
    lines = _printed(shared_dir, monkeypatch, "convkinds.py")
    assert len(lines) > 30
    for line in lines:
        differences = [entry.split() for entry in line[34:].split(";")]
        assert [method for method, _ in differences][-2:] == ["deepshap", "lime"]
        for method, size in differences:
            # Images of three pixels and of one have a map of zeros, beside the library's 1e-32.
            if method == "lime" and line.startswith(("size 3", "size 1 ")):
                continue
            assert float(size) < FLOAT32, line


def _printed(shared_dir, monkeypatch, name):
    """Run a script of the cases, whose imports follow an older layout, and return its lines."""
    script = (shared_dir / "cases" / "networks" / name).read_text()
    script = script.replace(
        "from explanations import catalogue, oracles",
        "from explanations import catalogue; "
        "from explanations.verification import reference_methods as oracles",
    ).replace("explanations.background", "explanations.imagesets.background")
    monkeypatch.chdir(ROOT)
    output = io.StringIO()
    with contextlib.redirect_stdout(output), np.errstate(all="ignore"):
        exec(compile(script, name, "exec"), {"__name__": "__main__"})
    return output.getvalue().splitlines()
