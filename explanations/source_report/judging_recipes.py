"""A function for each claim about the network and its recipes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from statsmodels.stats.proportion import proportion_confint

from explanations.evaluation.statistics import Mean
from explanations.source_report import network_table, seeds, stated
from explanations.source_report.evidence import MISSING, OUTSIDE, Evidence, Judged, not_measured
from explanations.source_report.judging import Judge, only_tested
from explanations.source_report.verdicts import FAILS, HOLDS, OPEN, Line, together
from explanations.source_report.wording import percent

PEOPLE = 0.94
"""Accuracy of a person on CIFAR-10 (Karpathy 2011, who labelled 400 images by hand)."""


def printed(value: float) -> str:
    """Format a figure with the two to four digits that the report prints."""
    return f"{value:.4f}".removesuffix("00")


def beats_people(evidence: Evidence) -> Judged:
    """Return the accuracies to compare with a person's; they do not decide about VGG networks."""
    lines = []
    for key, cards in evidence.cards.items():
        for card in cards[:1]:
            value = accuracy_of(card)
            quantity = f"test accuracy, seed {card['seed']}"
            lines.append(Line(evidence.labels[key], quantity, value))
    if not lines:
        return not_measured()
    return Judged(
        OPEN,
        "The numbers are accuracies on the test images, with Wilson's interval. Karpathy (2011) "
        f"reached {percent(PEOPLE)} by hand on a part of CIFAR-10. The sentence says “often”, of "
        "VGG networks in general, of which only these were measured, on small images. The "
        "numbers are for comparison.",
        lines,
        reason=OUTSIDE,
    )


def accuracy_of(card: Mapping[str, Any]) -> Mean:
    """Compute the test accuracy of a card, with Wilson's 95 % interval over images."""
    confusion = card["evaluation"]["test"]["confusion"]
    right = sum(row[number] for number, row in enumerate(confusion))
    count = sum(map(sum, confusion))
    low, high = proportion_confint(right, count, method="wilson")
    return Mean(right / count, float(low), float(high), count)


def printed_sizes(evidence: Evidence) -> Judged:
    """Judge the sizes that the report prints by the network that it prints."""
    layers = [row.actual for row in network_table.compared()]
    sizes = [f"{size:.2f}" for size in network_table.sizes_mb(layers, 32).values()]
    return Judged(
        FAILS,
        "The same error as in the shapes: these are the sizes for an image of 64 × 64 pixels, "
        "which "
        f"the printed network refuses. At 32 × 32, the size of CIFAR-10, they are "
        f"{', '.join(sizes[:-1])} and "
        f"{sizes[-1]} MB.",
    )


def printed_size(name: str) -> Judge:
    """Return the judge of one of the printed sizes, by its name in the table of sizes."""

    def judge(evidence: Evidence) -> Judged:
        layers = [row.actual for row in network_table.compared()]
        printed, actual = stated.SIZES_MB[name], network_table.sizes_mb(layers, 32)[name]
        if round(actual, 2) == printed:
            return Judged(HOLDS, "It does not depend on the size of the image.")
        return Judged(
            FAILS,
            "The same error as in the shapes: this is the size for an image of 64 × 64 pixels, "
            "which "
            f"the printed network refuses. At 32 × 32, it is {actual:.2f} MB.",
        )

    return judge


def printed_shapes(evidence: Evidence) -> Judged:
    """Judge the shapes of the report's table by the network that it prints."""
    rows = network_table.compared()
    differing = sum(not row.same_shape for row in rows)
    return Judged(
        FAILS,
        "These are the shapes for an image of 64 × 64 pixels. The printed network refuses it: its "
        f"flattening yields {network_table.features(64):,} values, and its first linear layer "
        f"takes {network_table.features(32):,} ({network_table.refusal(64)}). At 32 × 32, the size "
        f"of CIFAR-10, {differing} of {len(rows)} rows have another shape: all modules before the "
        "flattening. Kinds and parameters agree in all rows.",
    )


