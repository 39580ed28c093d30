"""Windows of a pool of images: every image equally often, nobody sees one twice."""

import time
from collections import Counter

import pytest

from explanations.imagesets.dice import Dice
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
    people = 3 * complete_block(images, size) + 2
    for rank in range(people):
        drawn = windows(classes(images, count), size, blocks, rank, ("secret",))
        assert len({image for window in drawn for image in window}) == size * blocks
        for counts, window in zip(in_condition, drawn, strict=True):
            counts.update(window)
            assert spread(counts, images) <= 1
            if (rank + 1) % complete_block(images, size) == 0:
                assert spread(counts, images) == 0


def test_images_drawn_at_random_would_not_pass_the_test_above():
    counts = Counter()
    for rank in range(60):
        counts.update(shuffled(range(60), Dice("control", rank))[:12])
    assert spread(counts, 60) > 1


def test_classes_are_as_even_in_every_window_as_in_the_pool():
    pool = classes(60, 4)
    for rank in range(30):
        (window,) = windows(pool, 8, 1, rank, ("secret",))
        assert set(Counter(pool[image] for image in window).values()) <= {1, 2, 3}
    rare = ["rare"] * 6 + ["common"] * 54
    for rank in range(30):
        (window,) = windows(rare, 10, 1, rank, ("secret",))
        assert sum(rare[image] == "rare" for image in window) in {0, 1, 2}


def test_the_secret_decides_and_each_complete_block_has_an_order_of_its_own():
    pool = classes(20, 4)
    first = [windows(pool, 5, 1, rank, ("one",)) for rank in range(8)]
    assert first == [windows(pool, 5, 1, rank, ("one",)) for rank in range(8)]
    assert first != [windows(pool, 5, 1, rank, ("two",)) for rank in range(8)]
    assert {frozenset(*one) for one in first[:4]} != {frozenset(*one) for one in first[4:]}


def test_a_pool_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="3 windows of 4 images need 12, but the pool has 11"):
        windows(classes(11, 2), 4, 3, 0, ("secret",))


def test_a_thousand_people_of_six_hundred_images_are_drawn_in_a_second():
    pool, before = classes(600, 10), time.process_time()
    for rank in range(1000):
        windows(pool, 12, 5, rank, ("secret",))
    assert time.process_time() - before < 10
