"""A function for each claim that numbers can decide. The limits of the rules are stated in words.

Modules are numbered from 0, as in the report's Grad-CAM chapter. Its saliency chapter counts layers
from 1, so that its layers 11 and 12 are the modules 10 and 11.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import rankdata

from explanations.evaluation.statistics import Mean
from explanations.source_report import network_table, seeds
from explanations.source_report.evidence import Evidence, Judged, not_measured
from explanations.source_report.measuring import Numbers
from explanations.source_report.verdicts import (
    FAILS,
    FEW,
    HOLDS,
    MODULES,
    OPEN,
    Line,
    Quantity,
    above,
    below,
    contrast,
    difference,
    entry,
    explained_by_kind,
    over,
    together,
    with_depth,
)

Judge = Callable[[Evidence], Judged]
Rule = Callable[[Mean, float], str]

RANDOM = "random weights"
LAST = len(MODULES) - 1
RESAMPLES = 500
VISIBLE = 0.02
"""Smallest difference of two shares that counts: with 1,000 images, less is significant, too."""


def _lines(
    by_network: Mapping[str, Numbers],
    labels: Mapping[str, str],
    quantity: str,
    value: Quantity,
    rule: Rule | None = None,
    limit: float = 0.0,
    control: Quantity | None = None,
    control_is: str = RANDOM,
    classes: Sequence[str] = (),
) -> list[Line]:
    """Return a line for each network that has the number."""
    lines = []
    for key, numbers in by_network.items():
        mean = over(numbers, value, classes)
        if mean is None:
            continue
        against = over(numbers, control, classes) if control else None
        verdict = rule(mean, limit) if rule else ""
        of_control = rule(against, limit) if rule and against and control_is == RANDOM else ""
        lines.append(
            Line(
                labels[key],
                quantity,
                mean,
                against,
                control_is if against else "",
                verdict,
                of_control,
            )
        )
    return lines


def _judged(measured: str, lines: Sequence[Line]) -> Judged:
    if not lines:
        return not_measured()
    verdict = together(lines)
    compared = [line for line in lines if line.verdict and line.control_verdict]
    if verdict == HOLDS and compared and all(line.control_verdict == HOLDS for line in compared):
        if all(_beyond_control(line) for line in compared):
            measured += " With random weights it holds too, but less strongly."
        else:
            # A pattern that random weights show as well says nothing about what was learned.
            verdict = OPEN
            measured += (
                " Random weights show it as strongly, so it cannot be told from an effect of the "
                "architecture alone."
            )
    return Judged(verdict, measured, lines)


def _beyond_control(line: Line) -> bool:
    """Check whether a number is farther from 0 than its control, with disjoint intervals."""
    value, control = line.value, line.control
    if control is None or None in (value.low, value.high, control.low, control.high):
        return False
    apart = max(value.low or 0, control.low or 0) > min(value.high or 0, control.high or 0)
    return apart and abs(value.mean) > abs(control.mean)


def focus_rises(method: str, modules: Sequence[int], before: Sequence[int]) -> Judge:
    """Return the judge whether maps of some modules are more concentrated than of earlier ones.

    ``method`` is cam or saliency.
    """

    def judge(evidence: Evidence) -> Judged:
        value, control = (
            contrast(f"{who}{method}_blocks", modules, before) for who in ("", "random_")
        )
        name = (
            f"share of the strongest 4 of 16 blocks, modules {_range(modules)} minus "
            f"{_range(before)}"
        )
        return _judged(
            "At the same resolution of 4 x 4 blocks, in each image. More focused would be above "
            f"{VISIBLE}; less cannot be seen.",
            _lines(evidence.depth, evidence.labels, name, value, above, VISIBLE, control),
        )

    return judge


def _range(modules: Sequence[int]) -> str:
    return f"{modules[0]} to {modules[-1]}"


def early_gradcam_is_blurred(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of modules 0 and 1 is spread more evenly than of later modules."""
    value, control = (
        contrast(f"{who}cam_entropy", (0, 1), range(2, LAST)) for who in ("", "random_")
    )
    name = "entropy at modules 0 and 1 minus the mean of 2 to 13"
    return _judged(
        "Relative entropy of Grad-CAM (1: spread evenly) at modules 0 and 1 minus its mean over "
        f"modules 2 to 13, in each image. Blurred would be above {VISIBLE}; less cannot be seen.",
        _lines(evidence.depth, evidence.labels, name, value, above, VISIBLE, control),
    )