def sixteen_convolutions(evidence: Evidence) -> Judged:
    """Count the convolutions of the printed network."""
    rows = network_table.compared()
    convolutions = sum(row.printed.name == "Conv2d" for row in rows)
    modules = sum(len(row.printed.shape) == 3 for row in rows)
    return Judged(
        FAILS,
        f"The printed network has {convolutions} convolutions among {modules} modules before the "
        "flattening (6 convolutions, 6 ReLUs, 3 pools). The report itself then lists layers 0 to "
        "14, which are 15. The number 16 fits neither.",
    )


def base_recall_is_accuracy(evidence: Evidence) -> Judged:
    """Judge the first recipe's recall, which its accuracy almost contradicts."""
    judged = recipe_performs("base", "recall")(evidence)
    return replace(
        judged,
        measured=f"{judged.measured} {EQUAL} The printed accuracy is 75 %, so that both can be "
        "right for the same images only if it was truncated instead of rounded (75.5 to 75.99 %). "
        "The report says neither how it rounded nor which images it took.",
    )


def base_accuracy(evidence: Evidence) -> Judged:
    """Judge the first recipe's test accuracy, which its printed recall almost contradicts."""
    judged = recipe_performs("base", "test_accuracy")(evidence)
    remark = (
        " With the printed recall of 0.76, the accuracy was truncated (75.5 to 75.99 %), or is of "
        "other images."
    )
    return replace(judged, measured=f"{judged.measured} {EQUAL}{remark}")


def l2_accuracy(evidence: Evidence) -> Judged:
    """Judge the second recipe's test accuracy, which its printed recall contradicts."""
    return only_tested(recipe_performs("l2", "test_accuracy")(evidence), CONTRADICTION)


EQUAL = (
    "The report names no average of its recall. On the balanced test set, where every class has "
    "1,000 images, macro, weighted and micro recall all equal accuracy."
)
CONTRADICTION = (
    f"{EQUAL} A recall of 0.75 and a test accuracy of 72 % cannot both be right for the same "
    "balanced test set, however they were rounded. Whether one is wrong or they are of different "
    "images, the report does not tell."
)
HELD_OUT = (
    " The report does not say which images its validation set has. Ours is 20 % of the training "
    "images, which is an assumption."
)
ASSUMED = " The report names no average. Ours is over the classes (macro), which is an assumption."


def l2_loss(evidence: Evidence) -> Judged:
    """Judge the second recipe's test loss, which the report prints as the lower one."""
    judged = recipe_performs("l2", "test_loss")(evidence)
    remark = (
        " In the report, this recipe has the lower test accuracy (72 against 75 %) and also the "
        "lower test loss (0.79 against 0.80), which it does not mention. Both are possible "
        "together: a network can be wrong more often and less confident."
    )
    return replace(judged, measured=judged.measured + remark)


def recall_is_accuracy(evidence: Evidence) -> Judged:
    """Judge the second recipe's recall, which its accuracy contradicts."""
    found = [
        (f"{key}, seed {card['seed']}", card["evaluation"]["test"])
        for key, cards in evidence.cards.items()
        for card in cards[:1]
    ]
    ours = "; ".join(
        f"{key}: accuracy {test['accuracy']:.3f}, recall {test['recall']:.3f}"
        for key, test in found
    )
    return only_tested(
        recipe_performs("l2", "recall")(evidence),
        CONTRADICTION + (f" Here, on 10,000 test images: {ours}." if ours else ""),
    )


def recipe_performs(recipe: str, *names: str) -> Judge:
    """Return the judge whether figures of a recipe are the report's, over at least three seeds."""

    def judge(evidence: Evidence) -> Judged:
        cards = evidence.cards.get(recipe, ())
        if not cards:
            return Judged(OPEN, f"There is no card of the recipe {recipe} here.", reason=MISSING)
        figures = [row for row in seeds.over_seeds(recipe, cards) if row.name in names]
        field = names[0].replace(seeds.RUNNING, "train")
        unit = stated.unit_of(recipe, field)
        if not figures:
            return Judged(OPEN, f"The cards of {recipe} have no such figure.", reason=MISSING)
        lines = [
            Line(
                evidence.labels[recipe],
                f"{in_a_sentence(row.label)}, minus the report's {printed(row.printed)}, interval "
                "for a new seed",
                row.next_seed,
                row.mean,
                "mean here",
                row.verdict,
                decimals=4,
                unit="seeds",
            )
            for row in figures
        ]
        return Judged(
            together(lines),
            f"The mean over {_seeds(len(cards))} is judged by the prediction interval for a new "
            "seed, which is wide for so few (rule: “The two recipes” above). The last printed "
            f"digit of the report is worth {unit:g}, so that the printed figure can stand for "
            f"{_stands_for(getattr(stated.RECIPES[recipe], field), unit)}, rounded or truncated. "
            f"{_ours(cards)}"
            + _too_few(len(cards))
            + (ASSUMED if names[0] in ("precision", "f1") else "")
            + (HELD_OUT if names[0].startswith("validation") else ""),
            lines,
            scope=OF_OUR_TRAININGS,
        )

    return judge


