import numpy as np
import pytest
import torch

from explanations.computing import mixing
from explanations.computing.arithmetic import TOLERANCE
from explanations.computing.mixing import Answers
from explanations.engine import Engine
from explanations.methods import lime
from explanations.methods.lime import Lime
from tests.explanations.conftest import explain_one

QUICK = Lime(samples=60)


def test_another_seed_gives_another_map(untrained, scenes):
    """The control of the tests that compare equal seeds."""
    first, second = (explain_one(QUICK, untrained, scenes[0], 2, seed).relevance for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_patches_are_numbered_without_gaps_and_about_as_many_as_asked_for(untrained, scenes):
    for image in scenes:
        patches = Lime().patches_of(image)
        assert set(np.unique(patches)) == set(range(patches.max() + 1))
        assert 35 <= patches.max() + 1 <= 80


def test_each_patch_has_one_value(untrained, scenes):
    found = explain_one(QUICK, untrained, scenes[3], 2)
    for patch in np.unique(found.segments):
        assert len(np.unique(found.relevance[found.segments == patch])) == 1
    assert found.diagnostics["patches"] == found.segments.max() + 1
    assert found.diagnostics["r2"] <= 1


def test_effects_of_patches_are_found_again(untrained, scenes, monkeypatch):
    """A network that is linear in the patches shown, in place of the real one."""
    method, image = Lime(), scenes[0]
    patches = method.patches_of(image)
    effects = torch.from_numpy(np.random.default_rng(1).normal(size=patches.max() + 1))

    def linear(workspace, mixed, precision):
        keeps = torch.from_numpy(mixed[0].keeps).double()
        answers = (0.5 + keeps @ effects)[:, None]
        return [Answers(answers, len(keeps), "strict", None)]

    monkeypatch.setattr(lime, "probabilities", linear)
    found = explain_one(method, untrained, image, 0)
    assert found.diagnostics["r2"] == pytest.approx(1, abs=1e-3)
    effects = effects.numpy()
    assert np.allclose(found.relevance, effects[patches], atol=0.02 * np.abs(effects).max())


def test_an_image_of_one_colour_is_flagged_and_no_number_is_missing(untrained, scenes):
    found = explain_one(QUICK, untrained, np.full_like(scenes[0], 90), 0)
    assert np.isfinite(found.relevance).all()
    assert "constant_probability" in found.diagnostics["flags"]
    assert found.is_empty


def test_one_single_patch_is_flagged(untrained, scenes, monkeypatch):
    monkeypatch.setattr(Lime, "patches_of", lambda _, image: np.zeros(image.shape[:2], dtype=int))
    found = explain_one(QUICK, untrained, scenes[0], 0)
    assert "one_patch" in found.diagnostics["flags"]
    assert np.isfinite(found.relevance).all()


def test_a_poor_fit_is_flagged(untrained, scenes):
    found = explain_one(Lime(samples=200), untrained, scenes[0], 0)
    assert ("poor_fit" in found.diagnostics["flags"]) == (found.diagnostics["r2"] < 0.3)


def test_equal_samples_are_computed_once(untrained, scenes, monkeypatch):
    """Four patches can be shown in sixteen ways."""
    rows = np.arange(32)[:, None] // 16 * 2 + np.arange(32)[None] // 16
    monkeypatch.setattr(Lime, "patches_of", lambda _, image: rows)
    found = explain_one(Lime(samples=300), untrained, scenes[0], 2)
    assert found.diagnostics["rows"] == 16
    monkeypatch.setattr(mixing, "_different", lambda keeps: (keeps, np.arange(len(keeps))))
    each = explain_one(Lime(samples=300), untrained, scenes[0], 2)
    assert each.diagnostics["rows"] == 300
    assert np.allclose(found.relevance, each.relevance, atol=1e-7)


def test_the_first_block_by_patterns_gives_the_same_as_the_plain_way(
    classifier, scenes, monkeypatch
):
    found = explain_one(Lime(samples=200), classifier, scenes[0], 2).relevance
    monkeypatch.setattr(mixing, "patterns", lambda *_: None)
    plain = explain_one(Lime(samples=200), classifier, scenes[0], 2).relevance
    assert np.abs(found - plain).max() < 1e-6


def test_fast_is_measured_and_within_its_bound(classifier, scenes):
    strict = explain_one(Lime(samples=200), classifier, scenes[0], 2)
    fast = explain_one(Lime(samples=200, precision="fast"), classifier, scenes[0], 2)
    assert fast.diagnostics["arithmetic"] != "strict"
    assert 0 < fast.diagnostics["fast_error"] <= TOLERANCE
    assert np.abs(fast.relevance - strict.relevance).max() <= TOLERANCE
    assert "fast_error" not in strict.diagnostics


def test_fast_falls_back_where_its_error_is_too_large(untrained, scenes, monkeypatch):
    def coarse(chain):
        def forward(values, start, stop=None):
            return chain.run(values, start, stop).mul(8).round().div(8)

        return forward

    monkeypatch.setattr(mixing, "faster", lambda device, dtype: ("coarse", coarse))
    fast = explain_one(Lime(samples=100, precision="fast"), untrained, scenes[0], 2)
    strict = explain_one(Lime(samples=100), untrained, scenes[0], 2)
    assert fast.diagnostics["fast_error"] > TOLERANCE
    assert fast.diagnostics["arithmetic"] == "strict"
    assert np.array_equal(fast.relevance, strict.relevance)


def test_more_patches_than_a_byte_can_number_are_refused(scenes):
    with pytest.raises(ValueError, match="at most 256"):
        Lime(segments=900, compactness=100).patches_of(scenes[0])


@pytest.mark.parametrize(("size", "flagged"), [(0.04, True), (0.2, False)])
def test_a_map_in_which_no_patch_matters_is_flagged(untrained, scenes, monkeypatch, size, flagged):
    """A probability that one patch changes by .04 or by .2, and four others by a tenth of that."""
    patches = Lime().patches_of(scenes[0]).max() + 1
    effects = np.zeros(patches)
    effects[0], effects[1:9] = size, size / 10

    def linear(workspace, mixed, precision):
        keeps = torch.from_numpy(mixed[0].keeps).double()
        answers = (0.5 + keeps @ torch.from_numpy(effects))[:, None]
        return [Answers(answers, len(keeps), "strict", None)]

    monkeypatch.setattr(lime, "probabilities", linear)
    found = explain_one(Lime(), untrained, scenes[0], 0)
    assert ("no_patch_matters" in found.diagnostics["flags"]) == flagged
    assert found.diagnostics["largest_weight"] == pytest.approx(size, rel=0.05)
    assert found.diagnostics["outlined_share"] == pytest.approx(1.4 / 1.8, abs=0.05)


def test_another_drawing_of_lime_shows_the_same_numbers(classifier, scenes):
    engine = Engine(classifier, None)
    maps = engine.explain(scenes[:1], [2], {"lime": QUICK, "lime_heat": QUICK, "other": QUICK})
    assert np.array_equal(maps["lime"].relevance, maps["lime_heat"].relevance)
    # The control: a key that is not a drawing of LIME draws other samples.
    assert not np.array_equal(maps["lime"].relevance, maps["other"].relevance)
