from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explanations.imagesets.dice import Dice
from surveys.allocation import blocks
from surveys.allocation.shuffling import shuffled
from tests.surveys.allocation.lists import ARMS, arms_of, book_of, imbalances, scheme

MULTIPLES = st.lists(st.integers(1, 4), min_size=1, max_size=4)
RATIOS = st.dictionaries(st.sampled_from("abcdefghi"), st.integers(1, 4), min_size=2)


@given(RATIOS, MULTIPLES, st.integers(1, 150), st.integers(0, 2**62))
@settings(max_examples=60, deadline=None)
def test_every_prefix_of_every_list_is_balanced_to_the_block(ratios, multiples, people, seed):
    plan = scheme(ratios, ratios=ratios, multiples=multiples, seed=seed)
    assert max(imbalances(arms_of(plan, people), ratios)) <= max(multiples)


@pytest.mark.parametrize("multiple", [1, 2])
def test_the_bound_of_the_prefix_imbalance_is_reached(multiple):
    # The bound above would be idle if no list ever came near it.
    worst = max(
        max(
            imbalances(arms_of(scheme("ab", multiples=[multiple], seed=seed), 40), {"a": 1, "b": 1})
        )
        for seed in range(50)
    )
    assert worst == multiple


@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("uv")), min_size=1, max_size=120),
    st.integers(0, 2**62),
)
@settings(max_examples=40, deadline=None)
def test_every_prefix_is_balanced_within_each_stratum(people, seed):
    plan = scheme("abc", seed=seed, strata=("first", "second"))
    levels = [{"first": first, "second": second} for first, second in people]
    arms = book_of(plan, levels).arms
    for cell in set(people):
        own = [arm for arm, person in zip(arms, people, strict=True) if person == cell]
        assert max(imbalances(own, dict.fromkeys("abc", 1))) <= 2


@given(
    st.dictionaries(st.sampled_from("abcde"), st.integers(1, 12), min_size=2),
    st.integers(0, 2**62),
    st.sampled_from(["permuted_blocks", "minimisation"]),
)
@settings(max_examples=50, deadline=None)
def test_quotas_of_arms_are_filled_exactly(quotas, seed, method):
    plan = scheme(quotas, quotas=quotas, seed=seed, method=method)
    assert plan.capacity == sum(quotas.values())
    assert Counter(arms_of(plan, plan.capacity)) == quotas


def test_who_comes_when_all_places_are_allocated_is_refused():
    book = book_of(scheme("ab", places=3), 3)
    with pytest.raises(ValueError, match="all 3 places are taken"):
        book.arrive()


def test_blocks_are_of_random_size_and_hold_each_arm_as_its_ratio_says():
    plan = scheme("abc", ratios={"a": 2}, multiples=(1, 2, 3))
    sizes = Counter()
    for number in range(1, 300):
        block = Counter(blocks.entries(plan, "{}", number))
        multiple = block["b"]
        assert block == {"a": 2 * multiple, "b": multiple, "c": multiple}
        sizes[multiple] += 1
    # Mean 99.7, standard deviation 8.2.
    assert all(abs(sizes[multiple] - 299 / 3) < 4 * 8.2 for multiple in (1, 2, 3))


def test_the_same_seed_gives_the_same_list_on_any_machine():
    # Written down once: numpy promises the raw stream of PCG64 for ever.
    plan = scheme("abc", seed="5/secret")
    assert "".join(arms_of(plan, 24)) == "bcaabcacbacbabcccbbaaaba"


@pytest.mark.nightly
def test_other_seeds_and_other_strata_give_other_lists():
    lists = {tuple(arms_of(scheme(seed=seed), 70)) for seed in range(100)}
    assert len(lists) == 100
    plan = scheme(strata=("cell",))
    lists = {tuple(book_of(plan, [{"cell": str(cell)}] * 70).arms) for cell in range(100)}
    assert len(lists) == 100


def test_chance_favours_no_arm_at_any_place_of_a_block():
    # 3,000 lists, 7 x 7 cells of mean 428.6 and standard deviation 19.2: five of them at most.
    cells = Counter(
        place
        for seed in range(3000)
        for place in enumerate(blocks.entries(scheme(seed=seed, multiples=[1]), "{}", 1))
    )
    assert len(cells) == 49
    assert all(abs(count - 3000 / 7) < 5 * 19.2 for count in cells.values())


def test_shuffling_gives_every_order_equally_often():
    orders = Counter(tuple(shuffled("abc", Dice("orders", seed))) for seed in range(3000))
    # Mean 500, standard deviation 20.4.
    assert len(orders) == 6
    assert all(abs(count - 500) < 5 * 20.4 for count in orders.values())


def test_the_arms_of_the_lists_are_those_of_the_study():
    assert set(arms_of(scheme(), 14)) == set(ARMS)
