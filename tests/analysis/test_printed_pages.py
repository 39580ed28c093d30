"""The shipped reports on paper: few pages, all of them filled, with nothing beyond the margins."""

from itertools import pairwise

import numpy as np
import pypdfium2
import pytest

from analysis.report.columns import fits_a_column
from tests.conftest import ROOT

EXAMPLES = ROOT / "docs" / "examples"
REPORTS = ("demo", "alienzoo", "visual-correspondence")
MOST_PAGES = {"demo": 16}
MILLIMETRE = 72 / 25.4
TOP, SIDE, BOTTOM = 15, 14, 14
"""Margins of print.css in millimetres. The margins contain the running head and the foot."""


def pages(name):
    with pypdfium2.PdfDocument(EXAMPLES / name / "report.pdf") as file:
        yield from file


def largest_gap(page, scale=0.5):
    """The highest white band of the page, as a share of the height between its margins."""
    picture = page.render(scale=scale, grayscale=True).to_numpy()
    ink = picture.reshape(len(picture), -1) < 200
    unit = MILLIMETRE * scale
    within = ink[round(TOP * unit) : round(len(ink) - BOTTOM * unit)]
    inked = [0, *np.flatnonzero(within.any(axis=1)), len(within)]
    return max(after - before for before, after in pairwise(inked)) / len(within)


@pytest.mark.parametrize("name", REPORTS)
def test_no_page_of_a_shipped_report_is_a_third_white_except_for_the_last(name):
    gaps = [largest_gap(page) for page in pages(name)]
    assert len(gaps) <= MOST_PAGES.get(name, len(gaps))
    assert {number: gap for number, gap in enumerate(gaps[:-1], start=1) if gap > 1 / 3} == {}


@pytest.mark.parametrize("name", REPORTS)
def test_no_text_of_a_shipped_report_leaves_the_margins_of_its_page(name):
    for number, page in enumerate(pages(name), start=1):
        text = page.get_textpage()
        boxes = np.array([text.get_rect(i) for i in range(text.count_rects())])
        assert boxes[:, 0].min() > (SIDE - 1) * MILLIMETRE, number
        assert boxes[:, 2].max() < page.get_width() - (SIDE - 1) * MILLIMETRE, number


def test_an_empty_page_is_found():
    with pypdfium2.PdfDocument.new() as file:
        page = file.new_page(595, 842)
        assert largest_gap(page) == 1


NUMBERS = "<td>0.39</td><td>[−1.39, 1.18]</td>"


def row(cells, name="Integrated Gradients"):
    return f'<tr><th scope="row">{name}</th>{cells}</tr>'


@pytest.mark.parametrize(
    ("columns", "body", "left", "fits"),
    [
        (["Arm", "M", "95% CI", "g", "CI of g"], row(NUMBERS * 2), (), True),
        (["Arm", *["M", "95% CI"] * 5], row(NUMBERS * 5), (), False),
        (["Test", "Evidence"], row(f"<td>{'long words ' * 30}</td>"), ["Evidence"], False),
        (["Test", "Evidence"], row(f"<td>{'long words ' * 12}</td>"), ["Evidence"], True),
        (["Test", "Evidence"], row(f"<td>{'long words ' * 12}</td>"), (), False),
        (["Test", "p"], row("<td>1</td>", "Aprioriwahrscheinlichkeitsverteilungen" * 2), (), False),
        (
            ["Arm", "M", "CI"],
            row('<td colspan="2">not estimable: nobody answered</td>'),
            (),
            True,
        ),
        (["Image", "Map"], row('<td><img alt=""></td>'), (), False),
    ],
)
def test_a_table_stands_beside_another_if_its_longest_cells_fit(columns, body, left, fits):
    assert fits_a_column(columns, body, left) is fits
