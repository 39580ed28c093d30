"""A function for each claim about Grad-CAM and saliency that numbers can decide.

Modules are numbered from 0, as in the report's Grad-CAM chapter. Its saliency chapter counts layers
from 1, so that its layers 11 and 12 are the modules 10 and 11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from explanations.evaluation.resumable_lines import Values
from explanations.source_report.evidence import Evidence, Judged, not_measured
from explanations.source_report.fairness import quality_by_class
from explanations.source_report.judging import (
    LAST,
    VISIBLE,
    Judge,
    judged_by,
    lines_of,
    marks_what_counts,
    only_tested,
)
from explanations.source_report.numbers import SPREADS
from explanations.source_report.verdicts import (
    FAILS,
    HOLDS,
    OPEN,
    Line,
    Quantity,
    above,
    at_module,
    below,
    contrast,
    contrast_by_kind,
    difference,
    either_side,
    entry,
    explained_by_kind,
    with_depth,
)


def gradcam_localises(evidence: Evidence) -> Judged:
    """Judge whether the usual layer's Grad-CAM marks pixels that count, and name its classes."""
    judged = marks_what_counts("gradcam", "Grad-CAM")(evidence)
    if not judged.lines:
        return judged
    remark = USUAL_LAYER
    for key, numbers in evidence.depth.items():
        rows = quality_by_class(numbers, "gradcam")
        unclear = [row.class_name for row in rows if (row.value.low or 0) <= 0]
        if rows:
            remark += (
                f" By class, against random pixels ({evidence.labels[key]}): in "
                f"{len(unclear)} of {len(rows)} classes the interval includes 0"
                + (f" ({', '.join(unclear)})." if unclear else ".")
            )
    remark += " “Fairness” at the end has the table by class."
    return replace(judged, measured=judged.measured + remark)


USUAL_LAYER = " Measured for the usual layer only, module 13, the last ReLU."


def gradcam_of_frogs(evidence: Evidence) -> Judged:
    """Return how much the pixels of Grad-CAM count on frogs; it stays open for all layers."""
    judged = marks_what_counts("gradcam", "Grad-CAM", ("frog",), most=True)(evidence)
    return only_tested(
        judged, f"The sentence is about the maps of all layers.{USUAL_LAYER}".replace("..", ".")
    )


def focus_rises(method: str, modules: Sequence[int], before: Sequence[int]) -> Judge:
    """Return the judge whether maps of some modules are more concentrated than of earlier ones.

    ``method`` is cam or saliency.
    """

    def judge(evidence: Evidence) -> Judged:
        def contrasted(who: str) -> Quantity:
            return contrast_by_kind(f"{who}{method}_blocks", modules, before)

        name = (
            f"share of the strongest 4 of 16 blocks, modules {_range(modules)} minus "
            f"{_range(before)}, kind by kind"
        )
        return judged_by(
            "At the same resolution of 4 × 4 blocks, in each image, convolutions compared with "
            "convolutions and ReLUs with ReLUs. More focused would be above "
            f"{VISIBLE}; smaller differences do not count.",
            lines_of(
                evidence.depth,
                evidence.labels,
                name,
                contrasted(""),
                above,
                VISIBLE,
                untrained=contrasted,
            ),
        )

    return judge


def _range(modules: Sequence[int]) -> str:
    return f"{modules[0]} to {modules[-1]}"


