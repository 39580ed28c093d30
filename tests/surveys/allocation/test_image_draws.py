"""Windows of a pool of images: every image equally often, nobody sees one twice."""

import time
from collections import Counter

import pytest

from explanations.imagesets.dice import Dice
from surveys.allocation import image_draws
from surveys.allocation.image_draws import complete_block, windows
from surveys.allocation.shuffling import shuffled

POOLS = [  # images, classes, window, windows of a person
    (9, 3, 6, 1),
    (10, 4, 4, 1),
    (12, 4, 3, 4),
    (60, 10, 4, 5),
    (61, 10, 7, 5),
    (7, 1, 7, 1),
]


def classes(images: int, count: int) -> list[str]:
    return [f"class {number % count}" for number in range(images)]


def spread(counts: Counter[int], images: int) -> int:
    shown = [counts[image] for image in range(images)]
    return max(shown) - min(shown)


@pytest.mark.parametrize(("images", "count", "size", "blocks"), POOLS)
def test_no_image_is_ever_ahead_of_another_by_more_than_one(images, count, size, blocks):
    in_condition = [Counter() for _ in range(blocks)]
    people = 3 * complete_block(images, (size,)) + 2
    for rank in range(people):
        drawn = windows(classes(images, count), (size,) * blocks, rank, ("secret",))
        assert len({image for window in drawn for image in window}) == size * blocks
        for counts, window in zip(in_condition, drawn, strict=True):
            counts.update(window)
            assert spread(counts, images) <= 1
            if (rank + 1) % complete_block(images, (size,)) == 0:
                assert spread(counts, images) == 0


UNEQUAL = [  # images, classes, windows of a person
    (15, 3, (6, 9)),
    (5, 2, (4, 1)),
    (9, 3, (9, 0)),
    (30, 4, (6, 9, 6, 9)),
    (40, 4, (6, 9, 6, 9)),
    (31, 5, (5, 6, 9)),
    (600, 10, (36, 54)),
    (601, 10, (6, 9)),
]


@pytest.mark.parametrize(("images", "count", "sizes"), UNEQUAL)
def test_windows_of_different_sizes_are_even_at_every_number_of_people(images, count, sizes):
    shown = [Counter() for _ in sizes]
    people = complete_block(images, sizes)
    for rank in range(2 * people):
        drawn = windows(classes(images, count), sizes, rank, ("secret",))
        assert tuple(map(len, drawn)) == sizes
        assert len({image for window in drawn for image in window}) == sum(sizes)
        for counts, window in zip(shown, drawn, strict=True):
            counts.update(window)
            assert spread(counts, images) <= (3 if rank < people else 4)
    assert all(spread(counts, images) == 0 for counts in shown)


def test_a_step_of_one_would_be_less_even(monkeypatch):
    monkeypatch.setattr(image_draws, "even_step", lambda places: 1)
    counts = Counter()
    for rank in range(30):
        counts.update(windows(["any"] * 600, (36, 54), rank, ("secret",))[1])
    assert spread(counts, 600) > 4


def test_windows_of_one_size_are_those_of_stored_studies():
    drawn = windows(classes(12, 3), (2, 2), 1, ("secret",))
    assert drawn == ((7, 6), (1, 9))


def test_images_drawn_at_random_would_not_pass_the_test_above():
    counts = Counter()
    for rank in range(60):
        counts.update(shuffled(range(60), Dice("control", rank))[:12])
    assert spread(counts, 60) > 1


def test_classes_are_as_even_in_every_window_as_in_the_pool():
    pool = classes(60, 4)
    for rank in range(30):
        (window,) = windows(pool, (8,), rank, ("secret",))
        assert set(Counter(pool[image] for image in window).values()) <= {1, 2, 3}
    rare = ["rare"] * 6 + ["common"] * 54
    for rank in range(30):
        (window,) = windows(rare, (10,), rank, ("secret",))
        assert sum(rare[image] == "rare" for image in window) in {0, 1, 2}


def test_the_secret_decides_and_each_complete_block_has_an_order_of_its_own():
    pool = classes(20, 4)
    first = [windows(pool, (5,), rank, ("one",)) for rank in range(8)]
    assert first == [windows(pool, (5,), rank, ("one",)) for rank in range(8)]
    assert first != [windows(pool, (5,), rank, ("two",)) for rank in range(8)]
    assert {frozenset(*one) for one in first[:4]} != {frozenset(*one) for one in first[4:]}


def test_a_pool_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="windows of 4, 4, 4 images need 12, but the pool has 11"):
        windows(classes(11, 2), (4, 4, 4), 0, ("secret",))


def test_a_thousand_people_of_six_hundred_images_are_drawn_in_a_second():
    pool, before = classes(600, 10), time.process_time()
    for rank in range(1000):
        windows(pool, (12,) * 5, rank, ("secret",))
    assert time.process_time() - before < 10
