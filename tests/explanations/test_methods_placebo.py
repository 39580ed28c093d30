import numpy as np

from explanations.methods.gradcam import GradCam
from explanations.methods.placebo import Placebo


def test_it_looks_neither_at_the_network_nor_at_the_pixels(scenes):
    one, other = (Placebo().explain(None, image, 0, 5).relevance for image in scenes[:2])
    assert np.array_equal(one, other)


def test_another_seed_gives_another_map(scenes):
    one, other = (Placebo().explain(None, scenes[0], 0, seed).relevance for seed in (5, 6))
    assert not np.array_equal(one, other)


def test_it_has_the_form_of_grad_cam(untrained, scenes):
    placebo = Placebo().explain(untrained, scenes[0], 0, 5)
    gradcam = GradCam().explain(untrained, scenes[0], 0, 5)
    for name in ("relevance", "native"):
        assert getattr(placebo, name).shape == getattr(gradcam, name).shape
    assert placebo.relevance.min() >= 0


def test_it_is_never_empty_nor_the_same_everywhere(scenes):
    shares = [(Placebo().explain(None, scenes[0], 0, s).native > 0).mean() for s in range(300)]
    assert min(shares) > 0.05
    assert max(shares) < 0.95
    assert 0.45 < np.mean(shares) < 0.55


def test_neighbouring_cells_resemble_each_other(scenes):
    """Smooth, unlike the noise that it is made of."""

    def likeness(fields):
        return np.mean([np.corrcoef(f[:, 1:].ravel(), f[:, :-1].ravel())[0, 1] for f in fields])

    smooth = [Placebo().explain(None, scenes[0], 0, seed).native for seed in range(100)]
    noise = [np.random.default_rng(seed).standard_normal((8, 8)) for seed in range(100)]
    assert likeness(smooth) > 0.4
    assert abs(likeness(noise)) < 0.1
