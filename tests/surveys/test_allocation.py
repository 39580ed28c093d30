from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys import allocation
from surveys.allocation import allocation_list, shuffled, study_list
from surveys.models import AllocationSlot

ARMS = ("none", "gradcam", "saliency", "integrated_gradients", "deepshap", "lime", "placebo")
MULTIPLES = st.lists(st.integers(1, 4), min_size=1, max_size=4)
ARM_LISTS = st.integers(2, 9).map(lambda count: [f"arm{number}" for number in range(count)])


@given(ARM_LISTS, MULTIPLES, st.integers(1, 200), st.integers(0, 2**62))
@settings(max_examples=60, deadline=None)
def test_every_prefix_of_every_list_is_balanced_to_the_block(arms, multiples, places, seed):
    counts = Counter(dict.fromkeys(arms, 0))
    for place in allocation_list(arms, multiples, places, seed):
        counts[place.arm] += 1
        assert max(counts.values()) - min(counts.values()) <= max(multiples)


def test_every_whole_block_holds_each_arm_equally_often():
    places = allocation_list(ARMS, (1, 2, 3), 2000, 1)
    blocks: dict[int, list[str]] = {}
    for place in places:
        blocks.setdefault(place.block, []).append(place.arm)
    last = blocks.popitem()[1]
    sizes = {len(block) for block in blocks.values()}
    assert sizes == {7, 14, 21}
    assert len(last) <= 21
    for block in blocks.values():
        assert set(Counter(block).values()) == {len(block) // 7}


def test_the_list_has_exactly_its_places_numbered_from_one():
    places = allocation_list(ARMS, (2,), 100, 1)
    assert [place.position for place in places] == list(range(1, 101))
    assert [place.block for place in places] == [position // 14 + 1 for position in range(100)]


def test_a_longer_list_begins_with_the_shorter_one():
    assert allocation_list(ARMS, (1, 2), 500, 3)[:120] == allocation_list(ARMS, (1, 2), 120, 3)


def test_the_same_seed_gives_the_same_list_on_any_machine():
    # Written down once: numpy promises the raw stream of PCG64 for ever.
    arms = [place.arm for place in allocation_list(("a", "b", "c"), (1, 2), 18, "live", 20261123)]
    assert "".join(arms) == "bcaacbbaccabcbaabc"


def test_other_seeds_give_other_lists():
    lists = {allocation_list(ARMS, (1, 2), 70, seed) for seed in range(200)}
    assert len(lists) == 200


def test_chance_favours_no_arm_at_any_place_of_a_block():
    # 3,000 lists, 7 x 7 cells of mean 428.6 and standard deviation 19.2: five of them at most.
    cells = Counter(
        (place.position, place.arm)
        for seed in range(3000)
        for place in allocation_list(ARMS, (1,), 7, seed)
    )
    assert len(cells) == 49
    assert all(abs(count - 3000 / 7) < 5 * 19.2 for count in cells.values())


def test_shuffling_gives_every_order_equally_often():
    orders = Counter(
        tuple(shuffled("abc", allocation.Dice("orders", seed))) for seed in range(3000)
    )
    # Mean 500, standard deviation 20.4.
    assert len(orders) == 6
    assert all(abs(count - 500) < 5 * 20.4 for count in orders.values())


def test_the_stored_lists_are_those_of_the_seed(study):
    for simulated in (False, True):
        stored = study.slots.filter(simulated=simulated).values_list(
            "position", "block", "arm__key"
        )
        made = [(place.position, place.block, place.arm) for place in study_list(study, simulated)]
        assert list(stored) == made
    assert study_list(study, False) != study_list(study, True)


def test_the_next_place_is_the_first_free_one(study):
    first = allocation.next_free_slot(study, False)
    assert first is not None
    assert first.position == 1


def test_a_study_without_free_places_has_no_next_one(study):
    AllocationSlot.objects.filter(study=study, simulated=True).delete()
    assert allocation.next_free_slot(study, True) is None
    assert allocation.next_free_slot(study, False) is not None


@pytest.mark.parametrize("multiple", [1, 2])
def test_the_bound_of_the_prefix_imbalance_is_reached(multiple):
    # The bound above would be idle if no list ever came near it.
    worst = 0
    for seed in range(50):
        counts = Counter({"a": 0, "b": 0})
        for place in allocation_list(("a", "b"), (multiple,), 40, seed):
            counts[place.arm] += 1
            worst = max(worst, abs(counts["a"] - counts["b"]))
    assert worst == multiple
