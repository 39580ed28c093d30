"""Cut percentages without counts, and rates without cases by columns that the plan does not map."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.analysis.data_checks.clean_tables import write_table
from tests.analysis.data_checks.test_checks import (
    EVERY,
    LARGE,
    Files,
    changed,
    findings_of,
)
from tests.daily import daily

pytestmark = pytest.mark.whole_report

Change = Callable[[Files, bool], None]
"""A change of the clean table: the columns alone, or with the fault in them."""


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    return write_table(tmp_path_factory.mktemp("clean"), LARGE)


def map_people(files: Files, *names: str) -> None:
    columns = "".join(f'{name} = "{name}", ' for name in names)
    types = "".join(f'{name} = "number", ' for name in names)
    files.plan = files.plan.replace('country = "country", ', f'country = "country", {columns}')
    files.plan = files.plan.replace(
        'types = { age = "integer", ', f'types = {{ {types}age = "integer", '
    )


def digits(exact: np.ndarray, decimals: int, cut: object) -> np.ndarray:
    """Cut the numbers where `cut` is True, and round the others."""
    unit = 10.0**decimals
    return np.where(cut, np.floor(exact * unit + 1e-9), np.floor(exact * unit + 0.5)) / unit


def gaze(files: Files, fault: bool) -> None:
    rng = np.random.default_rng(3)
    shares = 100 * rng.dirichlet([6, 5, 3, 2], len(files.people))
    names = ["on_image", "on_map", "on_answer", "elsewhere"]
    files.people[names] = digits(shares, 0, fault)
    map_people(files, *names)


def hits(files: Files, cases: int) -> np.ndarray:
    return np.random.default_rng(4).binomial(cases, 0.55, len(files.people)) / cases


def percentages_of_twelve(files: Files, fault: bool) -> None:
    files.people["right"] = digits(100 * hits(files, 12), 1, fault)
    map_people(files, "right")


def whole_percentages_of_twelve(files: Files, fault: bool) -> None:
    even = np.random.default_rng(4).integers(0, 13, len(files.people)) / 12
    files.people["right"] = digits(100 * even, 0, fault)
    map_people(files, "right")


def shares_of_five_to_nine(files: Files, fault: bool) -> None:
    rng = np.random.default_rng(5)
    cases = rng.integers(5, 10, len(files.people))
    files.people["right"] = digits(rng.binomial(cases, 0.5) / cases, 3, fault)
    map_people(files, "right")


def percentages_of_a_batch(files: Files, fault: bool) -> None:
    second = (files.people.index % 2 == 0).astype(bool)
    files.people["batch"] = np.where(second, 2, 1)
    files.people["right"] = digits(100 * hits(files, 14), 1, second & fault)
    map_people(files, "right")


def percentages_of_counts_in_the_file(files: Files, fault: bool) -> None:
    """The counts are in the file, and the plan does not map them."""
    rng = np.random.default_rng(6)
    files.people["n_done"] = rng.integers(11, 19, len(files.people))
    files.people["n_right"] = rng.binomial(files.people["n_done"], 0.6)
    files.people["right"] = digits(100 * files.people["n_right"] / files.people["n_done"], 0, fault)
    map_people(files, "right")


CUT: dict[Change, str] = {
    gaze: "“on_image”, “on_map”, “on_answer”, “elsewhere” make up a whole",
    percentages_of_twelve: "percentages of 12 cases with a decimal if the rest is cut off",
    whole_percentages_of_twelve: "percentages of 12 cases in whole numbers",
    shares_of_five_to_nine: "shares of up to 9 cases with three decimals",
    percentages_of_a_batch: "where “batch” is “2” are percentages of 14 cases",
    percentages_of_counts_in_the_file: "“n_right” divided by “n_done” if its decimals are cut",
}


@pytest.mark.nightly
@EVERY
@pytest.mark.parametrize("change", daily(CUT, 1))
def test_cut_percentages_are_found_and_rounded_ones_are_not(every, change, clean, tmp_path):
    folders = [tmp_path / name for name in ("fault", "clean")]
    for folder in folders:
        folder.mkdir()
    with_fault = changed(clean, folders[0], lambda files: change(files, True))
    found = findings_of("cut_percentages", with_fault, every)
    assert [one.check for one in found] == ["cut_percentages"]
    assert CUT[change] in found[0].sentence
    without = changed(clean, folders[1], lambda files: change(files, False))
    assert findings_of("cut_percentages", without, every) == ()


def rate(files: Files, entered: float, unmapped: bool = True) -> None:
    """Add a rate of few cases, with a number where there are none."""
    rng = np.random.default_rng(7)
    files.people["n_errors"] = rng.integers(0, 5, len(files.people))
    files.people["n_seen"] = rng.binomial(files.people["n_errors"], 0.5)
    over = files.people["n_errors"].where(files.people["n_errors"] > 0)
    files.people["seen_rate"] = (files.people["n_seen"] / over).round(2).fillna(entered)
    map_people(files, "seen_rate", *([] if unmapped else ["n_errors", "n_seen"]))


@pytest.mark.nightly
@EVERY
@pytest.mark.parametrize("entered", daily([0.0, 1.0, 0.5, -1.0], 1))
def test_a_number_for_no_cases_is_found_by_counts_that_the_plan_does_not_map(
    every, entered, clean, tmp_path
):
    with_rate = changed(clean, tmp_path, lambda files: rate(files, entered))
    found = findings_of("zero_by_zero", with_rate, every)
    assert "zero_by_zero" in {one.check for one in found} <= {"zero_by_zero", "missing_code"}
    sentence = next(one.sentence for one in found if one.check == "zero_by_zero")
    assert "“seen_rate” equals “n_seen” divided by “n_errors”" in sentence


@EVERY
def test_an_empty_rate_without_cases_is_right(every, clean, tmp_path):
    without = changed(clean, tmp_path, lambda files: rate(files, np.nan))
    assert findings_of("zero_by_zero", without, every) == ()


@pytest.mark.nightly
@EVERY
@pytest.mark.parametrize("entered", daily([0.0, np.nan], 1))
def test_a_difference_of_rates_without_cases_is_found(every, entered, clean, tmp_path):
    def differ(files: Files) -> None:
        rng = np.random.default_rng(8)
        rates = []
        for name, most in (("right", 9), ("wrong", 4)):
            files.people[f"n_{name}"] = rng.integers(most - 4, most, len(files.people))
            files.people[f"k_of_{name}"] = rng.binomial(files.people[f"n_{name}"], 0.5)
            over = files.people[f"n_{name}"].where(files.people[f"n_{name}"] > 0)
            rates.append(files.people[f"k_of_{name}"] / over)
        files.people["gap"] = (rates[0] - rates[1].fillna(entered)).round(3)
        map_people(files, "gap")

    found = findings_of("zero_by_zero", changed(clean, tmp_path, differ), every)
    assert [one.check for one in found] == ["zero_by_zero"] * (entered == 0)
    if found:
        assert (
            "equals the difference between “k_of_right” divided by “n_right”" in found[0].sentence
        )


@pytest.mark.nightly
@EVERY
@pytest.mark.parametrize("entered", daily([np.nan, 0.0], 1))
def test_a_rate_by_a_condition_of_trials_that_the_plan_does_not_map_is_found(
    every, entered, clean, tmp_path
):
    def follow(files: Files) -> None:
        rng = np.random.default_rng(9)
        chance = files.trials["pid"].map(
            pd.Series(rng.choice([0, 0.3], len(files.people)), index=files.people["pid"])
        )
        files.trials["own_error"] = (rng.random(len(files.trials)) < chance).astype(int)
        errors = files.trials[files.trials["own_error"] == 1]
        share = errors.groupby("pid")["agreed"].mean().reindex(files.people["pid"])
        files.people["helped"] = share.round(3).fillna(entered).to_numpy()
        map_people(files, "helped")

    found = findings_of("zero_by_zero", changed(clean, tmp_path, follow), every)
    assert [one.check for one in found] == ["zero_by_zero"] * (entered == 0)
    if found:
        assert "“own_error” = 1" in found[0].sentence
