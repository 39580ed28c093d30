"""Tables of the report's recipes in docs/reproduction.md, written from the cards in weights/.

``python -m explanations.documents.recipe_table`` renews them; a test compares.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from explanations.documents.markdown import table
from explanations.evaluation.statistics import Mean
from explanations.source_report.seeds import (
    FEWEST_SEEDS,
    NEAR,
    FigureOverSeeds,
    base_against_l2,
    over_seeds,
)

ROOT = Path(__file__).resolve().parents[2]
PAGE, WEIGHTS = ROOT / "docs" / "reproduction.md", ROOT / "weights"
BEGIN = "<!-- Recipes: written by python -m explanations.documents.recipe_table -->"
END = "<!-- End of the recipes -->"
RECIPES = {"base": "`base`: Adam, dropout .5", "l2": "`l2`: weight decay of 1e-5 as well"}


def read_cards(weights: Path, recipe: str) -> list[Mapping[str, Any]]:
    """Return the recipe's cards in the folder, in the order of their seeds."""
    files = [*weights.glob(f"cifar10-{recipe}.json"), *weights.glob(f"cifar10-{recipe}-s*.json")]
    cards = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    return sorted(cards, key=lambda card: int(card["seed"]))


def block(cards: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the text between the markers, with both, for the cards by recipe."""
    return "\n".join([BEGIN, *_lines(cards), END])


def renewed(page: str, cards: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the page with the tables of these cards."""
    before, _, rest = page.partition(BEGIN)
    return before + block(cards) + rest.partition(END)[2]


def _lines(cards: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for recipe, label in RECIPES.items():
        if not cards[recipe]:
            continue
        seeds = [int(card["seed"]) for card in cards[recipe]]
        heads = [
            "figure",
            "report",
            "mean [95% CI]",
            *(f"seed {seed}" for seed in seeds),
            "reproduced",
        ]
        yield f"Recipe {label}:"
        yield ""
        yield table(heads, (_cells(row, seeds) for row in over_seeds(recipe, cards[recipe])))
        yield ""
    differences = [
        (row.label, _signed(row.printed), _mean(row.difference, _signed))
        for row in base_against_l2(cards["base"], cards["l2"])
        if row.difference
    ]
    if differences:
        yield "Base minus L2, within each seed:"
        yield ""
        yield table(["figure", "report", "mean [95% CI]"], differences)
        yield ""
    yield (
        "A figure counts as reproduced if the prediction interval for a new seed, from at least "
        f"{FEWEST_SEEDS} seeds, is within {_number(NEAR['other'])} (a loss: "
        f"{_number(NEAR['loss'])}) of the values that the report's can stand for, rounded or "
        "truncated."
    )


def _cells(row: FigureOverSeeds, seeds: Sequence[int]) -> list[str]:
    by_seed = [_number(row.by_seed[seed]) for seed in seeds]
    return [row.label, _number(row.printed), _mean(row.mean, _number), *by_seed, row.verdict]


def _mean(mean: Mean, show: Any) -> str:
    if mean.low is None or mean.high is None:
        return str(show(mean.mean))
    return f"{show(mean.mean)} [{show(mean.low)}, {show(mean.high)}]"


def _number(value: float) -> str:
    # Adding zero turns a rounded -0.0 into 0.0.
    text = f"{round(value, 3) + 0:.3f}".replace("-", "−")
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _signed(value: float) -> str:
    return _number(value) if round(value, 3) < 0 else f"+{_number(value)}"


if __name__ == "__main__":
    by_recipe = {recipe: read_cards(WEIGHTS, recipe) for recipe in RECIPES}
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), by_recipe), encoding="utf-8")
