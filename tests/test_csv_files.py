"""No csv file of the project holds a text that a spreadsheet would run as a formula."""

import ast
import csv
import io
from collections.abc import Callable, Iterator
from itertools import product

import pandas as pd
import pytest

from analysis.study_data import formulas
from analysis.study_data.csv_files import guarded_csv
from explanations.evaluation import csv_cells
from surveys.tidy.cells import csv_text
from tests.conftest import ROOT

PACKAGES = ("studyplatform", "surveys", "analysis", "explanations")
WRITERS = {
    "analysis/study_data/csv_files.py": "guards each text (guarded_csv)",
    "analysis/study_data/csv_lines.py": "is given guarded texts by the two modules below",
    "explanations/evaluation/csv_cells.py": "guards each text",
    "analysis/power/required_sample.py": "hashes the codebook and writes no file",
}
"""The modules that may put the text of a csv file together, and why that is safe."""
CALLERS = {
    "surveys/tidy/cells.py": "guards each text",
    "analysis/release/csv_tables.py": "writes the cells of an export as it read them",
    "studyplatform/api/operations.py": "writes the cells of an export as it read them",
}
"""The modules that hand cells to csv_lines, and who guards them."""
HOSTILE = ("=1+cmd", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "\n=1", "\0=1")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if "csv" in text or "doubled" in text:
                yield path.relative_to(ROOT).as_posix(), ast.parse(text)


def writes_csv(tree: ast.AST) -> bool:
    """Whether the code writes csv by the standard library, by pandas, or by joining texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if node.attr in {"to_csv", "DictWriter"}:
                return True
            if (
                node.attr == "writer"
                and isinstance(node.value, ast.Name)
                and node.value.id == "csv"
            ):
                return True
            # A text is joined to csv where quotation marks in its parts are doubled.
            if node.attr == "join" and _is_separator(node.value) and "doubled" in ast.dump(tree):
                return True
        if isinstance(node, ast.ImportFrom) and node.module == "csv":
            return True
    return False


def _is_separator(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value in {",", ";", "\t"}


def test_csv_is_put_together_in_few_places_that_guard_it():
    assert {path for path, tree in modules() if writes_csv(tree)} == set(WRITERS)


def test_only_these_modules_hand_cells_to_the_writer_that_does_not_guard():
    names = {
        path
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "analysis.study_data.csv_lines"
    }
    assert names == set(CALLERS)


@pytest.mark.parametrize(
    "code",
    ["import csv\ncsv.writer(f)", "from csv import writer", "frame.to_csv()", "csv.DictWriter(f)",
     "','.join(map(doubled, row))"],
)  # fmt: skip
def test_another_writer_would_be_found(code):
    assert writes_csv(ast.parse(code))


def by_rows(text: str) -> str:
    return csv_text(["name"], [[text]])


def by_evaluation(text: str) -> str:
    return csv_cells.csv_text([["name"], [text]])


def by_frame(text: str) -> str:
    return guarded_csv(pd.DataFrame({"name": [text]}))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("write", [by_rows, by_evaluation, by_frame])
def test_a_text_that_looks_like_a_formula_gets_an_apostrophe(write: Callable[[str], str], text):
    (_, [cell]) = csv.reader(io.StringIO(write(text), newline=""))
    assert cell == f"'{text}"


def test_numbers_stay_numbers():
    assert csv_text(["n"], [[-3], [0.5]]) == "n\n-3\n0.5\n"
    assert csv_cells.csv_text([["n"], [-3], [0.5]]) == "n\n-3\n0.5\n"
    assert guarded_csv(pd.DataFrame({"n": [-3]})) == "n\n-3\n"


def test_the_two_guards_agree():
    alphabet = "=+-@\uff1d '\t\r\n\0\ufeff\u200bax1"
    for length in (1, 2, 3):
        for text in map("".join, product(alphabet, repeat=length)):
            assert csv_cells.guarded(text) == formulas.guarded(text), repr(text)