def early_gradcam_is_blurred(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of modules 0 and 1 is spread more evenly than of later modules."""

    def contrasted(who: str) -> Quantity:
        return contrast_by_kind(f"{who}cam_entropy", (0, 1), range(2, LAST))

    name = "entropy at modules 0 and 1 minus the mean of 2 to 13, kind by kind"
    return judged_by(
        "Normalised entropy of Grad-CAM (1: spread evenly) at modules 0 and 1 minus its mean over "
        "the convolutions and ReLUs of modules 2 to 13, in each image. Blurred would be above "
        f"{VISIBLE}; smaller differences do not count.",
        lines_of(
            evidence.depth,
            evidence.labels,
            name,
            contrasted(""),
            above,
            VISIBLE,
            untrained=contrasted,
        ),
    )


def gradcam_focuses(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM concentrates with depth, at the same resolution for all modules."""

    def correlated(who: str) -> Quantity:
        return with_depth(f"{who}cam_blocks", range(LAST))

    lines = lines_of(
        evidence.depth,
        evidence.labels,
        "rank correlation of focus and depth",
        correlated(""),
        above,
        untrained=correlated,
    )
    kind = lines_of(
        evidence.depth,
        evidence.labels,
        "variance of the entropy explained by the kind of module, minus by depth",
        explained_by_kind,
    )
    return judged_by(
        "Focus: share of the map in the strongest 4 of 4 × 4 blocks, which every module has. Its "
        "rank correlation with depth over modules 0 to 13, in each image, would be above 0. The "
        "second number is above 0 where the kind of module (convolution, ReLU, pool) explains more "
        "of the map's entropy than depth does.",
        [*lines, *kind],
    )


def deep_gradcam_covers(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of modules 9 to 13 covers more of the map than before."""

    def alone(who: str) -> Quantity:
        return contrast_alone(f"{who}cam_half", range(9, LAST))

    def contrasted(who: str) -> Quantity:
        return contrast(f"{who}cam_half", range(9, LAST), range(9))

    whole = lines_of(
        evidence.depth,
        evidence.labels,
        "share of cells above half of the maximum at modules 9 to 13",
        alone(""),
        above,
        0.5,
        untrained=alone,
    )
    more = lines_of(
        evidence.depth,
        evidence.labels,
        "share of cells above half of the maximum, modules 9 to 13 minus 0 to 8",
        contrasted(""),
        untrained=contrasted,
    )
    return judged_by(
        "Share of a map's cells above half of its maximum. “Covering the entire heatmap region” "
        "would be above 0.5. (“Most intensely focused” and “covering the entire region” exclude "
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
    lines: list[Line] = []
    for name, classes in (("frogs", ["frog"]), ("all classes", [])):
        lines += lines_of(
            evidence.depth,
            evidence.labels,
            f"share of dark maps, {name}",
            _dark(""),
            above,
            0.5,
            classes=classes,
            untrained=_dark,
        )
    return judged_by(
        "Share of images whose Grad-CAM at module 14 has no positive cell. “Completely dark” as a "
        "rule would be above 0.5.",
        lines,
    )


def darkness_is_learned(evidence: Evidence) -> Judged:
    """Compare how often Grad-CAM of the last module is empty with and without training.

    It stays open: no measure says how abstract a feature is.
    """
    lines = lines_of(
        evidence.depth,
        evidence.labels,
        "share of dark maps at module 14",
        _dark(""),
        untrained=_dark,
    )
    judged = judged_by(
        "A map is dark if the weighted sum of the channels is negative in every cell, which "
        "Grad-CAM's ReLU sets to 0. If learned abstraction were the cause, trained networks would "
        "have more dark maps than networks with random weights, which have learned nothing: an "
        "interval above that of a new draw. Only how often maps are dark was compared, not how "
        "abstract a feature is.",
        [replace(line, verdict=_more_than_untrained(line)) for line in lines],
    )
    return replace(judged, verdict=OPEN)


def _dark(who: str) -> Quantity:
    return entry(f"{who}cam_empty:{LAST}")


def _more_than_untrained(line: Line) -> str:
    """Judge whether a number exceeds that of a new draw of random weights, by their intervals."""
    control = line.control
    if control is None or control.low is None or control.high is None:
        return OPEN
    if above(line.value, control.high) == HOLDS:
        return HOLDS
    return FAILS if below(line.value, control.low) == HOLDS else OPEN


def deep_gradcam_is_most_focused(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of modules 9 to 13 is more concentrated than before."""
    judged = focus_rises("cam", range(9, LAST), range(9))(evidence)
    remark = " Where a map is does not show whether it marks the texture of a body."
    return replace(judged, measured=judged.measured + remark)


def last_gradcam_is_sometimes_dark(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of the last module is ever empty, whatever the reason."""
    lines = lines_of(
        evidence.depth,
        evidence.labels,
        "share of dark maps, all classes",
        _dark(""),
        above,
        untrained=_dark,
        against_draws=False,
    )
    return judged_by(
        "Share of images whose Grad-CAM at module 14 has no positive cell, so that it highlights "
        "nothing. “Sometimes” would be above 0. The sentence is about the method, so that random "
        "weights, which have such maps, too, do not count against it. Of similar techniques, "
        "nothing was measured.",
        lines,
    )


def deep_gradcam_loses_the_place(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of deep modules locates objects worse than of early modules."""
    if not evidence.objects:
        return not_measured()

    def contrasted(who: str) -> Quantity:
        return contrast(f"{who}cam_auc", range(9, LAST + 1), range(9))

    lines = lines_of(
        {"scenes": evidence.objects},
        evidence.labels,
        "pixel AUC of the object in synthetic scenes, modules 9 to 14 minus 0 to 8",
        contrasted(""),
        below,
        untrained=contrasted,
    )
    for modules in ((0, 1), (13, 14)):
        lines += lines_of(
            {"scenes": evidence.objects},
            evidence.labels,
            f"pixel AUC, modules {modules[0]} and {modules[1]}",
            contrast_alone("cam_auc", modules),
        )
    judged = judged_by(
        "Probability that the enlarged map ranks a pixel of the object above another pixel (0.5 by "
        "chance), on synthetic scenes drawn by this project, whose objects are known. Diminishing "
        "relevance of the place would be a difference below 0.",
        lines,
    )
    return only_tested(
        judged,
        "The sentence is about deep layers in general and says “may”. One network on one kind of "
        "synthetic image cannot decide it, and a map of the centre and a rotated map were not "
        "compared.",
    )


def early_saliency_is_distributed(evidence: Evidence) -> Judged:
    """Judge whether saliency of the first layers is spread more than that of the later layers."""

    def contrasted(who: str) -> Quantity:
        return contrast_by_kind(f"{who}saliency_blocks", (0, 1), range(2, 12))

    name = "share of the strongest 4 of 16 blocks, layers 1 and 2 minus 3 to 12, kind by kind"
    return judged_by(
        "At the same resolution of 4 × 4 blocks, in each image, convolutions compared with "
        "convolutions and ReLUs with ReLUs. More distributed would be below "
        f"−{VISIBLE}; smaller differences do not count.",
        lines_of(
            evidence.depth,
            evidence.labels,
            name,
            contrasted(""),
            below,
            -VISIBLE,
            untrained=contrasted,
        ),
    )


def saliency_focuses(evidence: Evidence) -> Judged:
    """Judge whether saliency's focus changes with depth in the layers 1 to 12, in any direction."""

    def correlated(who: str) -> Quantity:
        return with_depth(f"{who}saliency_blocks", range(12))

    lines = lines_of(
        evidence.depth,
        evidence.labels,
        "rank correlation of focus and depth",
        correlated(""),
        either_side,
        untrained=correlated,
    )
    for module in (0, LAST):
        lines += lines_of(
            evidence.depth,
            evidence.labels,
            f"share of cells above half of the maximum, module {module}",
            entry(f"saliency_half:{module}"),
            untrained=at_module("saliency_half", module),
        )
    return judged_by(
        "Focus: share of the map in the strongest 4 of 4 × 4 blocks. A progression in either "
        "direction: its rank correlation with depth over the modules 0 to 11, in each image, is "
        "not 0. Below 0, deeper maps are less focused; the rows below judge the direction that the "
        "report describes. For context, the share of cells above half of the maximum, at each "
        "module's own resolution.",
        lines,
    )


def saliency_of_trucks(evidence: Evidence) -> Judged:
    """Return how much the pixels of saliency count on trucks; it stays open for the layers."""
    judged = marks_what_counts("saliency", "saliency", ("truck",))(evidence)
    remark = (
        " Only the map of the image was tested in this way, not the maps of layers, about which "
        "the sentence is."
    )
    return replace(judged, verdict=OPEN, measured=judged.measured + remark)


def last_saliency_is_few_spots(evidence: Evidence) -> Judged:
    """Judge whether saliency of layers 11 and 12 has fewer bright cells than the earlier layers."""

    def contrasted(who: str) -> Quantity:
        return contrast(f"{who}saliency_half", (10, 11), range(10))

    name = "share of cells above half of the maximum, layers 11 and 12 minus 1 to 10"
    return judged_by(
        "A few bright areas: fewer cells above half of the maximum than in the earlier layers, "
        "that is, below 0. Each layer has its own resolution here, from 32 × 32 to 8 × 8 cells.",
        lines_of(
            evidence.depth,
            evidence.labels,
            name,
            contrasted(""),
            below,
            untrained=contrasted,
        ),
    )


def saliency_is_noisy(evidence: Evidence) -> Judged:
    """Judge whether saliency differs from its average over noisy copies of the image by more than
    two such averages differ, and also where the noise changes no prediction."""
    lines: list[Line] = []
    for noise in SPREADS:
        smooth, again = (entry(f"smoothgrad_{name}:{noise}") for name in ("top", "again_top"))
        amount = f"noise of {noise}\N{NO-BREAK SPACE}%"
        still = f"{amount}, images of which it changes no prediction"
        for images, chosen in ((amount, None), (still, noise)):
            lines += lines_of(
                evidence.depth,
                evidence.labels,
                f"top tenth of pixels in common with SmoothGrad, {images}",
                _undisturbed(smooth, chosen),
                below,
                0.5,
                _undisturbed(again, chosen),
                "two SmoothGrad maps of other noise",
            )
        lines += lines_of(
            evidence.depth,
            evidence.labels,
            f"in common of two SmoothGrad maps, minus of saliency and one, {amount}",
            difference(f"smoothgrad_again_top:{noise}", f"smoothgrad_top:{noise}"),
            above,
            VISIBLE,
        )
        lines += lines_of(
            evidence.depth,
            evidence.labels,
            f"share of the noisy copies with another prediction, {amount}",
            entry(f"noise_changes:{noise}"),
        )
    lines += lines_of(
        evidence.depth,
        evidence.labels,
        "top tenth in common with the map of an invisibly changed image",
        entry("saliency_neighbour_top"),
    )
    return judged_by(
        "SmoothGrad: mean of 8 saliency maps of the image with noise, of 5 or 15 % of the image's "
        "range. Noisy: less than half of the strongest tenth of the pixels is also SmoothGrad's "
        f"(0.1 by chance), and two SmoothGrad maps of other noise have more in common, by over "
        f"{VISIBLE}, so that the difference is not only SmoothGrad's own. Both have to be so for "
        "both amounts of noise, and the first also on images whose prediction none of 16 noisy "
        "copies changes, because noise may move the network instead of the map. For context, an "
        "invisible change of each value by up to 2 of 255 levels.",
        lines,
    )


def saliency_is_sometimes_noisy(evidence: Evidence) -> Judged:
    """Judge the same as ``saliency_is_noisy``, without its context."""
    judged = saliency_is_noisy(evidence)
    if not judged.lines:
        return judged
    return replace(
        judged,
        measured="The rule is that of the row “they can be very noisy” above, which also has the "
        "context. Whether a map is misleading was not measured.",
        lines=[line for line in judged.lines if line.verdict],
    )


def _undisturbed(quantity: Quantity, noise: str | None) -> Quantity:
    """Return the quantity of images whose prediction no copy with this noise changes."""

    def of_image(values: Values) -> float | None:
        moved = noise is not None and values.get(f"noise_changes:{noise}", 0) > 0
        return None if moved else quantity(values)

    return of_image
