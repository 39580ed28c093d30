"""The measures' numbers, worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from explanations.evaluation.maps import ExplainedImage
from explanations.evaluation.measures import axioms
from explanations.evaluation.measures.complexity import gini_index, relative_entropy
from explanations.evaluation.measures.infidelity import squares, unexplained
from explanations.evaluation.measures.localisation import (
    area_under_roc,
    hit,
    mass_inside,
    ranked_inside,
)
from explanations.evaluation.measures.perturbation import SHARES, area, changed
from explanations.evaluation.measures.road import imputed
from explanations.evaluation.measures.robustness import neighbours, relative_change
from explanations.evaluation.ranking import (
    most_relevant_first,
    spearman,
    top_overlap,
    top_weights,
)

MAP = np.array([[4, 3], [2, -1]], dtype=np.float32)
LEFT = np.array([[True, False], [True, False]])
EMPTY = np.zeros((2, 2), dtype=np.float32)


def test_localisation_of_a_map_of_four_pixels():
    assert hit(MAP, LEFT) == 1
    assert mass_inside(MAP, LEFT) == pytest.approx(6 / 9)  # the negative pixel does not count
    assert ranked_inside(MAP, LEFT) == 0.5  # of 4 and 3, one is on the left
    assert area_under_roc(MAP, LEFT) == 0.75  # 4>3, 4>-1, 2<3, 2>-1


def test_an_empty_map_scores_at_chance():
    for measure in (hit, mass_inside, ranked_inside, area_under_roc):
        assert measure(EMPTY, LEFT) == 0.5
    corner = np.array([[True, False], [False, False]])
    assert [m(EMPTY, corner) for m in (hit, mass_inside, ranked_inside)] == [0.25] * 3


def test_pixels_that_share_the_largest_value_share_the_hit():
    assert hit(np.array([[5, 5], [5, 0]], np.float32), LEFT) == pytest.approx(2 / 3)


def test_a_map_with_nothing_positive_has_the_mass_of_its_area():
    assert mass_inside(np.array([[-1, -2], [-3, -4]], np.float32), LEFT) == 0.5


def test_gini_and_entropy_of_known_shares():
    one = np.array([[0, 0], [0, 7]], np.float32)
    assert gini_index(one) == pytest.approx(0.75)  # (n - 1) / n
    assert relative_entropy(one) == 0
    even = np.full((2, 2), -3, np.float32)  # signs do not count
    assert gini_index(even) == 0
    assert relative_entropy(even) == pytest.approx(1)
    # Shares .1, .2, .3, .4: sum (2i - 5) x_i / 4 = (-.3 - .2 + .3 + 1.2) / 4.
    assert gini_index(np.array([[1, 2], [3, 4]], np.float32)) == pytest.approx(0.25)
    assert relative_entropy(np.array([[1, 0], [1, 0]], np.float32)) == pytest.approx(0.5)
    assert (gini_index(EMPTY), relative_entropy(EMPTY)) == (0, 1)


def test_ranks_correlate_with_mean_ranks_for_equal_pixels():
    assert spearman(MAP, 10 * MAP + 1) == pytest.approx(1)
    assert spearman(MAP, -MAP) == pytest.approx(-1)
    # Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: r = 4.5 / sqrt(4.5 * 5).
    tied = np.array([[1, 2], [2, 3]], np.float32)
    plain = np.array([[1, 2], [3, 4]], np.float32)
    assert spearman(tied, plain) == pytest.approx(np.sqrt(0.9))


def test_a_flat_map_correlates_with_nothing_but_another_flat_map():
    assert (spearman(EMPTY, MAP), spearman(MAP, EMPTY), spearman(EMPTY, EMPTY + 2)) == (0, 0, 1)


def test_the_most_relevant_pixels_share_their_places_when_equal():
    tied = np.array([[3, 2], [2, 1]], np.float32)
    assert top_weights(tied, 2).tolist() == [1, 0.5, 0.5, 0]
    assert top_overlap(tied, MAP, share=0.5) == pytest.approx((1 + 0.5) / 2)
    assert top_overlap(EMPTY, MAP, share=0.25) == pytest.approx(0.25)


def test_equal_pixels_come_in_an_order_that_the_seed_draws():
    orders = {tuple(most_relevant_first(EMPTY, seed)) for seed in range(40)}
    assert len(orders) > 10
    assert list(most_relevant_first(MAP, 5)) == [0, 1, 2, 3]


def test_pixels_change_in_the_order_of_the_map():
    begin, end = torch.zeros(3, 2, 2), torch.ones(3, 2, 2)
    shown = changed(begin, end, np.array([2, 0, 1, 3]))
    assert shown.shape == (len(SHARES), 3, 2, 2)
    at = {share: shown[place, 0].flatten().tolist() for place, share in enumerate(SHARES)}
    assert at[0.0] == [0, 0, 0, 0]
    assert at[0.3] == [0, 0, 1, 0]
    assert at[0.5] == [1, 0, 1, 0]
    assert at[1.0] == [1, 1, 1, 1]


def test_the_area_under_a_line_and_a_flat_curve():
    assert area(1 - np.array(SHARES)) == pytest.approx(0.5)
    assert area(np.full(len(SHARES), 0.3)) == pytest.approx(0.3)


def test_a_removed_pixel_is_the_weighted_mean_of_its_neighbours():
    pixels = np.zeros((1, 3, 3))
    pixels[0, 0, 1] = 6  # above: weight 1/6 of a sum of weights of 1
    pixels[0, 2, 2] = 12  # across the corner: 1/12
    removed = np.zeros((3, 3), bool)
    removed[1, 1] = True
    pixels[0, 1, 1] = 99  # its own value must not matter
    assert imputed(pixels, removed)[0, 1, 1] == pytest.approx(2)


def test_a_pixel_at_the_edge_shares_the_weights_of_the_neighbours_it_has():
    pixels = np.array([[[99.0, 4.0], [10.0, 1.0]]])
    removed = np.array([[True, False], [False, False]])
    # (4/6 + 10/6 + 1/12) / (1/6 + 1/6 + 1/12)
    assert imputed(pixels, removed)[0, 0, 0] == pytest.approx((8 + 20 + 1) / 5)


def test_removed_neighbours_are_solved_together():
    pixels = np.array([[[99.0, 99.0, 5.0]]])
    removed = np.array([[True, True, False]])
    # a = b; b = (a + 5) / 2: both are 5.
    assert imputed(pixels, removed)[0, 0].tolist() == pytest.approx([5, 5, 5])


def test_imputation_solves_the_dense_system():
    generator = np.random.default_rng(0)
    pixels, removed = generator.normal(size=(3, 6, 5)), generator.random((6, 5)) < 0.6
    found = imputed(pixels, removed)
    assert np.array_equal(found[:, ~removed], pixels[:, ~removed])
    for row, column in np.argwhere(removed):
        total, weights = np.zeros(3), 0.0
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                there = (row + down, column + across)
                inside = 0 <= there[0] < 6 and 0 <= there[1] < 5
                if inside and (down, across) != (0, 0):
                    weight = 1 / 12 if down and across else 1 / 6
                    total, weights = total + weight * found[:, *there], weights + weight
        assert found[:, row, column] == pytest.approx(total / weights)


def test_all_pixels_cannot_be_filled_in():
    with pytest.raises(ValueError, match="at least one must remain"):
        imputed(np.zeros((3, 2, 2)), np.ones((2, 2), bool))


def test_what_a_map_does_not_foretell():
    lost = np.array([1.0, 2.0, 3.0])
    assert unexplained(5 * lost, lost) == pytest.approx(0)  # units do not count
    assert unexplained(np.zeros(3), lost) == 1
    assert unexplained(np.array([1.0, -1.0, 0.0]), lost) == pytest.approx(1 - 1 / (2 * 14))
    assert unexplained(np.zeros(3), np.zeros(3)) == 0
    assert unexplained(lost, np.zeros(3)) == 1


def test_squares_lie_inside_the_image():
    masks = squares((32, 32), 3)
    assert (masks.sum((1, 2)) == 64).all()
    assert len({mask.tobytes() for mask in masks}) > 50


def test_neighbours_differ_by_two_levels_at_most():
    image = np.array([[[0, 128, 255]]], np.uint8)
    near = neighbours(np.tile(image, (8, 8, 1)), 0).astype(int)
    moved = near - np.tile(image, (8, 8, 1)).astype(int)
    assert np.abs(moved).max() == 2
    assert set(moved[..., 1].ravel()) == {-2, -1, 0, 1, 2}


def test_change_of_a_map_is_relative_to_its_size():
    assert relative_change(MAP, MAP) == 0
    assert relative_change(MAP, 2 * MAP) == pytest.approx(1)
    assert (relative_change(EMPTY, MAP), relative_change(EMPTY, EMPTY)) == (1, 0)


def test_the_measures_of_lime_read_its_diagnostics_and_omit_other_methods():
    diagnostics = {
        "gradcam": {"flags": []},
        "lime": {"flags": ["no_patch_matters"], "largest_weight": 0.01, "outlined_share": 0.3},
        "sure": {"flags": [], "largest_weight": 0.4, "outlined_share": 0.8},
    }
    subject = SimpleNamespace(found=ExplainedImage({}, diagnostics, {}))
    assert axioms.outlined_share(subject) == {"lime": 0.3, "sure": 0.8}
    assert axioms.no_patch_matters(subject) == {"lime": 1.0, "sure": 0.0}