OF_OUR_TRAININGS = "with our batch size, split and JPEG copies"
"""Scope of a verdict on a figure of a recipe, whose training the report does not fully describe."""


def _stands_for(figure: float, unit: float) -> str:
    """Return the lowest and the highest value that a printed figure can stand for."""
    digits = round(-math.log10(unit)) + 1
    return f"{figure - unit / 2:.{digits}f} to {figure + unit:.{digits - 1}f}"


def _ours(cards: Sequence[Mapping[str, Any]]) -> str:
    """Say what a training here has that the report does not give."""
    size = cards[0].get("recipe", {}).get("batch_size")
    return (
        f"Ours are trainings {f'with a batch size of {size}' if size else 'with our batch size'} "
        "on JPEG copies, with 20 % of the training images held out. The report, of one run, gives "
        "neither its batch size nor its split, so that a figure that is not reproduced is not "
        "shown to be wrong."
    )


def in_a_sentence(label: str) -> str:
    """Return a figure's label without its capital, which the name F1 keeps."""
    return label if label.startswith("F1") else label[0].lower() + label[1:]


def l2_costs_accuracy(evidence: Evidence) -> Judged:
    """Judge whether the report's second recipe is less accurate than its first, over seeds."""
    rows = seeds.base_against_l2(*(evidence.cards.get(key, ()) for key in ("base", "l2")))
    common = {row.name: row for row in rows if row.difference}
    if not common:
        return Judged(OPEN, "There is no seed of which both recipes have a card.", reason=MISSING)
    lines = []
    for name in ("test_accuracy", "test_loss", "running_accuracy", "train_accuracy"):
        if name not in common:
            continue
        row = common[name]
        assert row.difference is not None  # noqa: S101 - filtered above
        verdict = beyond_zero(row.difference) if name == "test_accuracy" else ""
        quantity = f"{in_a_sentence(row.label)}, base minus l2 (report: {row.printed:+.2f})"
        lines.append(Line("both recipes", quantity, row.difference, verdict=verdict, unit="seeds"))
    count = lines[0].value.n
    trained = common.get("running_accuracy") or common.get("train_accuracy")
    remark = ""
    if trained and trained.difference and trained.difference.high is not None:
        here = trained.difference
        if (here.high or 0) < trained.printed:
            remark = (
                f" In the report, the train accuracy falls by {trained.printed:.2f} with L2. Here "
                f"the whole interval of this difference is below that, so that our {_seeds(count)} "
                "at one batch size show no such fall. That a weight decay of 1e-5 cannot cause it "
                "in another training was not shown. These numbers have no mark."
            )
    return Judged(
        together(lines),
        "A heading, judged by the figures under it. The report prints a lower test accuracy for "
        "this recipe and does not say whether it "
        f"counts. The difference is within {_seeds(count)}, with Student's interval over seeds, "
        "which is wide for so few. A lower accuracy with L2 is a difference above 0."
        + _too_few(count)
        + remark,
        lines,
    )


def beyond_zero(difference: Mean) -> str:
    """Judge the claim that a mean difference over seeds is positive."""
    if difference.low is None or difference.high is None or difference.n < seeds.FEWEST_SEEDS:
        return OPEN
    return HOLDS if difference.low > 0 else FAILS if difference.high < 0 else OPEN


def _seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"


def _too_few(count: int) -> str:
    fewest = seeds.FEWEST_SEEDS
    return f" A verdict needs at least {fewest} seeds." if count < fewest else ""