def gradcam_focuses(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM concentrates with depth, at the same resolution for all modules."""
    value, control = (with_depth(f"{who}cam_blocks", range(LAST)) for who in ("", "random_"))
    name = "rank correlation of focus and depth"
    lines = _lines(evidence.depth, evidence.labels, name, value, above, 0, control)
    kind = _lines(
        evidence.depth,
        evidence.labels,
        "variance of the entropy explained by the kind of module, minus by depth",
        explained_by_kind,
    )
    return _judged(
        "Focus: share of the map in the strongest 4 of 4 x 4 blocks, which every module has. Its "
        "rank correlation with depth over modules 0 to 13, in each image, would be above 0. The "
        "second number is above 0 where the kind of module (convolution, ReLU, pool) explains more "
        "of the map's entropy than depth does.",
        [*lines, *kind],
    )


def deep_gradcam_covers(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of modules 9 to 13 covers more of the map than before."""
    value, control = (
        contrast(f"{who}cam_half", range(9, LAST), range(9)) for who in ("", "random_")
    )
    name = "share of cells above half of the maximum at modules 9 to 13"
    whole = _lines(
        evidence.depth,
        evidence.labels,
        name,
        contrast_alone("cam_half", range(9, LAST)),
        above,
        0.5,
        contrast_alone("random_cam_half", range(9, LAST)),
    )
    more = _lines(
        evidence.depth, evidence.labels, "the same, minus modules 0 to 8", value, None, 0, control
    )
    return _judged(
        "Share of a map's cells above half of its maximum. “Covering the entire heatmap region” "
        "would be above .5. (“Most intensely focused” and “covering the entire region” exclude "
        "each other.)",
        [*whole, *more],
    )


def contrast_alone(name: str, modules: Sequence[int]) -> Quantity:
    """Return the mean of a number over some modules, within an image."""
    names = [f"{name}:{module}" for module in modules]

    def of_image(values: Mapping[str, float]) -> float | None:
        there = [values[entry] for entry in names if entry in values]
        return sum(there) / len(there) if there else None

    return of_image


def last_gradcam_is_dark(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of the last module is empty, for frogs and for all classes."""
    value, control = (entry(f"{who}cam_empty:{LAST}") for who in ("", "random_"))
    lines: list[Line] = []
    for name, classes in (("frogs", ["frog"]), ("all classes", [])):
        quantity = f"share of dark maps, {name}"
        lines += _lines(
            evidence.depth, evidence.labels, quantity, value, above, 0.5, control, classes=classes
        )
    return _judged(
        "Share of images whose Grad-CAM at module 14 has no positive cell. “Completely dark” as a "
        "rule would be above .5.",
        lines,
    )


def last_gradcam_is_sometimes_dark(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of the last module is ever empty."""
    value, control = (entry(f"{who}cam_empty:{LAST}") for who in ("", "random_"))
    name = "share of dark maps, all classes"
    lines = _lines(evidence.depth, evidence.labels, name, value, above, 0)
    context = _lines(evidence.depth, evidence.labels, f"{name}, random weights", control)
    return _judged(
        "Share of images whose Grad-CAM at module 14 has no positive cell. “Sometimes” would be "
        "above 0.",
        [*lines, *context],
    )


def deep_gradcam_loses_the_place(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of deep modules locates objects worse than of early modules."""
    if not evidence.objects:
        return not_measured()
    value, control = (
        contrast(f"{who}cam_auc", range(9, LAST + 1), range(9)) for who in ("", "random_")
    )
    lines = _lines(
        {"scenes": evidence.objects},
        evidence.labels,
        "pixel AUC of the object, modules 9 to 14 minus 0 to 8",
        value,
        below,
        0,
        control,
    )
    for modules in ((0, 1), (13, 14)):
        lines += _lines(
            {"scenes": evidence.objects},
            evidence.labels,
            f"pixel AUC, modules {modules[0]} and {modules[1]}",
            contrast_alone("cam_auc", modules),
        )
    return _judged(
        "Probability that the enlarged map ranks a pixel of the object above another pixel (.5 by "
        "chance), on the embedded scenes, whose objects are known. Diminishing relevance of the "
        "place would be a difference below 0.",
        lines,
    )


def opposite_baselines(evidence: Evidence) -> Judged:
    """Judge whether two usual baselines contradict each other."""
    lines = _lines(
        evidence.methods,
        evidence.labels,
        "rank correlation, black, white",
        entry("baseline_rank:black, white"),
        below,
        0,
    )
    return _judged(
        "Rank correlation of the maps from black and from white, with signs. Below 0, a pixel that "
        "supports the class by one baseline opposes it by the other.",
        lines,
    )


def early_saliency_is_distributed(evidence: Evidence) -> Judged:
    """Judge whether saliency of the first layers is spread more than that of the later layers."""
    value, control = (
        contrast(f"{who}saliency_blocks", (0, 1), range(2, 12)) for who in ("", "random_")
    )
    name = "share of the strongest 4 of 16 blocks, layers 1 and 2 minus 3 to 12"
    return _judged(
        "At the same resolution of 4 x 4 blocks, in each image. More distributed would be below "
        f"−{VISIBLE}; less cannot be seen.",
        _lines(evidence.depth, evidence.labels, name, value, below, -VISIBLE, control),
    )


def saliency_focuses(evidence: Evidence) -> Judged:
    """Judge whether saliency concentrates with depth, at the same resolution for all modules."""
    value, control = (with_depth(f"{who}saliency_blocks", MODULES) for who in ("", "random_"))
    lines = _lines(
        evidence.depth,
        evidence.labels,
        "rank correlation of focus and depth",
        value,
        above,
        0,
        control,
    )
    for module in (0, LAST):
        lines += _lines(
            evidence.depth,
            evidence.labels,
            f"share of cells above half of the maximum, module {module}",
            entry(f"saliency_half:{module}"),
            None,
            0,
            entry(f"random_saliency_half:{module}"),
        )
    return _judged(
        "Focus: share of the map in the strongest 4 of 4 x 4 blocks. Its rank correlation with "
        "depth over all modules, in each image, would be above 0. For context, the share of cells "
        "above half of the maximum, at each module's own resolution: it would fall.",
        lines,
    )


def last_saliency_is_few_spots(evidence: Evidence) -> Judged:
    """Judge whether saliency of layers 11 and 12 has fewer bright cells than the earlier layers."""
    value, control = (
        contrast(f"{who}saliency_half", (10, 11), range(10)) for who in ("", "random_")
    )
    name = "share of cells above half of the maximum, layers 11 and 12 minus 1 to 10"
    return _judged(
        "Few bright areas would be below 0.",
        _lines(evidence.depth, evidence.labels, name, value, below, 0, control),
    )


def saliency_is_noisy(evidence: Evidence) -> Judged:
    """Judge whether saliency changes when it is averaged over noisy copies of the image."""
    lines = _lines(
        evidence.depth,
        evidence.labels,
        "top tenth of pixels in common with SmoothGrad",
        entry("smoothgrad_top"),
        below,
        0.5,
        lambda _: 0.1,
        "chance",
    )
    lines += _lines(
        evidence.depth,
        evidence.labels,
        "roughness (1: no spatial order)",
        entry("saliency_roughness"),
        None,
        0,
        entry("image_roughness"),
        "the image itself",
    )
    return _judged(
        "SmoothGrad: mean of 8 saliency maps of the image with noise of 15 % of its range. Noisy: "
        "less than half of the strongest tenth of the pixels remains.",
        lines,
    )


def marks_what_counts(key: str, label: str) -> Judge:
    """Return the judge whether hiding a method's pixels lowers the probability more than random
    pixels."""

    def judge(evidence: Evidence) -> Judged:
        # Slow methods are measured on fewer images.
        slow = key in ("deepshap", "lime")
        lines = _lines(
            evidence.methods if slow else evidence.depth,
            evidence.labels,
            f"loss of probability by {label}'s tenth, minus random pixels",
            difference(f"drop:{key}", "drop:random"),
            above,
            0,
            entry("drop:random"),
            "loss by random pixels",
        )
        return _judged(
            "Probability that the class loses when the strongest tenth of the pixels is blurred, "
            "minus its loss by a random tenth. Influential pixels would be above 0.",
            lines,
        )

    return judge


def lime_marks_the_body(evidence: Evidence) -> Judged:
    """Return how much more of LIME's positive weight is on the object than its area."""
    return _on_object(evidence, "lime", "LIME")


def shap_marks_the_object(evidence: Evidence) -> Judged:
    """Return how much more of SHAP's positive values is on the object than its area."""
    return _on_object(evidence, "deepshap", "SHAP")


def _on_object(evidence: Evidence, key: str, label: str) -> Judged:
    if not evidence.objects:
        return not_measured()
    lines = _lines(
        {"scenes": evidence.objects},
        evidence.labels,
        f"share of {label}'s positive values on the object, minus the object's area",
        difference(f"on_object:{key}", "on_object:chance"),
        above,
        0,
        entry("on_object:chance"),
        "the object's area",
    )
    judged = _judged(
        "No set here has masks of faces or bodies, so the claim itself cannot be told. The nearest "
        "measurement is on the embedded scenes, whose objects are known. Above 0: the map prefers "
        "the object.",
        lines,
    )
    return replace(judged, verdict=OPEN)


def lime_highlights_most(evidence: Evidence) -> Judged:
    """Judge whether the outlined patches carry most of the weight."""
    lines = _lines(
        evidence.methods,
        evidence.labels,
        "share of maps in which no patch changes the probability by .05",
        entry("lime_none_matters"),
    )
    lines += _lines(
        evidence.methods,
        evidence.labels,
        "largest change by one patch",
        entry("lime_largest"),
    )
    lines += _lines(
        evidence.methods,
        evidence.labels,
        "share of the weight in the five outlined patches",
        entry("lime_outlined"),
        above,
        0.5,
    )
    return _judged(
        "“Most influential” outlined patches would carry more than half of the absolute weight. "
        "Colours are relative to the picture's largest weight, however small it is.",
        lines,
    )


def lime_is_unstable(evidence: Evidence) -> Judged:
    """Judge whether LIME changes more than saliency with an invisible change of the image."""
    lines = []
    for key, numbers in evidence.methods.items():
        mean = over(numbers, entry("lime_neighbour_rank"))
        saliency = over(evidence.depth.get(key, {}), entry("saliency_neighbour_rank"))
        if mean and saliency and saliency.low is not None:
            name = "rank correlation with the map of an invisibly changed image"
            verdict = below(mean, saliency.low)
            label = evidence.labels[key]
            lines.append(Line(label, name, mean, saliency, "saliency", verdict))
    for name, quantity in (
        ("lime_seed_rank", "rank correlation, the same image with other draws"),
        ("lime_seed_shown", "outlined patches in common, other draws"),
    ):
        lines += _lines(evidence.methods, evidence.labels, quantity, entry(name))
    return _judged(
        "Each value of the image is changed by up to 2 of 255 levels. Unstable: LIME's map changes "
        "more than saliency's, which has neither draws nor patches.",
        lines,
    )


def baseline_matters(evidence: Evidence) -> Judged:
    """Judge whether Integrated Gradients depends on its baseline."""
    lines: list[Line] = []
    for pair in ("black, white", "black, mean", "black, blurred", "mean, blurred"):
        lines += _lines(
            evidence.methods,
            evidence.labels,
            f"rank correlation, {pair}",
            entry(f"baseline_rank:{pair}"),
            below,
            0.7,
        )
    return _judged("Rank correlation of two baselines' maps. Greatly: below .7.", lines)


def background_matters(evidence: Evidence) -> Judged:
    """Judge whether SHAP depends on its background."""
    lines = _lines(
        evidence.methods,
        evidence.labels,
        "distance of the maps, relative to their length",
        entry("background_error"),
        above,
        0.1,
    )
    lines += _lines(evidence.methods, evidence.labels, "rank correlation", entry("background_rank"))
    return _judged(
        "Two backgrounds of 100 training images without common images. Sensitive: a distance above "
        "a tenth of the maps' length.",
        lines,
    )


def trust_rises(evidence: Evidence) -> Judged:
    """Judge whether explanations raise trust: only people can tell."""
    if evidence.study is None:
        return Judged(OPEN, "No results of a study were given.")
    simulated = evidence.study.get("simulated", True)
    source = "synthetic participants, whose effects were planted" if simulated else "participants"
    return Judged(
        OPEN,
        f"A study with {source}, shown above. Synthetic people cannot tell whether explanations "
        "raise people's trust. The platform runs the study with real people and makes this "
        "comparison.",
    )


def printed_sizes(evidence: Evidence) -> Judged:
    """Judge the sizes that the report prints by the network that it prints."""
    refusal = network_table.refusal(64)
    rows = network_table.compared()
    differing = sum(not row.same_shape for row in rows)
    return Judged(
        FAILS,
        f"These are the sizes for an image of 64 x 64 pixels. The printed network refuses it: its "
        f"flattening yields {network_table.features(64):,} values, its first linear layer takes "
        f"{network_table.features(32):,} ({refusal}). At 32 x 32, "
        "the size of CIFAR-10, the sizes are .01, 3.77, 24.42 and 28.19 MB, and "
        f"{differing} of {len(rows)} rows have another shape (the {differing} modules before the "
        "flattening). Kinds and parameters agree in all rows.",
    )


def sixteen_convolutions(evidence: Evidence) -> Judged:
    """Count the convolutions of the printed network."""
    rows = network_table.compared()
    convolutions = sum(row.printed.name == "Conv2d" for row in rows)
    modules = sum(len(row.printed.shape) == 3 for row in rows)
    return Judged(
        FAILS,
        f"The printed network has {convolutions} convolutions among {modules} modules before the "
        "flattening (6 convolutions, 6 ReLUs, 3 pools). The report shows modules 0 to 14.",
    )


def recall_is_accuracy(evidence: Evidence) -> Judged:
    """Compare macro recall with accuracy, which are equal on a balanced test set."""
    found = [
        (key, card["evaluation"]["test"])
        for key, cards in evidence.cards.items()
        for card in cards[:1]
    ]
    ours = "; ".join(
        f"{key}: accuracy {test['accuracy']:.3f}, recall {test['recall']:.3f}"
        for key, test in found
    )
    return Judged(
        FAILS,
        "On the balanced test set, every class has 1,000 images, so macro recall equals accuracy. "
        "A recall of .75 contradicts a test accuracy of 72 %. "
        + (f"Here, on 10,000 test images: {ours}." if ours else ""),
    )


def recipe_performs(recipe: str, *names: str) -> Judge:
    """Return the judge whether figures of a recipe are the report's, over at least three seeds."""

    def judge(evidence: Evidence) -> Judged:
        cards = evidence.cards.get(recipe, ())
        if not cards:
            return Judged(OPEN, f"There is no card of the recipe {recipe} on this machine.")
        figures = [row for row in seeds.over_seeds(recipe, cards) if row.name in names]
        if not figures:
            return Judged(OPEN, f"The cards of the recipe {recipe} have no such figure.")
        lines = [
            Line(
                evidence.labels[recipe],
                f"{row.label}, minus the report's {row.printed:.2f}",
                row.off,
                row.mean,
                "here",
                row.verdict,
            )
            for row in figures
        ]
        return Judged(
            together(lines),
            f"Mean over {_seeds(len(cards))}, on JPEG copies of CIFAR-10. Reproduced: the whole "
            f"interval over seeds within {seeds.NEAR['other']} of the report's figure, or within "
            f"{seeds.NEAR['loss']} for a loss." + _too_few(len(cards)),
            lines,
        )

    return judge


def l2_costs_accuracy(evidence: Evidence) -> Judged:
    """Judge whether the report's second recipe is less accurate than its first, over seeds."""
    rows = seeds.base_against_l2(*(evidence.cards.get(key, ()) for key in ("base", "l2")))
    common = {row.name: row for row in rows if row.difference}
    if not common:
        return Judged(OPEN, "There is no seed of which both recipes have a card.")
    lines = []
    for name in ("test_accuracy", "test_loss", "running_accuracy", "train_accuracy"):
        if name not in common:
            continue
        row = common[name]
        assert row.difference is not None  # noqa: S101 - filtered above
        verdict = beyond_zero(row.difference) if name == "test_accuracy" else ""
        quantity = f"{row.label.lower()}, base minus L2 (report: {row.printed:+.2f})"
        lines.append(Line("both recipes", quantity, row.difference, verdict=verdict))
    count = lines[0].value.n
    return Judged(
        together(lines),
        "The report prints a lower test accuracy for this recipe and does not say whether it "
        f"counts. Difference within {_seeds(count)}, with Student's interval over seeds. A lower "
        "accuracy with L2 would be above 0." + _too_few(count),
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


def held(sentence: str) -> Judge:
    """Return the judge of a claim that is true by construction, with the reason."""
    return lambda _: Judged(HOLDS, sentence)


def failed(sentence: str) -> Judge:
    """Return the judge of a claim that is false by construction, with the reason."""
    return lambda _: Judged(FAILS, sentence)


def unknown(sentence: str) -> Judge:
    """Return the judge of a claim that this page cannot decide, with the reason."""
    return lambda _: Judged(OPEN, sentence)


def lime_costs_most(evidence: Evidence) -> Judged:
    """Judge whether a LIME map takes longer than a map of every other method, in each image."""
    others = ("gradcam", "saliency", "integrated_gradients", "deepshap")
    lines: list[Line] = []
    for method in (*others, "lime"):
        lines += _lines(
            evidence.methods, evidence.labels, f"milliseconds, {method}", entry(f"ms:{method}")
        )

    def beyond(values: Mapping[str, float]) -> float | None:
        times = [values[f"ms:{method}"] for method in others if f"ms:{method}" in values]
        return values["ms:lime"] - max(times) if times and "ms:lime" in values else None

    name = "milliseconds, lime minus the slowest other method"
    lines += _lines(evidence.methods, evidence.labels, name, beyond, above, 0)
    return _judged(
        "Milliseconds of processor time for one map on its own. Intensive: LIME takes longer than "
        "every other method.",
        lines,
    )


def ig_beats_random(evidence: Evidence) -> Judged:
    """Judge whether the pixels of Integrated Gradients from black count more than random pixels."""
    lines: list[Line] = []
    for baseline in ("black", "blurred"):
        lines += _lines(
            evidence.methods,
            evidence.labels,
            f"loss of probability by the tenth from {baseline}, minus random pixels",
            difference(f"drop:integrated_gradients:{baseline}", "drop:random"),
            above if baseline == "black" else None,
            0,
            entry("drop:random"),
            "loss by random pixels",
        )
    return _judged(
        "Probability that the class loses when the strongest tenth of the pixels is blurred, minus "
        "its loss by a random tenth. Crucial pixels would be above 0. The report names no "
        "baseline; black is the usual one, and its map is judged. The blurred image is shown for "
        "comparison. docs/evaluation.md measures whole deletion curves.",
        lines,
    )


def maps_tell_errors(evidence: Evidence) -> Judged:
    """Judge whether the spread of a map differs between right and wrong predictions."""
    lines: list[Line] = []
    for key, numbers in evidence.depth.items():
        images = [values for of_class in numbers.values() for values in of_class]
        for name, label in (("cam_entropy:13", "Grad-CAM"), ("saliency_roughness", "saliency")):
            sides = [
                [v[name] for v in images if v.get("right") == right and name in v]
                for right in (1.0, 0.0)
            ]
            if min(map(len, sides)) < FEW:
                continue
            mean = area_between(*sides)
            quantity = f"chance that {label}'s spread tells a wrong from a right prediction"
            lines.append(Line(evidence.labels[key], quantity, mean, None, "", above(mean, 0.7)))
    if evidence.depth and not lines:
        return Judged(OPEN, f"There are fewer than {FEW} wrong predictions among the images.")
    return _judged(
        "Probability that a wrong prediction's map is more spread (or less, whichever tells more) "
        "than a right one's; by chance .5. Pinpointing errors would be above .7. Whether people "
        "find errors with a map is measured by the study.",
        lines,
    )


def classes_differ(evidence: Evidence) -> Judged:
    """Say which part of the claim needs no explanation, and what maps add."""
    found = [
        f"{key}: recall from {min(recalls):.2f} to {max(recalls):.2f}"
        for key, cards in evidence.cards.items()
        for recalls in [recall_by_class(card) for card in cards[:1]]
    ]
    return Judged(
        OPEN,
        "Differences between classes are found without any explanation: "
        + ("; ".join(found) if found else "no card is on this machine")
        + ". CIFAR-10 has no groups of people, and no map was needed; the tables below add the "
        "maps' faithfulness by class.",
    )


def recall_by_class(card: Mapping[str, Any]) -> list[float]:
    """Compute each class's recall on the test images from the card's confusion matrix."""
    confusion = card["evaluation"]["test"]["confusion"]
    return [row[number] / sum(row) for number, row in enumerate(confusion)]


def area_between(right: Sequence[float], wrong: Sequence[float]) -> Mean:
    """Compute the area under the ROC curve, at least .5, with its bootstrap interval."""
    generator = np.random.default_rng(0)
    value = _auc(right, wrong)
    sign = 1 if value >= 0.5 else -1
    drawn = [
        _auc(*(list(generator.choice(side, len(side))) for side in (right, wrong)))
        for _ in range(RESAMPLES)
    ]
    sides = 0.5 + sign * (np.array([value, *np.quantile(drawn, [0.025, 0.975])]) - 0.5)
    return Mean(
        float(sides[0]), float(min(sides[1:])), float(max(sides[1:])), len(right) + len(wrong)
    )


def _auc(right: Sequence[float], wrong: Sequence[float]) -> float:
    ranks = rankdata([*right, *wrong])[len(right) :]
    return float((ranks.sum() - len(wrong) * (len(wrong) + 1) / 2) / (len(right) * len(wrong)))
