"""A row for each choice, with a winner and a loser, as a comparison of two methods."""

import itertools

import numpy as np
import pytest

from analysis.statistics.estimate import Estimate, NotEstimable
from tests.analysis.tidy import outcomes_of

PLAN = """
title = "Theirs"
arms = ["everyone"]

[source]

[[source.tables]]
file = "choices.csv"
into = "trials"
columns = {{ participant = "who", position = "nr" }}
choice = {{ {choice} }}
{more}

[[outcomes]]
key = "preferred"
label = "Preferred"
kind = "preference"
analysis = "paired_preferences"
"""
NAMES = 'winner = "won", loser = "lost"'
WORTHS = {"cam": 4.0, "lime": 2.0, "shap": 1.0}


def mapped(theirs, text, choice=NAMES, more=""):
    theirs.write(choices=text)
    (theirs.path / "plan.toml").write_text(PLAN.format(choice=choice, more=more), encoding="utf-8")
    return theirs


def rows_of(place=1.0, nu=0.0, people=60, seed=3):
    """Choices of people by WORTHS, the effect `place` of the first place, and Davidson's `nu`."""
    rng = np.random.default_rng(seed)
    lines = ["who,nr,won,lost,left,tie"]
    for person in range(people):
        pairs = [pair for pair in itertools.combinations(WORTHS, 2) for _ in range(2)]
        for position, pair in enumerate(pairs, 1):
            left, right = pair if rng.random() < 0.5 else pair[::-1]
            a, b = place * WORTHS[left], WORTHS[right]
            shares = np.array([a, b, nu * np.sqrt(a * b)])
            choice = rng.choice(3, p=shares / shares.sum())
            won, lost = (right, left) if choice == 1 else (left, right)
            tie = int(choice == 2)
            lines.append(f"p{person},{position},{won},{lost},{left},{tie}")
    return "\n".join(lines) + "\n"


def found(theirs):
    (result,) = outcomes_of(theirs.path)
    return result.found


def test_the_columns_are_the_two_methods_and_the_preferred_one(theirs):
    text = "who,nr,won,lost\np1,1,lime,cam\np1,2,cam,shap\n"
    trials = mapped(theirs, text).read().trials
    assert trials["map_methods"].tolist() == ["cam;lime", "cam;shap"]
    assert trials["preferred_map"].tolist() == ["2", "1"]


def test_with_the_first_place_the_methods_are_in_the_order_of_their_places(theirs):
    text = "who,nr,won,lost,left\np1,1,lime,cam,lime\np1,2,cam,shap,shap\n"
    trials = mapped(theirs, text, f'{NAMES}, first = "left"').read().trials
    assert trials["map_methods"].tolist() == ["lime;cam", "shap;cam"]
    assert trials["preferred_map"].tolist() == ["1", "2"]


def test_a_tie_is_a_choice_of_neither(theirs):
    text = "who,nr,won,lost,tie\np1,1,lime,cam,1\np1,2,cam,shap,\np1,3,cam,lime,0\n"
    trials = mapped(theirs, text, f'{NAMES}, tied = "tie"').read().trials
    assert trials["preferred_map"].tolist() == ["0", "1", "1"]


def test_methods_are_translated_by_the_codes_of_map_methods(theirs):
    text = "who,nr,won,lost\np1,1,B,A\n"
    more = 'codes = { map_methods = { A = "lime", B = "cam" } }'
    trials = mapped(theirs, text, more=more).read().trials
    assert trials["map_methods"].tolist() == ["cam;lime"]
    assert trials["preferred_map"].tolist() == ["1"]


