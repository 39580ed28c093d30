"""Faster arithmetic where a device has it, and the exact one where it has not."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from explanations.classifier.exact import exact_arithmetic
from explanations.computing import mixing
from explanations.computing.arithmetic import faster, tf32, winograd
from explanations.computing.chain import Chain
from explanations.methods.lime import Lime
from tests.conftest import ROOT
from tests.explanations.conftest import explain_one

LOADED = """
import sys
import numpy as np
from explanations.classifier.checkpoint import Classifier
from explanations.engine import explain
from explanations.methods.deepshap import DeepShap
from explanations.methods.lime import Lime

classifier = Classifier.load("weights/scenes.safetensors")
images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
for precision in ("strict", "fast"):
    for method in (DeepShap(), Lime(samples=60)):
        explain(classifier, images[:1], methods={"one": method}, background=images[1:],
                progress=False, precision=precision)
    print(precision, "llvmlite" in sys.modules)
"""


@pytest.mark.parametrize("way", [tf32, winograd])
def test_a_faster_way_runs_on_a_processor_that_has_none_of_it_and_in_two_parts(
    untrained, scenes, way
):
    chain = Chain.of(untrained)
    pixels = chain.enter(untrained.normalise(scenes[:2]))
    forward = way(chain)
    with exact_arithmetic(), torch.no_grad():
        exact, found = chain.run(pixels), forward(pixels, 0)
        in_parts = forward(forward(pixels, 0, chain.features), chain.features)
    assert torch.equal(found, in_parts)
    assert (found - exact).abs().max() < 1e-4 * exact.abs().max()
    assert torch.get_float32_matmul_precision() == "highest"


def test_each_device_has_its_own_way_and_float64_none():
    assert faster(torch.device("cuda"), torch.float32) == ("tf32", tf32)
    assert faster(torch.device("cpu"), torch.float32) == ("winograd", winograd)
    assert faster(torch.device("cpu"), torch.float64) is None


def test_where_no_faster_way_is_known_fast_is_strict(untrained, scenes, monkeypatch):
    monkeypatch.setattr(mixing, "faster", lambda device, dtype: None)
    fast = explain_one(Lime(samples=40, precision="fast"), untrained, scenes[0], 2)
    strict = explain_one(Lime(samples=40), untrained, scenes[0], 2)
    assert np.array_equal(fast.relevance, strict.relevance)
    assert fast.diagnostics["arithmetic"] == "strict"
    assert "fast_error" not in fast.diagnostics


@pytest.mark.nightly
def test_only_the_fast_arithmetic_loads_llvm():
    result = subprocess.run(
        [sys.executable, "-c", LOADED],
        capture_output=True, text=True, cwd=ROOT,
        env={"PATH": "", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.split("\n") == ["strict False", "fast True", ""]
