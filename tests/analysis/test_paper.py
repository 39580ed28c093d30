"""Text, tables and Word document for a paper: their numbers are those of results.json."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pytest

from analysis.apa_numbers import bounded, degrees, number, percent
from analysis.report.alternatives import alternatives
from analysis.report.paper.checklist import AUTHORS, checklist
from analysis.report.paper.tables import paper_tables
from analysis.report.paper.text import Paragraph, paper_text
from analysis.report.paper.word import write_word
from analysis.results import Results, to_json

NUMBER = re.compile(r"−?(?:\d[\d,]*(?:\.\d+)?|\.\d+)%?")
NOT_FROM_DATA = {"Statistical analysis"}
"""Its constants, such as the limit of 80 % of a scale's items, are those of the methods."""


def test_every_number_of_the_text_is_a_number_of_the_place_that_it_names(planted_results):
    document = json.loads(to_json(planted_results))
    paragraphs = paper_text(planted_results)
    assert {one.part for one in paragraphs} == {"Methods", "Results"}
    for paragraph in paragraphs:
        if paragraph.heading not in NOT_FROM_DATA:
            assert _unfounded(paragraph, document) == []


@pytest.mark.parametrize("wrong", ["24.99", ".0439", "[0.17,"])
def test_a_number_that_no_result_has_is_noticed(planted_results, wrong):
    document = json.loads(to_json(planted_results))
    paragraph = next(one for one in paper_text(planted_results) if one.part == "Results")
    assert _unfounded(replace(paragraph, text=f"{paragraph.text} {wrong}"), document)


def _unfounded(paragraph: Paragraph, document: Any) -> list[str]:
    """Return the numbers of the text that no number, sum or count below its places rounds to."""
    written = set()
    for place in paragraph.places:
        value = document
        for key in place:
            value = value[key]
        written |= set(_written(value))
    words = paragraph.text.replace("χ²", "")
    return [text for text in NUMBER.findall(words) if text.rstrip(",") not in written]


def _written(value: Any) -> Iterator[str]:
    """Yield each way in which a report writes a number, and the numbers within a text."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, str):
        yield from (text.rstrip(",") for text in NUMBER.findall(value))
        # A day is written without the zeros of its ISO form.
        yield from (text.lstrip("0−") for text in re.findall(r"\d+", value))
    elif isinstance(value, int | float):
        yield from _forms(abs(value))
        yield from _forms(value)
    elif isinstance(value, list):
        yield str(len(value))
        for key in {key for one in value if isinstance(one, dict) for key in one}:
            column = [one.get(key) for one in value]
            if all(isinstance(cell, int) for cell in column):
                yield str(sum(column))
        for one in value:
            yield from _written(one)
    else:
        counts = [one for one in value.values() if isinstance(one, int)]
        yield str(sum(counts))
        for one in value.values():
            yield from _written(one)


def _forms(value: float) -> Iterator[str]:
    for digits in range(5):
        yield number(value, digits)
        yield bounded(value, digits)
        yield percent(value, digits)
    yield degrees(value)
    yield ".001" if value < 0.001 else ".999"


def test_what_only_the_authors_know_is_asked_for_in_brackets(planted_results):
    text = " ".join(one.text for one in paper_text(planted_results))
    for asked in ("reason for the sample size", "recruited and paid", "preregistered"):
        assert re.search(rf"\[[^\]]*{asked}[^\]]*\]", text)
    assert "All of them are simulated." in text


def test_each_section_that_the_checklist_names_is_in_the_report(
    planted_results: Results, planted_output: Path
):
    page = (planted_output / "report.html").read_text(encoding="utf-8")
    headings = {
        re.sub(r"<[^>]+>", "", text).replace("simulated data", "").strip().lower()
        for text in re.findall(r"<(?:h[1-3]|summary)[^>]*>(.*?)</(?:h[1-3]|summary)>", page)
    }
    own = {AUTHORS, "no covariate was measured", "no look was planned", "to be added to the title"}
    for _, _, where in checklist(planted_results):
        for section in where.split("; "):
            name = section.partition(",")[0].removeprefix("the seed is in ").lower()
            assert where in own or name in headings, where


def test_an_answered_item_of_the_checklist_depends_on_the_study(planted_results):
    known = {number: where for number, _, where in checklist(planted_results)}
    assert (known["7a"], known["14a"]) == (AUTHORS, "Participants")
    undated = replace(planted_results, collection=None, title="A randomised study")
    unknown = {number: where for number, _, where in checklist(undated)}
    assert (unknown["1a"], unknown["14a"]) == ("the title", AUTHORS)


def test_the_word_document_has_the_text_the_tables_and_the_figures(
    planted_results: Results, planted_output: Path, tmp_path: Path
):
    figures = {name: planted_output / "figures" / f"{name}.svg" for name in ("overview", "flow")}
    path = write_word(planted_results, figures, tmp_path)
    first = path.read_bytes()
    assert write_word(planted_results, figures, tmp_path).read_bytes() == first
    document = docx.Document(str(path))
    written = [paragraph.text for paragraph in document.paragraphs]
    texts = [one.text for one in paper_text(planted_results)]
    assert [text for text in written if text in texts] == texts
    assert written[0].startswith("SIMULATED DATA")
    cells = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    for table, rows in zip(paper_tables(planted_results), cells, strict=False):
        assert rows == [list(table.columns), *map(list, table.rows)]
    assert len(cells) == len(paper_tables(planted_results)) + 1  # the checklist
    described = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert described == [alternatives(planted_results)[name] for name in figures]
    italic = {run.text for one in document.paragraphs for run in one.runs if run.italic}
    assert {"p", "F", "n"} <= italic


def test_the_tables_have_the_numbers_of_the_results(planted_results):
    scores, tests, differences = paper_tables(planted_results)
    trust = planted_results.outcomes[0]
    arm = trust.found.arms[1]
    assert scores.rows[0][2] == f"{number(arm.mean.value)} ({number(arm.sd)}), n = {arm.n}"
    assert tests.rows[0][2] == f"F = {number(trust.test.statistic)}"
    assert len(tests.rows) == len(planted_results.outcomes)
    first = trust.answer.differences[0]
    assert differences.rows[0][3] == number(first.estimate.value)
