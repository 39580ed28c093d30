"""Every sentence of the source report has a row of verdicts, or the part of the page that repeats
it."""

import csv
import hashlib
import re
from pathlib import Path

import pytest

from explanations.source_report.claims import CLAIMS, SECTIONS

INVENTORY = Path(__file__).with_name("sentences.csv")
"""Sentences without a quotation on the page, by a hash: the row or the section that covers each.

``row`` names a claim, ``step`` the section that repeats what the report did, and a ``heading``
claims nothing. ``says`` is a paraphrase.
"""
LAYER = re.compile(r"(conv2d|relu|maxpool2d|linear|dropout) \d+( \d+)+ \d+")
"""A row of the printed table of layers, all of which test_network_table compares."""


def plain(text):
    return re.sub(r"\W+", " ", text.replace("’", "'")).strip().lower()


def sentences_of(report):
    """Split the report into sentences, figures and headings, without its listing and references."""
    text = re.sub(r"```.*?```", "", report, flags=re.S).partition("References:")[0]
    for paragraph in re.split(r"\n\s*\n", text):
        lines = re.split(r"\n(?=- |[A-Za-z]+.*\t)|\n(?=[A-Z][A-Za-z0-9 ()/]*: )", paragraph)
        for line in lines:
            sentences = re.split(r"(?<=[.!?:])\s+(?=[A-Z“(])", " ".join(line.split()))
            yield from (plain(sentence) for sentence in sentences if plain(sentence))


def name_of(sentence):
    return hashlib.sha1(sentence.encode(), usedforsecurity=False).hexdigest()[:7]


def uncovered(report, claims, inventory):
    quotes = [plain(claim.quote) for claim in claims]
    return [
        sentence
        for sentence in sentences_of(report)
        if not any(quote in sentence for quote in quotes)
        and name_of(sentence) not in inventory
        and not LAYER.fullmatch(sentence)
    ]


@pytest.fixture
def report(shared_dir):
    return (shared_dir / "research" / "source-report.txt").read_text(encoding="utf-8")


@pytest.fixture
def inventory():
    with INVENTORY.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_every_sentence_of_the_report_has_a_row_or_a_place_on_the_page(report, inventory):
    assert uncovered(report, CLAIMS, inventory) == []
    # The control: each claim and each line of the inventory is needed for that.
    assert len(list(sentences_of(report))) > 280
    assert uncovered(report, CLAIMS[1:], inventory)
    assert uncovered(report, CLAIMS, dict(list(inventory.items())[2:]))


def test_the_inventory_names_rows_and_sections_that_exist_and_sentences_of_the_report(
    report, inventory
):
    there = {name_of(sentence) for sentence in sentences_of(report)}
    assert set(inventory) <= there
    places = {"row": {claim.key for claim in CLAIMS}, "step": set(SECTIONS), "heading": {""}}
    assert [row for row in inventory.values() if row["where"] not in places[row["kind"]]] == []


def test_a_row_stands_in_the_order_of_the_report(report):
    """A reader of both finds the rows of a chapter one after the other."""
    text = plain(report)
    first = {chapter: min(text.find(plain(claim.quote)) for claim in claims) for chapter, claims in
             by_section().items()}  # fmt: skip
    methods = [first[key] for key in ("gradcam", "saliency", "lime", "ig", "shap")]
    assert methods == sorted(methods)
    assert min(methods) > 0


def by_section():
    sections = {}
    for claim in CLAIMS:
        sections.setdefault(claim.section, []).append(claim)
    return sections
