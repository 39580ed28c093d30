from types import SimpleNamespace

import numpy as np
import pytest

from explanations.imagesets.decoding import content_hash
from explanations.methods.lime import Lime
from explanations.methods.protocol import image_seed, parameters_of

QUICK = Lime(samples=60)


def seed_of(image):
    return image_seed(content_hash(image), "lime", parameters_of(QUICK))


def test_the_order_of_the_images_cannot_matter(untrained, scenes):
    orders = ((0, 1), (1, 0))
    runs = [
        {
            index: QUICK.explain(untrained, scenes[index], 2, seed_of(scenes[index])).relevance
            for index in order
        }
        for order in orders
    ]
    for index in (0, 1):
        assert np.array_equal(runs[0][index], runs[1][index])


def test_another_seed_gives_another_map(untrained, scenes):
    """The control of the tests that compare equal seeds."""
    first, second = (QUICK.explain(untrained, scenes[0], 2, seed).relevance for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_patches_are_numbered_without_gaps_and_about_as_many_as_asked_for(untrained, scenes):
    for image in scenes:
        patches = Lime()._patches(image)
        assert set(np.unique(patches)) == set(range(patches.max() + 1))
        assert 35 <= patches.max() + 1 <= 80


def test_each_patch_has_one_value(untrained, scenes):
    found = QUICK.explain(untrained, scenes[3], 2, 5)
    for patch in np.unique(found.segments):
        assert len(np.unique(found.relevance[found.segments == patch])) == 1
    assert found.diagnostics["patches"] == found.segments.max() + 1
    assert found.diagnostics["r2"] <= 1


def linear_in_patches(image, patches, effects):
    """A classifier of one class whose probability is 0.5 plus the effects of the patches shown."""

    def probabilities(images):
        shown = np.stack(
            [
                (images[:, patches == patch] == image[patches == patch]).all(axis=(1, 2))
                for patch in range(len(effects))
            ],
            axis=1,
        )
        return (0.5 + shown @ effects)[:, None]

    return SimpleNamespace(probabilities=probabilities)


def test_effects_of_patches_are_found_again(scenes):
    """Noise makes every patch differ from its mean colour, so that covering it can be seen."""
    noise = np.random.default_rng(0).integers(0, 60, scenes[0].shape)
    image = np.clip(scenes[0].astype(int) + noise, 0, 255).astype(np.uint8)
    method = Lime()
    patches = method._patches(image)
    effects = np.random.default_rng(1).normal(size=patches.max() + 1)
    found = method.explain(linear_in_patches(image, patches, effects), image, 0, 3)
    assert found.diagnostics["r2"] == pytest.approx(1, abs=1e-3)
    assert np.allclose(found.relevance, effects[patches], atol=0.02 * np.abs(effects).max())


def test_an_image_of_one_colour_is_no_problem(untrained, scenes):
    found = QUICK.explain(untrained, np.full_like(scenes[0], 90), 0, 1)
    assert np.isfinite(found.relevance).all()


def test_more_patches_than_a_byte_can_number_are_refused(scenes):
    with pytest.raises(ValueError, match="at most 256"):
        Lime(segments=900, compactness=100)._patches(scenes[0])
