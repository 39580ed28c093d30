"""Every check can be carried out on tables with holes, without rows, and without spread."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.failures import Failures
from analysis.sections.data_checks.section import data_checks
from analysis.study_data.study_data import StudyData, read_study
from tests.analysis.data_checks.clean_tables import write_table
from tests.analysis.data_checks.test_checks import Files, changed
from tests.daily import daily

pytestmark = pytest.mark.whole_report

SEED = 1003
KEYS = {"participant", "arm", "questionnaire", "item", "position", "file", "column", "type"}
Change = Callable[[pd.DataFrame], pd.DataFrame]
TABLES = ("participants", "trials", "answers")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> StudyData:
    """Return a study with columns that the plan does not map, of words and of numbers."""

    def add_columns(files: Files) -> None:
        files.people = files.people.head(60)
        for name in ("trials", "answers"):
            table = getattr(files, name)
            setattr(files, name, table[table["pid"].isin(files.people["pid"])].copy())
        files.people["lang"] = np.where(files.people.index % 2, "de", "en")
        files.people["done_n"], files.people["batch"] = 12, files.people.index % 3
        files.trials["sure_raw"], files.trials["note"] = files.trials["sure"], "none"

    clean = write_table(tmp_path_factory.mktemp("clean"), SEED)
    return read_study(changed(clean, tmp_path_factory.mktemp("odd"), add_columns))


def every_second_cell_missing(table: pd.DataFrame) -> pd.DataFrame:
    return _change(table, lambda cells: cells.mask(np.arange(len(cells)) % 2 == 0))


def all_cells_missing(table: pd.DataFrame) -> pd.DataFrame:
    return _change(table, lambda cells: cells.mask(np.ones(len(cells), dtype=bool)))


def one_value_throughout(table: pd.DataFrame) -> pd.DataFrame:
    return _change(table, lambda cells: cells.where(cells.isna(), cells.dropna().iloc[0])
                   if cells.notna().any() else cells)  # fmt: skip


def words_for_numbers(table: pd.DataFrame) -> pd.DataFrame:
    return _change(table, lambda cells: cells.astype("object").map(lambda cell: f"about {cell}"))


def two_values(table: pd.DataFrame) -> pd.DataFrame:
    return _change(table, lambda cells: cells.where(np.arange(len(cells)) > 3, cells.iloc[0])
                   if len(cells) else cells)  # fmt: skip


def _change(table: pd.DataFrame, change: Callable[[pd.Series], pd.Series]) -> pd.DataFrame:
    return table.assign(**{name: change(table[name]) for name in table if name not in KEYS})


def no_rows(table: pd.DataFrame) -> pd.DataFrame:
    return table.iloc[:0]


def first_person(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["participant"] == "p000"]


def two_people(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["participant"].isin(["p000", "p001"])]


def one_arm(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["arm"] == "plain"] if "arm" in table else table


CHANGES = [
    every_second_cell_missing, all_cells_missing, one_value_throughout, words_for_numbers,
    two_values, no_rows, first_person, two_people, one_arm,
]  # fmt: skip


def with_change(data: StudyData, names: tuple[str, ...], change: Change) -> StudyData:
    tables = {name: change(getattr(data, name)).reset_index(drop=True) for name in names}
    files = tuple(
        replace(file, table=change(file.table).reset_index(drop=True)) for file in data.files
    )
    return replace(data, **tables, files=files, missing={}, file_rows={})


# All tables at once in the day's run, and each alone in the nightly run.
later = [pytest.param((name,), marks=pytest.mark.nightly) for name in TABLES]


@pytest.mark.parametrize("names", [TABLES, *later], ids=",".join)
@pytest.mark.parametrize("change", daily(CHANGES, 3))
def test_no_check_fails(change, names, data):
    """Reading refuses words in columns of numbers, except where the plan does not name them."""
    if change is words_for_numbers and names != ("participants",):
        names = ()
    failures = Failures()
    done = data_checks(with_change(data, names, change), failures)
    assert [failure.sentence for failure in failures.found] == []
    assert done.failed == ()


def test_the_same_test_sees_a_check_that_fails(data):
    """Trials without a column that every table has."""
    failures = Failures()
    data_checks(replace(data, trials=data.trials.drop(columns="participant")), failures)
    assert failures.found
