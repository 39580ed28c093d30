"""A fault in any key of a plan is told with the line of that key."""

import pytest

from analysis.errors import PlanError
from analysis.plan.plan import Plan
from analysis.plan.reading import read_plan
from analysis.toml import document
from tests.planted import FAULT, Line, every_value, lines_of, missed


def told_by(folder):
    """The function that tells the problems of a plan's text."""

    def told(text: str) -> list[str]:
        path = folder / "plan.toml"
        path.write_text(text, encoding="utf-8")
        try:
            read_plan(path)
        except PlanError as refused:
            return list(refused.problems)
        return []

    return told


def test_a_fault_in_every_key_of_a_plan_is_told_with_its_line(tmp_path):
    lines = lines_of(Plan)
    assert len(lines) > 100
    assert missed(lines, told_by(tmp_path)) == []


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.nightly)])
def test_no_value_of_any_key_breaks_the_reader(tmp_path, step):
    """Any other error than PlanError is raised here, and fails the test. By day, each seventh."""
    texts = list(every_value(lines_of(Plan)))[::step]
    assert sum(bool(told_by(tmp_path)(text)) for text in texts) == len(texts)


def test_the_plan_itself_has_no_value_of_a_wrong_type(tmp_path):
    text = "\n".join(line.text for line in lines_of(Plan))
    assert FAULT not in text
    assert [one for one in told_by(tmp_path)(text) if "It must be" in one] == []


def test_a_reader_that_knows_only_the_lines_of_tables_is_caught(tmp_path, monkeypatch):
    def headers(text):
        return {
            path: line
            for path, line in line_numbers(text).items()
            if text.split("\n")[line - 1].startswith("[")
        }

    line_numbers = document.line_numbers
    monkeypatch.setattr(document, "line_numbers", headers)
    lines = lines_of(Plan)[::5]
    keys = [line for line in lines if not line.is_header]
    assert len(keys) > 20
    assert [line for line, _ in missed(lines, told_by(tmp_path))] == keys


def test_a_reader_that_is_silent_is_caught():
    lines = [Line(("a",), "a = 1"), Line(("b",), "b = 2")]
    assert [line for line, _ in missed(lines, lambda text: [])] == lines
