import numpy as np
import pytest

from explanations.imagesets.background import Background
from explanations.methods.borrowed import Borrowed
from explanations.methods.gradcam import GradCam
from tests.explanations.conftest import explain_one


def test_it_is_grad_cam_of_the_image_that_lends_it(untrained, scenes, background):
    found = explain_one(Borrowed(), untrained, scenes[0], 3, 1, background)
    lender = background.images[found.diagnostics["background_image"]]
    predicted = int(untrained.probabilities(lender[None]).argmax())
    lent = explain_one(GradCam(), untrained, lender, predicted)
    assert np.array_equal(found.relevance, lent.relevance)
    assert np.array_equal(found.native, lent.native)
    own = explain_one(GradCam(), untrained, scenes[0], 3)
    assert not np.array_equal(found.relevance, own.relevance)


def test_the_explained_image_and_class_do_not_matter(untrained, scenes, background):
    from explanations.computing.workspace import Batch
    from explanations.engine import Engine

    workspace = Engine(untrained, background).workspace
    one, other = (Borrowed().explain(Batch(workspace, scenes[n : n + 1]), [5]) for n in (0, 1))
    assert np.array_equal(one.relevance, other.relevance)


def test_different_images_borrow_from_different_ones(untrained, scenes, background):
    lenders = {
        explain_one(Borrowed(), untrained, scenes[0], 0, seed, background).diagnostics[
            "background_image"
        ]
        for seed in range(8)
    }
    assert len(lenders) > 2


def test_every_class_borrows_from_another_image(untrained, scenes, background):
    from explanations.engine import Engine

    found = Engine(untrained, background).explain(scenes[:1], [[0, 1, 2, 3]], ["placebo_borrowed"])
    lenders = [one["background_image"] for one in found["placebo_borrowed"].diagnostics[0]]
    assert len(set(lenders)) == 4  # there are four images to borrow from
    assert len({one.tobytes() for one in found["placebo_borrowed"].relevance[0]}) == 4


def test_empty_maps_are_not_lent(untrained, scenes, background, monkeypatch):
    empty = next(iter(np.random.default_rng(3).permutation(len(background.images))))
    original = Borrowed._lent.__globals__["Batch"].cam

    def cam(self, layer):
        found = original(self, layer)
        if np.array_equal(self.images[0], background.images[empty]):
            return -found.abs() - 1
        return found

    monkeypatch.setattr("explanations.methods.borrowed.Batch.cam", cam)
    from explanations.computing.workspace import Batch
    from explanations.engine import Engine

    workspace = Engine(untrained, background).workspace
    found = Borrowed().explain(Batch(workspace, scenes[:1]), [3])
    assert found.diagnostics[0][0]["background_image"] != empty
    assert found.relevance.max() > 0
    alone = Engine(untrained, Background(background.images[[empty]])).workspace
    assert Borrowed().explain(Batch(alone, scenes[:1]), [3]).diagnostics[0][0]["flags"] == ["empty"]


def test_without_a_background_it_says_what_is_missing(untrained, scenes):
    with pytest.raises(ValueError, match="needs background images"):
        explain_one(Borrowed(), untrained, scenes[0], 0)
