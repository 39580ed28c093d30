"""The tables of the recipes in docs/reproduction.md are those of the cards, and never stale."""

import pytest

from explanations.documents.recipe_table import (
    BEGIN,
    END,
    PAGE,
    RECIPES,
    WEIGHTS,
    block,
    read_cards,
    renewed,
)
from tests.explanations.source_report.test_seeds import BASE, L2, card


def cards(recipe, accuracies):
    return [card(recipe, seed, accuracy) for seed, accuracy in enumerate(accuracies)]


def test_the_page_has_the_figures_of_the_cards():
    page = PAGE.read_text(encoding="utf-8")
    shipped = {recipe: read_cards(WEIGHTS, recipe) for recipe in RECIPES}
    assert renewed(page, shipped) == page, "Run: python -m explanations.documents.recipe_table"
    assert page.count(BEGIN) == page.count(END) == 1


def test_every_figure_has_the_report_s_the_mean_and_each_seed():
    text = block({"base": cards("base", BASE), "l2": cards("l2", L2)})
    assert (
        "| Test accuracy | .750 | .746 [.740, .753] | .746 | .749 | .744 | cannot be told |" in text
    )
    assert "| Test accuracy | +.030 | +.014 [+.003, +.025] |" in text
    assert "| Test loss | .800 | .810 [.810, .810] | .810 | .810 | .810 | holds |" in text


@pytest.mark.parametrize("seeds", [0, 1])
def test_without_several_seeds_there_is_no_interval(seeds):
    text = block({"base": cards("base", BASE[:seeds]), "l2": []})
    assert ("| .746 | .746 | cannot be told |" in text) == bool(seeds)
    assert "Base minus L2" not in text
