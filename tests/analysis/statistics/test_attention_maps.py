"""Where people look and what maps say: each measure against another library, and planted looks."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from analysis.statistics.attention_agreement import CENTRE, OTHERS, Looks, agreement, ceiling
from analysis.statistics.attention_maps import (
    CELLS,
    GRID,
    auc,
    cells_of,
    centred,
    nss,
    rank_correlation,
    smoothed,
    spearman_brown,
)

RNG = np.random.default_rng(1)
LOOKS = RNG.random((4, CELLS)) ** 8
LOOKS /= LOOKS.sum(axis=1, keepdims=True)
MAPS = RNG.random((4, CELLS)).round(1)  # with ties


def test_ranks_correlate_as_by_scipy():
    for a, b, found in zip(LOOKS, MAPS, rank_correlation(LOOKS, MAPS), strict=True):
        assert found == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)


def test_nss_is_the_weighted_mean_of_z_scores():
    for looks, grid, found in zip(LOOKS, MAPS, nss(LOOKS, MAPS), strict=True):
        assert found == pytest.approx(np.average(stats.zscore(grid), weights=looks), abs=1e-12)


def test_auc_is_that_of_scikit_learn_with_time_as_weight_and_all_cells_as_negatives():
    for looks, grid, found in zip(LOOKS, MAPS, auc(LOOKS, MAPS), strict=True):
        truth = np.repeat([1, 0], CELLS)
        weights = np.concatenate([looks, np.full(CELLS, 1 / CELLS)])
        oracle = roc_auc_score(truth, np.tile(grid, 2), sample_weight=weights)
        assert found == pytest.approx(oracle, abs=1e-12)


def test_a_constant_map_is_at_chance():
    flat = np.full((1, CELLS), 0.3)
    assert nss(LOOKS[:1], flat) == 0
    assert rank_correlation(LOOKS[:1], flat) == 0
    assert auc(LOOKS[:1], flat) == pytest.approx(0.5)


def test_one_look_by_hand():
    """A look at the highest of all cells: 255 of 256 are lower, and one is the cell itself."""
    looks = np.zeros(CELLS)
    looks[7] = 1
    assert auc(looks, looks) == pytest.approx((255 + 0.5) / 256)
    assert nss(looks, looks) == pytest.approx((1 - 1 / 256) / np.sqrt(1 / 256 * 255 / 256))


def test_the_gaussian_spreads_like_the_circle_and_loses_nothing():
    point = np.zeros(CELLS)
    point[8 * GRID + 8] = 1
    radius = 0.125  # two cells, so that the standard deviation is one
    around = smoothed(point, radius).reshape(GRID, GRID)
    rows = np.arange(GRID) - 8
    assert (around.sum(axis=1) * rows**2).sum() == pytest.approx((radius * GRID / 2) ** 2, rel=0.01)
    corner = np.zeros(CELLS)
    corner[0] = 1
    assert smoothed(corner, radius).sum() == pytest.approx(1)


def test_places_fall_into_cells():
    found = cells_of(np.array([0.0, 0.99, 1.0, 0.07]), np.array([0.0, 0.0, 1.0, 0.5]))
    assert list(found) == [0, 15, 255, 8 * GRID + 1]


def test_spearman_brown_by_hand():
    assert spearman_brown(0.6) == pytest.approx(0.75)
    assert spearman_brown(-0.2) == 0


def planted(maps, people, rests, rng):
    """Return the looks of people who rest where a map says, for times of their own."""
    shares = []
    for grid in np.tile(maps, (people, 1)):
        where = rng.choice(CELLS, rests, p=grid / grid.sum())
        shares.append(np.bincount(where, rng.lognormal(0, 0.5, rests), CELLS))
    rows = np.array(shares) / np.sum(shares, axis=1, keepdims=True)
    images = len(maps)
    person, image = np.repeat(np.arange(people), images), np.tile(np.arange(images), people)
    return Looks(person, image, rows, 0.125)


def bumps(count, rng):
    """Return maps with a Gaussian bump at a random place each."""
    y, x = np.mgrid[:GRID, :GRID]
    places = rng.uniform(3, 13, (count, 2))
    around = (np.hypot(y - row, x - column) for row, column in places)
    return np.array([np.exp(-0.5 * (distance / 2.5) ** 2).ravel() + 0.02 for distance in around])


def test_looks_at_a_known_map_are_recovered_and_its_turned_copy_is_not():
    rng = np.random.default_rng(2)
    maps = bumps(6, rng)
    looks = planted(maps, 40, 12, rng)
    found = agreement(looks, {"known": maps, "shifted": np.roll(maps, 1, axis=0)})
    halves = ceiling(looks, 3, draws=1)
    attention = looks.pooled(np.ones(40)).attention
    recovered = [
        np.corrcoef(a, b)[0, 1] for a, b in zip(attention, smoothed(maps, 0.125), strict=True)
    ]
    assert min(recovered) > 0.9
    known, shifted = found.value["known"], found.value["shifted"]
    assert (known > found.value[OTHERS]).all()
    assert (known > found.value[CENTRE]).all()
    assert (known - shifted > (0.2, 0.5, 0.1)).all()
    # No half of the participants predicts the other better than the map itself does.
    assert (known[1:] > halves.value[1:]).all()
    assert halves.reliability == pytest.approx(halves.value[0] ** 2)
    assert known[0] == pytest.approx(halves.value[0], abs=0.06)


def test_a_resampled_person_is_in_one_half_with_all_copies():
    """People who each look elsewhere: no half may predict the other, though draws repeat people."""
    rng = np.random.default_rng(4)
    people, images = 12, 3
    shares = np.zeros((people * images, CELLS))
    shares[np.arange(len(shares)), rng.permutation(CELLS)[: len(shares)]] = 1
    person, image = np.divmod(np.arange(len(shares)), images)
    looks = Looks(person, image, shares, 0.01)
    found = ceiling(looks, 5, draws=100)
    assert found.draws[:, 1].max() < 0.1
    assert found.reliability == 0
    # The negative control: half of the same people, who do predict themselves.
    attention = looks.pooled(np.ones(people))
    assert nss(attention.looks, attention.attention).mean() > 1


def test_people_who_look_at_the_centre_alone_show_nothing_of_any_map():
    rng = np.random.default_rng(6)
    middle = np.tile(centred() ** 2, (10, 1))
    looks = planted(middle, 30, 10, rng)
    found = agreement(looks, {"objects": bumps(10, rng), "middle": middle})
    assert (np.abs(found.above["objects"]) < 2 * found.above_error["objects"]).all()
    # The centre's map is the best map that knows no image, and above the noisy baseline.
    assert found.above["middle"] == pytest.approx(np.zeros(3), abs=1e-12)
    assert (found.value["middle"] > found.value[OTHERS]).all()


def test_above_is_the_difference_of_own_and_other_images_by_hand():
    rng = np.random.default_rng(8)
    maps = bumps(4, rng)
    looks = planted(maps, 5, 6, rng)
    found = agreement(looks, {"known": maps})
    pooled, seen = looks.pooled(np.ones(5)), smoothed(maps, 0.125)
    own = np.mean([nss(pooled.looks[i], seen[i]) for i in range(4)])
    others = [nss(pooled.looks[i], seen[j]) for i in range(4) for j in range(4) if i != j]
    assert found.above["known"][1] == pytest.approx(own - np.mean(others))


def test_the_error_of_a_difference_of_nss_is_that_of_the_mean_of_the_peoples_differences():
    rng = np.random.default_rng(10)
    maps = bumps(4, rng)
    looks = planted(maps, 7, 6, rng)
    standard = stats.zscore(smoothed(maps, 0.125), axis=1)
    others = (standard.sum(axis=0) - standard) / 3
    by_person = (looks.shares.reshape(7, 4, CELLS) * (standard - others)).sum(axis=2).mean(axis=1)
    found = agreement(looks, {"known": maps})
    assert found.above["known"][1] == pytest.approx(by_person.mean())
    assert found.above_error["known"][1] == pytest.approx(stats.sem(by_person))


def test_errors_are_those_of_a_jackknife_by_hand():
    rng = np.random.default_rng(11)
    maps = bumps(3, rng)
    looks = planted(maps, 5, 6, rng)
    values = []
    for person in range(5):
        kept = looks.person != person
        others = Looks(looks.person[kept] % 5, looks.image[kept], looks.shares[kept], 0.125)
        pooled = others.pooled(np.ones(5))
        pairs = list(zip(pooled.attention, pooled.looks, smoothed(maps, 0.125), strict=True))
        rho = np.mean([stats.spearmanr(a, c).statistic for a, _, c in pairs])
        area = np.mean([auc(b, c) for _, b, c in pairs])
        values.append((rho, area))
    error = np.sqrt(4 / 5 * 5 * np.var(values, axis=0))
    found = agreement(looks, {"known": maps}).error["known"]
    assert found[[0, 2]] == pytest.approx(error)