def test_without_places_the_worths_are_bradley_and_terrys_and_no_place_has_an_effect(theirs):
    preferences = found(mapped(theirs, rows_of()))
    assert isinstance(preferences.first_place, NotEstimable)
    assert "do not record which map was in the first place" in preferences.first_place.reason
    assert {one.method for one in preferences.worths} == set(WORTHS)
    # Zermelo's iteration is another way to the same maximum (Hunter 2004, algorithm MM).
    wins = dict.fromkeys(itertools.permutations(WORTHS, 2), 0)
    for line in rows_of().splitlines()[1:]:
        _, _, won, lost, *_ = line.split(",")
        wins[won, lost] += 1
    worth = dict.fromkeys(WORTHS, 1.0)
    for _ in range(2000):
        worth = {
            a: sum(wins[a, b] for b in WORTHS if b != a)
            / sum((wins[a, b] + wins[b, a]) / (worth[a] + worth[b]) for b in WORTHS if b != a)
            for a in WORTHS
        }
        total = sum(worth.values())
        worth = {a: value / total for a, value in worth.items()}
    for one in preferences.worths:
        assert isinstance(one.worth, Estimate)
        assert one.worth.value == pytest.approx(worth[one.method], abs=1e-8)


@pytest.mark.nightly
def test_the_order_of_winner_and_loser_says_nothing_about_places(theirs):
    """The negative control: a file whose winner always counts as first would be separated."""
    told = found(mapped(theirs, rows_of()))
    assert isinstance(told.test.p, float)
    head, *lines = rows_of().splitlines()
    cells = [line.split(",") for line in lines]
    winners_first = "\n".join([head, *(",".join([*row[:4], row[2], row[5]]) for row in cells)])
    told = found(mapped(theirs, winners_first + "\n", f'{NAMES}, first = "left"'))
    assert "separation" in told.test.reason


@pytest.mark.nightly
def test_with_places_and_ties_both_have_an_estimate(theirs):
    text = rows_of(place=1.5, nu=0.5)
    preferences = found(mapped(theirs, text, f'{NAMES}, first = "left", tied = "tie"'))
    assert isinstance(preferences.first_place, Estimate)
    assert preferences.first_place.low < 1.5 < preferences.first_place.high
    assert preferences.ties is not None
    assert preferences.ties.low < 0.2 < preferences.ties.high


@pytest.mark.nightly
def test_ties_are_estimated_without_places(theirs):
    preferences = found(mapped(theirs, rows_of(nu=0.5), f'{NAMES}, tied = "tie"'))
    assert isinstance(preferences.first_place, NotEstimable)
    assert preferences.ties.low < 0.2 < preferences.ties.high


@pytest.mark.parametrize(
    ("line", "choice", "said"),
    [
        ("p1,2,,cam,x,", NAMES, "column won, line 3: '' must not be empty"),
        ("p1,2,cam,,x,", NAMES, "column lost, line 3: '' must not be empty"),
        ("p1,2,cam,cam,x,", NAMES, "column won + lost, line 3: 'cam' is compared with itself"),
        ("p1,2,a;b,cam,x,", NAMES, "column won, line 3: 'a;b' must not contain a semicolon"),
        (
            "p1,2,cam,lime,shap,",
            f'{NAMES}, first = "left"',
            "column left, line 3: 'shap' must be the row's won or lost",
        ),
        (
            "p1,2,cam,lime,cam,maybe",
            f'{NAMES}, tied = "tie"',
            "column tie, line 3: 'maybe' must be 1, 0 or empty",
        ),
    ],
)
def test_a_row_that_is_no_choice_is_named_with_its_line(theirs, line, choice, said):
    text = f"who,nr,won,lost,left,tie\np1,1,cam,lime,cam,0\n{line}\n"
    assert said in mapped(theirs, text, choice).problem()


@pytest.mark.parametrize(
    ("choice", "more", "said"),
    [
        (NAMES, 'constants = { map_methods = "a;b" }', "'map_methods' is filled more than once"),
        (NAMES, 'wide = { preferred_map = "c_{part}" }', "give choice or wide, not both"),
        ('winner = "won", loser = "won"', "", "choice names 'won' more than once"),
    ],
)
def test_the_plan_refuses_a_choice_that_contradicts_it(theirs, choice, more, said):
    mapped(theirs, "who,nr,won,lost\np1,1,a,b\n", choice, more)
    assert any(said in problem and "line " in problem for problem in theirs.problems())
