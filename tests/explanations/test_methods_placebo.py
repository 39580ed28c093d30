import numpy as np

from explanations.computing.workspace import Batch
from explanations.engine import Engine
from explanations.methods.gradcam import GradCam
from explanations.methods.placebo import Placebo
from tests.explanations.conftest import explain_one


def test_it_looks_neither_at_the_network_nor_at_the_pixels(untrained, cifar10, scenes):
    one, other = (
        Placebo().explain(Batch(Engine(network).workspace, images), [5]).relevance
        for network, images in ((untrained, scenes[:1]), (cifar10, scenes[1:2]))
    )
    assert np.array_equal(one, other)


def test_each_further_class_has_a_map_of_its_own_whatever_class_it_is(untrained, scenes):
    """What a class gets hangs on its distance from the predicted one, so that it tells no class."""
    engine = Engine(untrained)
    predicted = int(untrained.probabilities(scenes[:1]).argmax())
    count = len(untrained.class_names)
    beside = [[(predicted + step) % count for step in range(4)]]
    maps = engine.explain(scenes[:1], beside, ["placebo"], seed=5)["placebo"].relevance[0]
    assert len({one.tobytes() for one in maps}) == 4
    alone = engine.explain(scenes[:1], None, ["placebo"], seed=5)["placebo"].relevance[0]
    assert np.array_equal(maps[0], alone)
    third = engine.explain(scenes[:1], [beside[0][2]], ["placebo"], seed=5)["placebo"].relevance[0]
    assert np.array_equal(maps[2], third)


def test_another_seed_gives_another_map(untrained, scenes):
    one, other = (explain_one(Placebo(), untrained, scenes[0], 0, seed) for seed in (5, 6))
    assert not np.array_equal(one.relevance, other.relevance)


def test_it_has_the_form_of_grad_cam(untrained, scenes):
    placebo = explain_one(Placebo(), untrained, scenes[0], 0)
    gradcam = explain_one(GradCam(), untrained, scenes[0], 0)
    for name in ("relevance", "native"):
        assert getattr(placebo, name).shape == getattr(gradcam, name).shape
    assert placebo.relevance.min() >= 0


def test_it_is_never_empty_nor_the_same_everywhere():
    shares = [(Placebo().cells_of(s) > 0).mean() for s in range(300)]
    assert min(shares) > 0.05
    assert max(shares) < 0.95
    assert 0.45 < np.mean(shares) < 0.55


def test_neighbouring_cells_resemble_each_other():
    """Smooth, unlike the noise that it is made of."""

    def likeness(fields):
        return np.mean([np.corrcoef(f[:, 1:].ravel(), f[:, :-1].ravel())[0, 1] for f in fields])

    smooth = [Placebo().cells_of(seed) for seed in range(100)]
    noise = [np.random.default_rng(seed).standard_normal((8, 8)) for seed in range(100)]
    assert likeness(smooth) > 0.4
    assert abs(likeness(noise)) < 0.1
