"""Faults in one file of several, in lists of images, in identifiers of sessions, and in counts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.sections.data_checks.image_lists import joint_imbalance
from analysis.study_data.study_data import read_study
from tests.analysis.data_checks.test_checks import EVERY, findings_of
from tests.daily import daily

pytestmark = pytest.mark.whole_report

PLAN = """
title = "Ratings"
arms = ["plain", "map"]
control = "plain"
alpha = 0.05

[source]
randomised = true

[[source.tables]]
{table}

[[outcomes]]
key = "{column}"
label = "{label}"
kind = "trial_mean"
column = "{column}"
analysis = "one_way"
family = "primary"
"""


def plan(folder: Path, table: str, column: str, label: str) -> None:
    text = PLAN.format(table=table, column=column, label=label)
    (folder / "plan.toml").write_text(text, encoding="utf-8")


def sites(folder: Path, fault: Callable[[pd.DataFrame], pd.Series] | None) -> None:
    """Write a file per site with counts that the plan does not map; the fault is in the second."""
    rng = np.random.default_rng(1)
    for number, site in enumerate(("berlin", "lyon")):
        n = 60
        asked = rng.integers(0, 14, n)
        table = pd.DataFrame(
            {
                "pid": [f"p{number}{one:03d}" for one in range(n)],
                "cond": rng.permutation(np.repeat(["plain", "map"], n // 2)),
                "asked": asked,
                "right": rng.binomial(asked, 0.67),
            }
        )
        exact = table["right"] / table["asked"].where(table["asked"] > 0)
        table["pct"] = np.floor(1000 * exact + 0.5) / 10
        if fault is not None and number == 1:
            table["pct"] = fault(table.assign(exact=exact))
        table.to_csv(folder / f"site_{site}.csv", index=False)
    columns = 'participant = "pid", arm = "cond", pct = "pct"'
    table_text = f'file = "site_*.csv"\ninto = "trials"\ncolumns = {{ {columns} }}'
    plan(folder, f'{table_text}\ntypes = {{ pct = "number" }}', "pct", "Right answers (percent)")


def cut(table: pd.DataFrame) -> pd.Series:
    return np.floor(1000 * table["exact"] + 1e-9) / 10


def zero(table: pd.DataFrame) -> pd.Series:
    return table["pct"].fillna(0)


@pytest.mark.nightly
@EVERY
@pytest.mark.parametrize(("fault", "check"), [(cut, "cut_percentages"), (zero, "zero_by_zero")])
def test_a_fault_of_one_file_is_found_by_counts_that_the_plan_does_not_map(
    every, fault, check, tmp_path
):
    sites(tmp_path, fault)
    found = findings_of(check, tmp_path, every)
    assert [one.check for one in found] == [check]
    assert "“right” divided by “asked”" in found[0].sentence
    assert "in the file “site_lyon.csv”" in found[0].sentence


@pytest.mark.nightly
@EVERY
def test_files_of_sites_with_rounded_percentages_and_empty_cells_are_right(every, tmp_path):
    sites(tmp_path, None)
    for check in ("cut_percentages", "zero_by_zero"):
        assert findings_of(check, tmp_path, every) == ()


PEOPLE = 12


def logs(folder: Path, sessions: int, named: str, with_column: bool, people: int = PEOPLE) -> None:
    """Write a file per person and session, whose name is the participant."""
    rng = np.random.default_rng(2)
    for number in range(people):
        person, arm = f"{1000 + 37 * number}", ["plain", "map"][number % 2]
        own = rng.normal(0, 1)
        for session in range(1, sessions + 1):
            rows = pd.DataFrame(
                {
                    "cond": arm,
                    "nr": np.arange(1, 9) + 8 * (session - 1),
                    "img": rng.permutation([f"i{one:02d}" for one in range(16)])[:8],
                    "rating": np.clip(np.round(rng.normal(4 + own, 1.3, 8)), 1, 7).astype(int),
                    "age": 20 + number,
                }
            )
            if with_column:
                rows["subject_nr"] = person
            name = named.format(person=person, session=session, letter="abcd"[session - 1])
            rows.to_csv(folder / f"log-{name}.csv", index=False)
    columns = 'arm = "cond", position = "nr", image = "img", rating = "rating"'
    table = f'file = "log-*.csv"\nnamed = "participant"\ninto = "trials"\ncolumns = {{ {columns} }}'
    plan(folder, f'{table}\ntypes = {{ rating = "integer" }}', "rating", "Usefulness")


NAMES = [
    "{person}b{session}",
    "{person}-session{session}",
    "{person}_{session}",
    "{person}{letter}",
]


@EVERY
@pytest.mark.parametrize("named", daily([*NAMES, "block{session}-{person}"], 1))
def test_sessions_of_one_person_in_names_of_files_are_found(every, named, tmp_path):
    logs(tmp_path, 2, named, with_column=False)
    found = findings_of("not_independent", tmp_path, every)
    assert [one.check for one in found] == ["not_independent"]
    assert f"{2 * PEOPLE} participants are {PEOPLE} stems with a counter" in found[0].sentence


@pytest.mark.nightly
@EVERY
def test_the_person_is_found_in_a_column_of_files_named_by_session(every, tmp_path):
    logs(tmp_path, 2, "{person}{session}", with_column=True)
    found = findings_of("not_independent", tmp_path, every)
    assert [one.check for one in found] == ["not_independent"]
    said = f"“subject_nr” names {PEOPLE} people behind {2 * PEOPLE} participants"
    assert said in found[0].sentence


@pytest.mark.nightly
@EVERY
@pytest.mark.parametrize("named", daily(NAMES, 1))
def test_files_of_one_session_per_person_are_right(every, named, tmp_path):
    logs(tmp_path, 1, named, with_column=True)
    assert findings_of("not_independent", tmp_path, every) == ()


@pytest.mark.nightly
@EVERY
def test_couples_with_ages_of_their_own_are_several_people(every, tmp_path):
    logs(tmp_path, 2, "{person}_{session}", with_column=False)
    for number, path in enumerate(sorted(tmp_path.glob("log-*.csv"))):
        pd.read_csv(path).assign(age=20 + number * 7 % 41).to_csv(path, index=False)
    assert findings_of("not_independent", tmp_path, every) == ()


def shown(folder: Path, image: Callable[[int, str], list[int]], empty_rows: bool = False) -> None:
    """Write ratings of the images that each of 90 people saw in one of two arms."""
    rng = np.random.default_rng(3)
    rows = []
    for number in range(90):
        arm = ["plain", "map"][number % 2]
        own = set(image(number, arm))
        for img in sorted(own) if not empty_rows else range(24):
            value = int(np.clip(np.round(rng.normal(4, 1.4)), 1, 7)) if img in own else ""
            rows.append((f"p{number:03d}", arm, f"i{img:02d}", value))
    table = pd.DataFrame(rows, columns=["pid", "cond", "img", "rating"])
    table.to_csv(folder / "trials.csv", index=False)
    columns = 'participant = "pid", arm = "cond", image = "img", rating = "rating"'
    text = f'file = "trials.csv"\ninto = "trials"\ncolumns = {{ {columns} }}'
    plan(folder, f'{text}\ntypes = {{ rating = "integer" }}', "rating", "Usefulness")


def lists(most: int) -> Callable[[int, str], list[int]]:
    """Give the first list to half of an arm, and to `most` of ten people of the other."""

    def images(number: int, arm: str) -> list[int]:
        first = (number // 2) % 10 < most if arm == "map" else (number // 2) % 2 == 0
        return list(range(12)) if first else list(range(12, 24))

    return images


@EVERY
@pytest.mark.parametrize(("most", "alarms"), [(9, True), (5, False), (6, False)])
def test_a_list_given_to_most_people_of_one_arm_is_found(every, most, alarms, tmp_path):
    shown(tmp_path, lists(most))
    found = findings_of("image_imbalance", tmp_path, every)
    assert [one.check for one in found] == ["image_imbalance"] * alarms
    if alarms:
        assert "“i00”, “i01”, “i02” and 9 more was given to" in found[0].sentence


@EVERY
def test_lists_that_both_arms_are_given_unequally_alike_are_right(every, tmp_path):
    first = list(range(12))
    shown(tmp_path, lambda number, _: first if number // 2 % 5 else [one + 12 for one in first])
    assert findings_of("image_imbalance", tmp_path, every) == ()


@EVERY
def test_arms_with_lists_of_their_own_that_show_all_images_alike_are_right(every, tmp_path):
    def images(number: int, arm: str) -> list[int]:
        half = list(range(12)) if arm == "map" else list(range(0, 24, 2))
        return half if number // 2 % 2 else sorted(set(range(24)) - set(half))

    shown(tmp_path, images)
    assert findings_of("image_imbalance", tmp_path, every) == ()


@pytest.mark.nightly
@EVERY
@pytest.mark.parametrize("empty_rows", daily([False, True], 1))
@pytest.mark.parametrize("fault", [True, False])
def test_images_that_one_arm_draws_from_the_front_are_found_beside_two_lists(
    every, fault, empty_rows, tmp_path
):
    rng = np.random.default_rng(4)

    def images(number: int, arm: str) -> list[int]:
        if arm == "plain" or not fault:
            return list(range(number // 2 % 2, 24, 2))
        weights = np.where(np.arange(24) < 9, 4.0, 1.0)
        return list(rng.choice(24, 12, replace=False, p=weights / weights.sum()))

    shown(tmp_path, images, empty_rows)
    found = findings_of("image_imbalance", tmp_path, every)
    assert [one.check for one in found] == ["image_imbalance"] * fault


@pytest.mark.nightly
def test_a_random_draw_of_arms_is_nominal_whatever_images_people_share():
    """Of 400 studies, at most 4 % have p < .02 and none has p < .0001."""
    rng = np.random.default_rng(5)
    found = []
    for study in range(400):
        people = 24 + 12 * (study % 4)
        sets = [rng.permutation(12)[:6] for _ in range([people, 2, 4][study % 3])]
        rows = [
            (f"p{person}", f"i{image}")
            for person in range(people)
            for image in sets[person if study % 3 == 0 else rng.integers(len(sets))]
        ]
        table = pd.DataFrame(rows, columns=["participant", "image"])
        arms = rng.permutation(np.arange(people) % 2).astype(str)
        table["arm"] = table["participant"].map({f"p{n}": arms[n] for n in range(people)})
        found.append(joint_imbalance(table, ["0", "1"])[0])
    assert np.mean(np.array(found) < 0.02) <= 0.04
    assert min(found) > 1e-4


@EVERY
@pytest.mark.parametrize(("nothing", "alarms"), [(0.5, True), (0.1, False)])
def test_a_floor_of_counts_is_found(every, nothing, alarms, tmp_path):
    rng = np.random.default_rng(6)
    arms = np.tile(["plain", "map"], 45)
    values = np.where(rng.random(90) < nothing, 0, rng.binomial(8, 0.4, 90))
    values[:4] = 6
    table = pd.DataFrame({"pid": [f"p{n:03d}" for n in range(90)], "cond": arms, "found": values})
    table.to_csv(tmp_path / "found.csv", index=False)
    columns = 'participant = "pid", arm = "cond", found = "found"'
    text = f'file = "found.csv"\ninto = "trials"\ncolumns = {{ {columns} }}'
    plan(tmp_path, f'{text}\ntypes = {{ found = "integer" }}', "found", "Errors found (0 to 8)")
    found = findings_of("ceiling", tmp_path, every)
    assert [one.check for one in found] == ["ceiling"] * alarms
    if alarms:
        assert "at the floor" in found[0].sentence


@pytest.mark.nightly
@EVERY
@pytest.mark.parametrize(("nothing", "alarms"), [(0.7, True), (0.1, False)])
def test_people_who_never_succeed_are_a_floor_of_yes_or_no_answers(
    every, nothing, alarms, tmp_path
):
    rng = np.random.default_rng(7)
    rows = []
    for number in range(90):
        chance = 0.0 if rng.random() < nothing else 0.5
        for img, hit in enumerate(rng.random(8) < chance):
            rows.append((f"p{number:03d}", ["plain", "map"][number % 2], f"i{img}", int(hit)))
    pd.DataFrame(rows, columns=["pid", "cond", "img", "hit"]).to_csv(
        tmp_path / "trials.csv", index=False
    )
    columns = 'participant = "pid", arm = "cond", image = "img", hit = "hit"'
    text = f'file = "trials.csv"\ninto = "trials"\ncolumns = {{ {columns} }}'
    plan(tmp_path, f'{text}\ntypes = {{ hit = "integer" }}', "hit", "Errors found")
    found = findings_of("ceiling", tmp_path, every)
    assert [one.check for one in found] == ["ceiling"] * alarms
    if alarms:
        assert "is at the floor for many participants" in found[0].sentence


@pytest.mark.nightly
@EVERY
def test_codes_of_missing_ratings_are_no_second_unit(every, tmp_path):
    shown(tmp_path, lambda number, _: list(range(12)))
    table = pd.read_csv(tmp_path / "trials.csv")
    table.loc[::31, "rating"] = 99
    table.to_csv(tmp_path / "trials.csv", index=False)
    found = findings_of("missing_code", tmp_path, every)
    if not every:
        found += findings_of("other_range", tmp_path)
    assert [one.check for one in found] == ["missing_code"]


def test_files_with_the_name_of_the_participant_are_read_for_unmapped_columns(tmp_path):
    logs(tmp_path, 2, "{person}b{session}", with_column=True, people=2)
    data = read_study(tmp_path)
    assert set(data.files[0].unmapped) == {"age", "subject_nr"}
    assert data.files[0].table["participant"].iloc[0] == "1000b1"


@pytest.mark.nightly
@EVERY
@pytest.mark.parametrize("cases", [12, 100])
def test_rates_of_few_cases_pile_up_by_nature_and_ratings_by_a_ceiling(every, cases, tmp_path):
    rng = np.random.default_rng(8)
    people, blocks = 240, 4
    person = np.repeat([f"p{one:03d}" for one in range(people)], blocks)
    asked = (1 + rng.poisson(3, len(person))).clip(max=12)
    share = rng.binomial(asked, 0.67) / asked
    percent = np.floor(100 * share + 0.5)
    if cases == 100:  # a slider from 0 to 100 that a third of the people moved to its end
        percent = np.where(rng.random(len(person)) < 0.3, 100, rng.integers(20, 96, len(person)))
    table = pd.DataFrame(
        {"pid": person, "cond": np.where(person < "p120", "plain", "map"), "pct": percent}
    ).assign(nr=np.tile(np.arange(blocks) + 1, people))
    table.to_csv(tmp_path / "log.csv", index=False)
    columns = 'participant = "pid", arm = "cond", position = "nr", pct = "pct"'
    text = f'file = "log.csv"\ninto = "trials"\ncolumns = {{ {columns} }}'
    plan(tmp_path, f'{text}\ntypes = {{ pct = "number" }}', "pct", "Helpful hints (percent)")
    found = [one.check for one in findings_of("ceiling", tmp_path, every)]
    assert ("ceiling" in found) == (cases == 100)
