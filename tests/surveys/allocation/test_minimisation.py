from collections import Counter
from statistics import mean

import pytest

from explanations.imagesets.dice import Dice
from surveys.allocation.drawing import draw
from surveys.allocation.minimisation import PARTS
from surveys.allocation.scheme import Standing
from tests.surveys.allocation.lists import arms_of, book_of, scheme

STRATA = ("sex", "age")


def people(seed: int, number: int) -> list[dict[str, str]]:
    """Levels drawn at random, unevenly."""
    dice = Dice("people", seed)
    return [
        {"sex": dice.choice("ffm"), "age": dice.choice(["young", "middle", "middle", "old"])}
        for _ in range(number)
    ]


def worst_marginal(arms: list[str], came: list[dict[str, str]]) -> int:
    """The largest difference of two arms at any level of any factor."""
    sizes = Counter(
        (arm, *level) for arm, levels in zip(arms, came, strict=True) for level in levels.items()
    )
    arms_there = set(arms)
    return max(
        max(sizes[arm, *level] for arm in arms_there)
        - min(sizes[arm, *level] for arm in arms_there)
        for level in {key[1:] for key in sizes}
    )


def test_factors_are_balanced_better_than_by_chance_alone():
    found, by_chance = [], []
    for seed in range(20):
        came = people(seed, 120)
        plan = scheme("abc", method="minimisation", seed=seed, strata=STRATA)
        found.append(worst_marginal(book_of(plan, came).arms, came))
        dice = Dice("chance alone", seed)
        by_chance.append(worst_marginal([dice.choice("abc") for _ in came], came))
    # 2.4 and 11.6 when this was written.
    assert mean(found) < 4
    assert mean(by_chance) > 2 * mean(found)


def test_the_arm_that_is_behind_is_drawn_as_often_as_the_probability_says():
    plan = scheme("abc", method="minimisation", probability=0.7, strata=("sex",))
    standing = Standing(
        allocated=0,
        last=(0, 0),
        totals={("a", 1): 5, ("b", 1): 5, ("c", 1): 4},
        marginals={("a", 1, "sex", "f"): 3, ("b", 1, "sex", "f"): 3, ("c", 1, "sex", "f"): 2},
    )
    drawn = Counter(
        draw(
            scheme("abc", method="minimisation", probability=0.7, strata=("sex",), seed=seed),
            {"sex": "f"},
            standing,
        ).arm
        for seed in range(3000)
    )
    # Standard deviations 25.1 and 19.6.
    assert abs(drawn["c"] - 0.7 * 3000) < 4 * 25.1
    assert abs(drawn["a"] - 0.15 * 3000) < 4 * 19.6
    assert plan.capacity == 100_000


@pytest.mark.parametrize(("drawn", "follows"), [(699_999, True), (700_000, False)])
def test_the_balance_is_followed_in_exactly_its_share_of_the_draws(drawn, follows, monkeypatch):
    monkeypatch.setattr(Dice, "below", lambda self, number: drawn if number == PARTS else 0)
    assert PARTS == 1_000_000
    standing = Standing(0, (0, 0), {("a", 1): 1, ("b", 1): 0}, {})
    plan = scheme("ab", method="minimisation", probability=0.7)
    assert (draw(plan, {}, standing).arm == "b") is follows


def test_an_arm_whose_quota_is_used_up_is_not_drawn():
    plan = scheme("ab", method="minimisation", quotas={"a": 2})
    arms = arms_of(plan, 12)
    assert arms.count("a") == 2
    assert arms[-1] == "b"


def test_unequal_ratios_hold_at_every_allocation():
    # 500 lists of 8: at each place, arm a of ratio 2 is drawn half of the time.
    plans = (
        scheme("abc", method="minimisation", ratios={"a": 2}, seed=seed) for seed in range(500)
    )
    places = Counter(place for plan in plans for place in enumerate(arms_of(plan, 8)))
    for place in range(8):
        assert abs(places[place, "a"] - 250) < 4 * 11.2  # standard deviation


def test_the_same_seed_gives_the_same_arms_on_any_machine():
    plan = scheme("abc", method="minimisation", seed="5/secret", strata=STRATA)
    assert "".join(book_of(plan, people(1, 24)).arms) == "cabcabacbbcaabaacacbbcab"


def test_levels_of_other_factors_are_refused():
    plan = scheme("abc", method="minimisation", strata=("sex",))
    with pytest.raises(ValueError, match="belong to age, but the scheme is stratified by sex"):
        book_of(plan, [{"age": "young"}])
