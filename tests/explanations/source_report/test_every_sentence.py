"""Every sentence of the source report has a row on the page, and is quoted there almost whole."""

import csv
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from explanations.source_report.claims import CLAIMS

INVENTORY = Path(__file__).with_name("sentences.csv")
"""Sentences without a quotation on the page, by a hash.

A ``heading`` claims nothing. A ``row`` is too short to be quoted alone; the claim quotes it with
its heading.
"""
LEAD = 14
"""Most words in a row that no quotation has: "As we progress to these layers, we observe that"."""
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


def half_quoted(report, claims):
    """List the sentences of which a part is quoted, but more than a few words in a row are not."""
    quotes = sorted((plain(claim.quote) for claim in claims), key=len, reverse=True)
    halves = []
    for sentence in sentences_of(report):
        rest = sentence
        for quote in quotes:
            rest = rest.replace(quote, "\n")
        if rest != sentence and max(len(part.split()) for part in rest.split("\n")) > LEAD:
            halves.append(rest)
    return halves


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


def test_no_sentence_is_quoted_by_half(report):
    assert half_quoted(report, CLAIMS) == []
    # The control: a row for the second half of a sentence is needed.
    without = [claim for claim in CLAIMS if claim.key != "lime-improving"]
    assert len(half_quoted(report, without)) == 1


def test_the_inventory_names_rows_that_exist_and_sentences_of_the_report(report, inventory):
    there = {name_of(sentence) for sentence in sentences_of(report)}
    assert set(inventory) <= there
    places = {"row": {claim.key for claim in CLAIMS}, "heading": {""}}
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


HEDGES = {
    *("aim", "aims", "can", "could", "likely", "may", "might"),
    *("plan", "possible", "sometimes", "suggest"),
}


def hedges_cut(report, claims):
    """List the quotations whose sentence has a hedge before them that they do not quote."""
    cut = []
    for claim in claims:
        quote = plain(claim.quote)
        if HEDGES & set(quote.split()):
            continue
        befores = [
            sentence.partition(quote)[0].replace("we can observe", "").replace("we can see", "")
            for sentence in sentences_of(report)
            if quote in sentence
        ]
        if befores and all(HEDGES & set(before.split()) for before in befores):
            cut.append(claim.key)
    return cut


OF_ANOTHER_CLAUSE = {"aims-areas", "surpasses"}
"""Quotations before which a hedge is about something else."""


def test_no_hedge_is_cut_from_a_quotation(report):
    assert set(hedges_cut(report, CLAIMS)) <= OF_ANOTHER_CLAUSE
    # The control: "These highlights suggest that the model considers these areas crucial".
    (claim,) = [claim for claim in CLAIMS if claim.key == "ig-crucial"]
    cut = replace(claim, quote="the model considers these areas crucial")
    assert hedges_cut(report, [cut]) == ["ig-crucial"]
