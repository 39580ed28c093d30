"""The glossary has one entry for each term, in order, and names every old word that is read."""

import re

from analysis.plan import old_words as old_words_of_plans
from analysis.reproduction import old_results
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("| ")
][1:]


def test_every_term_stands_once_and_in_order():
    terms = [row[0] for row in ROWS]
    assert len(terms) > 25
    assert terms == sorted(set(terms), key=str.casefold)
    assert all(len(row) == 3 and row[1] for row in ROWS)


def test_every_old_word_that_is_still_read_is_in_the_glossary():
    inside = list(old_results.RENAMED_INSIDE.values())
    renamed = [old_words_of_plans.RENAMED, old_results.RENAMED, *inside]
    for old, today in [pair for words in renamed for pair in words.items()]:
        assert re.search(rf"\b{old}\b", TEXT), f"docs/glossary.md does not name the old {old!r}"
        assert re.search(rf"\b{today}\b", TEXT), f"docs/glossary.md does not name {today!r}"


def test_the_readme_links_the_glossary():
    assert "(docs/glossary.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
