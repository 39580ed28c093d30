"""A function for each claim about Grad-CAM and saliency that numbers can decide.

Modules are numbered from 0, as in the report's Grad-CAM chapter. Its saliency chapter has layers 1
to 12 and does not say how it counts, so that its sentences are judged under each of ``COUNTS``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from explanations.evaluation.resumable_lines import Values
from explanations.source_report.evidence import Evidence, Judged, not_measured
from explanations.source_report.fairness import quality_by_class
from explanations.source_report.judging import (
    LAST,
    LATE,
    MOST,
    VISIBLE,
    Judge,
    Rule,
    judged_by,
    lines_by_kind,
    lines_of,
    marks_what_counts,
    of_our_images,
    only_tested,
    possible,
)
from explanations.source_report.measuring import Numbers
from explanations.source_report.numbers import SPREADS
from explanations.source_report.verdicts import (
    FAILS,
    HOLDS,
    KINDS,
    MODULES,
    NAMES_OF_KINDS,
    OPEN,
    Line,
    Quantity,
    above,
    at_module,
    below,
    contrast,
    difference,
    either_side,
    entry,
    explained_by_kind,
    kinds_in,
    named,
    together,
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
    remark += (
        " “Fairness” at the end has the table by class. “Effectiveness” is judged as this "
        "localising alone (rule “Effective” at the top)."
    )
    return replace(judged, measured=judged.measured + remark)


USUAL_LAYER = " Only the usual layer was measured, module 13, the last ReLU."


def gradcam_of_frogs(evidence: Evidence) -> Judged:
    """Return how much the pixels of Grad-CAM count on frogs; it stays open for all layers."""
    judged = marks_what_counts("gradcam", "Grad-CAM", ("frog",), rule=MOST)(evidence)
    return only_tested(judged, f"The sentence is about the maps of all layers.{USUAL_LAYER}")


def focus_rises(method: str, modules: Sequence[int], before: Sequence[int]) -> Judge:
    """Return the judge whether maps of some modules are more concentrated than of earlier ones.

    ``method`` is cam or saliency.
    """

    def judge(evidence: Evidence) -> Judged:
        lines = lines_by_kind(
            evidence, BLOCKS[method], f"{method}_blocks", modules, before, above, VISIBLE
        )
        rule = (
            f"{_at_one_resolution(modules, before)} More focused is a difference above {VISIBLE}. "
            f"A smaller one does not count, also in the report's direction.{_by_the_limit(lines)}"
        )
        return of_our_images(judged_by(rule, lines))

    return judge


METHODS = {"cam": "Grad-CAM", "saliency": "saliency"}
"""Names of the methods whose numbers the measurements call by a shorter name."""
BLOCKS = {
    key: f"{method}: share of the map in the strongest 4 of 16 blocks"
    for key, method in METHODS.items()
}
HALF = {
    key: f"{method}: share of cells above half of the maximum" for key, method in METHODS.items()
}
SAME_BLOCKS = (
    "The maps are summed in the same 16 blocks, each of 8 × 8 pixels of the image, whatever their "
    "own resolution. Each kind of module is compared with the same kind, and has its own number."
)


def _at_one_resolution(modules: Sequence[int], others: Sequence[int]) -> str:
    """Say which modules are compared, and that their maps have the same resolution."""
    compared = kinds_in(modules, others)
    alone = [m for m in (*modules, *others) if KINDS[m] not in compared]
    left_out = (
        f" Left out, because the other side has none of the kind: "
        f"{_and(f'{NAMES_OF_KINDS[KINDS[m]]} {m}' for m in alone)}."
        if alone
        else ""
    )
    return SAME_BLOCKS + left_out


COUNTS = (
    tuple(range(12)),
    tuple(range(1, 13)),
    tuple(module for module in MODULES if KINDS[module] != "Pool"),
)
"""Modules that layers 1 to 12 of the report's saliency chapter can be: the modules counted from 1,
the modules with these numbers, and the six convolutions with their ReLUs, without the pools."""
COUNTED = (
    "The report does not say how its saliency chapter counts layers. Layers 1 to 12 can be the "
    "modules 0 to 11, the modules 1 to 12, or the 6 convolutions and 6 ReLUs without the pools. "
    "That one of these is meant is an assumption; the sentence is judged under all three, and has "
    "a verdict only if all agree."
)
COUNT_NAMES = ("modules 0 to 11", "modules 1 to 12", "without the pools")
"""Short name of each of ``COUNTS``."""


def saliency_focuses_more(layers: Sequence[int], before: Sequence[int]) -> Judge:
    """Return the judge whether saliency of some layers is more concentrated than of earlier ones,
    however the report counts its layers from 1."""

    def judge(evidence: Evidence) -> Judged:
        what = BLOCKS["saliency"]
        lines = _of_layers(evidence, what, "saliency_blocks", layers, before, above, VISIBLE)
        rule = (
            f"{_counted(layers, before)} {SAME_BLOCKS} More focused is a difference above "
            f"{VISIBLE}. A smaller one does not count, also in the report's direction."
            f"{_small_differences(evidence, lines)}{_by_the_limit(lines)}"
        )
        return of_our_images(judged_by(rule, lines))

    return judge


def _counted(layers: Sequence[int], others: Sequence[int]) -> str:
    """Say how layers are counted, and which modules each count leaves out."""
    left_out = []
    for modules, name in zip(COUNTS, COUNT_NAMES, strict=True):
        some, rest = ([modules[layer - 1] for layer in side] for side in (layers, others))
        compared = kinds_in(some, rest)
        alone = [m for m in (*rest, *some) if KINDS[m] not in compared]
        if alone:
            of_count = _and(f"{NAMES_OF_KINDS[KINDS[m]]} {m}" for m in alone)
            left_out.append(f"{of_count} (count “{name}”)")
    remark = f" Left out, because the other side has none of the kind: {'; '.join(left_out)}."
    return COUNTED + (remark if left_out else "")


def _small_differences(evidence: Evidence, lines: Sequence[Line]) -> str:
    """Count the differences in the report's direction that are too small to count, and say how much
    saliency's focus differs between modules at all."""
    small = [line for line in lines if (line.value.low or 0) > 0 and line.verdict != HOLDS]
    if not small:
        return ""
    beyond = sum(_more_than_untrained(line) == HOLDS for line in small)
    ranges = []
    for key, numbers in evidence.depth.items():
        means = _plain_means(numbers, "saliency_blocks")
        if means:
            label = evidence.labels[key]
            ranges.append(f"from {min(means):.2f} to {max(means):.2f} ({label})")
    return (
        f" {len(small)} of the {len(lines)} numbers are in the report's direction, with their "
        f"whole interval above 0, but do not pass; {beyond} of them exceed a new draw of random "
        f"weights. Saliency's mean focus at a module goes {' and '.join(ranges)}, so that "
        f"{VISIBLE} is a large part of its range."
    )


def _by_the_limit(lines: Sequence[Line]) -> str:
    """Say if the sentence fails only by the limit ``VISIBLE``, and would not with a limit of 0."""
    if together(lines) != FAILS:
        return ""
    marks = [above(line.value, 0) for line in lines]
    if marks.count(FAILS) == len(marks):
        return ""
    return (
        f" The verdict depends on this limit: with a limit of 0, {marks.count(HOLDS)} of the "
        f"{len(marks)} numbers would pass and {marks.count(FAILS)} would fail, so that the "
        f"sentence would not be refuted. The limit of {VISIBLE} is the same for all rows on focus "
        "and was set after the first complete run."
    )


def _plain_means(numbers: Numbers, name: str) -> list[float]:
    """Return the mean of a number at each module that has it, without intervals."""
    images = [image for of_class in numbers.values() for image in of_class]
    found = ([v[key] for v in images if key in v] for key in (f"{name}:{m}" for m in MODULES))
    return [sum(values) / len(values) for values in found if values]


def _of_layers(
    evidence: Evidence,
    what: str,
    name: str,
    layers: Sequence[int],
    others: Sequence[int],
    rule: Rule | None,
    limit: float = 0.0,
) -> list[Line]:
    """Return the lines of ``lines_by_kind`` for layers of the report, under each of ``COUNTS``."""
    lines: dict[tuple[str, str], Line] = {}
    for modules in COUNTS:
        some, rest = ([modules[layer - 1] for layer in side] for side in (layers, others))
        for line in lines_by_kind(evidence, what, name, some, rest, rule, limit):
            lines.setdefault((line.quantity, line.network), line)
    return list(lines.values())


def _and(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def early_gradcam_is_blurred(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of modules 0 and 1 is spread more evenly than of later modules."""
    early, later = (0, 1), range(2, LAST)
    lines = lines_by_kind(evidence, BLOCKS["cam"], "cam_blocks", early, later, below, -VISIBLE)
    lines += lines_by_kind(
        evidence,
        "Grad-CAM: relative entropy at the module's own resolution",
        "cam_entropy",
        early,
        later,
        None,
    )
    return of_our_images(
        judged_by(
            f"{_at_one_resolution(early, later)} Measured was how spread the maps are: more "
            f"blurred is taken as a difference below −{VISIBLE}. How sharp they are was not "
            "measured, and a map can be spread and sharp. The relative entropy is shown for "
            "comparison. It is divided by the logarithm of the number of cells, but still "
            "compares maps of 32 × 32 cells with maps of 8 × 8.",
            lines,
        )
    )


def gradcam_focuses(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM concentrates with depth, at the same resolution for all modules."""
    lines = _focus_with_depth(evidence, "cam", range(LAST), above)
    for name, label in (
        ("cam_blocks", "focus"),
        ("cam_entropy", "relative entropy at the module's own resolution"),
    ):
        lines += lines_of(
            evidence.depth,
            evidence.labels,
            f"Grad-CAM: variance of the {label} explained by the kind of module, minus by depth",
            explained_by(name),
        )
    return judged_by(
        "Focus is the share of the map in its strongest 4 of 16 blocks, which has the same "
        "resolution at every module. A window into layered processing would show focus that "
        "grows with depth: its rank correlation with depth within each image, over the "
        "convolutions and over the ReLUs of modules 0 to 13, is above 0. The last four numbers "
        "are above 0 where the kind of module (convolution, ReLU, pool) explains more of the "
        "variance over the modules than depth does.",
        lines,
    )


def explained_by(name: str) -> Quantity:
    """Return ``explained_by_kind`` of a number."""
    return lambda values: explained_by_kind(values, name)


def _focus_with_depth(
    evidence: Evidence, method: str, modules: Sequence[int], rule: Rule
) -> list[Line]:
    """Return lines of the rank correlation of focus and depth over the modules of each kind."""
    lines: list[Line] = []
    for kind in ("Conv", "ReLU"):
        of_kind = [m for m in modules if KINDS[m] == kind]

        def correlated(who: str, of_kind: Sequence[int] = of_kind) -> Quantity:
            return with_depth(f"{who}{method}_blocks", of_kind)

        lines += lines_of(
            evidence.depth,
            evidence.labels,
            f"{METHODS[method]}: rank correlation of focus and depth, {named(of_kind)}",
            correlated(""),
            rule,
            untrained=correlated,
        )
    return lines


def deep_gradcam_covers(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of modules 9 to 13 covers most of the map."""
    lines: list[Line] = []
    for kind in dict.fromkeys(KINDS):
        modules = [m for m in range(9, LAST) if KINDS[m] == kind]

        def alone(who: str, modules: Sequence[int] = modules) -> Quantity:
            return contrast_alone(f"{who}cam_half", modules)

        for name, classes in ((", frogs", ["frog"]), ("", [])):
            lines += lines_of(
                evidence.depth,
                evidence.labels,
                f"{HALF['cam']}, {named(modules)}{name}",
                alone(""),
                above,
                0.5,
                classes=classes,
                untrained=alone,
            )
    return of_our_images(
        judged_by(
            "Covering the entire map is a share above 0.5 of its cells that exceed half of its "
            "maximum, for frogs and for all classes. The sentence before says “most intensely "
            "focused”, which excludes this.",
            lines,
        )
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
            f"Grad-CAM: share of dark maps, {name}",
            _dark(""),
            above,
            0.5,
            classes=classes,
            untrained=_dark,
        )
    return of_our_images(
        judged_by(
            "Each number is the share of images whose Grad-CAM at module 14 has no positive cell. "
            "The map is completely dark as a rule if it is above 0.5.",
            lines,
        )
    )


def darkness_is_learned(evidence: Evidence) -> Judged:
    """Compare how often Grad-CAM of the last module is empty with and without training.

    It stays open: no measure says how abstract a feature is.
    """
    lines = lines_of(
        evidence.depth,
        evidence.labels,
        "Grad-CAM: share of dark maps at module 14",
        _dark(""),
        untrained=_dark,
    )
    judged = judged_by(
        "A map is dark if the weighted sum of the channels is negative in every cell, which "
        "Grad-CAM's ReLU sets to 0. If learned abstraction were the cause, trained networks would "
        "have more dark maps than networks with random weights, which have learned nothing: an "
        "interval above that of a new draw. Only how often maps are dark was compared, not how "
        "abstract a feature is, so that no case of what the sentence calls possible was shown.",
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
    remark = " Only the focus is judged. Whether it is on the texture of a body was not measured."
    return replace(judged, measured=judged.measured + remark)


def last_gradcam_is_sometimes_dark(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM is empty more often in the deepest modules than in earlier ones."""
    lines: list[Line] = []
    for some, rest in kinds_in(DEEPEST, range(DEEPEST[0])).values():
        lines += lines_of(
            evidence.depth,
            evidence.labels,
            f"Grad-CAM: share of dark maps, {named(some)} minus {named(rest)}",
            contrast("cam_empty", some, rest),
            above,
        )
    for module in (1, LAST - 1, LAST):
        lines += lines_of(
            evidence.depth,
            evidence.labels,
            f"Grad-CAM: share of dark maps, {named([module])}",
            entry(f"cam_empty:{module}"),
        )
    return possible(
        "A map without a positive cell highlights nothing. The control is earlier modules of the "
        "same kind: maps can be dark at any depth, and a struggle of the deepest modules would "
        "make them dark more often there. A case is a network for which this is so for all kinds "
        "of modules, because the sentence is about the deepest modules and not about a kind of "
        "them, and kinds of modules are never averaged. This rule was set after its numbers had "
        "been seen. The sentence is about the method, so that networks with random weights, which "
        "have such maps too, do not count against it. Of similar techniques, nothing was measured.",
        lines,
    )


DEEPEST = (12, 13, 14)
"""The last convolution, ReLU and pool."""


def deep_gradcam_loses_the_place(evidence: Evidence) -> Judged:
    """Judge whether Grad-CAM of deep modules locates objects worse than of early modules."""
    if not evidence.objects:
        return not_measured()
    scenes = replace(evidence, depth={"scenes": evidence.objects})
    lines = lines_by_kind(scenes, OBJECT, "cam_auc", range(9, LAST + 1), range(9), below)
    for module in (0, 13):
        lines += lines_of(
            scenes.depth,
            scenes.labels,
            f"{OBJECT}, {named([module])}",
            entry(f"cam_auc:{module}"),
        )
    return possible(
        "The pixel AUC is the probability that the enlarged map ranks a pixel of the object above "
        "another pixel (0.5 by chance), on synthetic scenes drawn by this project, whose objects "
        "are known. Deep maps that lose the place have a difference below 0 from earlier modules "
        "of the same kind.",
        lines,
    )


OBJECT = "Grad-CAM: pixel AUC of the object"


def early_saliency_is_distributed(evidence: Evidence) -> Judged:
    """Judge whether saliency of the first layers is spread more than that of the later layers."""
    layers = ((1, 2), range(3, 13))
    rule = f"{_counted(*layers)} {SAME_BLOCKS} More distributed is a difference below −{VISIBLE}."
    lines = _of_layers(evidence, BLOCKS["saliency"], "saliency_blocks", *layers, below, -VISIBLE)
    return of_our_images(judged_by(rule, lines))


def saliency_focuses(evidence: Evidence) -> Judged:
    """Judge whether saliency's focus changes with depth in the layers 1 to 12, in any direction."""
    found = {
        (line.quantity, line.network): line
        for modules in COUNTS
        for line in _focus_with_depth(evidence, "saliency", modules, either_side)
    }
    lines = list(found.values())
    stronger = bool(lines) and all(
        line.draws and all(draw * line.value.mean > line.value.mean**2 for draw in line.draws)
        for line in lines
    )
    for module in (0, LAST):
        lines += lines_of(
            evidence.depth,
            evidence.labels,
            f"{HALF['saliency']}, {named([module])}",
            entry(f"saliency_half:{module}"),
            untrained=at_module("saliency_half", module),
        )
    judged = judged_by(
        f"{COUNTED} Pools are left out: there are too few for a correlation. Focus is the share of "
        "the map in its strongest 4 of 16 blocks. A progression "
        "in either direction is a rank correlation with depth within each image that is not 0, "
        "over the convolutions and over the ReLUs of these modules. Below 0, deeper maps are "
        "less focused; the rows below judge the direction that the report describes. The share "
        "of cells above half of the maximum is shown for comparison. It is at each module's own "
        "resolution, of 32 × 32 and of 4 × 4 cells.",
        lines,
    )
    remark = " Every draw of random weights shows it more strongly than the trained network."
    return of_our_images(replace(judged, measured=judged.measured + remark * stronger))


def saliency_of_trucks(evidence: Evidence) -> Judged:
    """Return how much the pixels of saliency count on trucks; it stays open for the layers."""
    judged = marks_what_counts("saliency", "saliency", ("truck",))(evidence)
    remark = (
        " Only the map of the image was tested in this way, not the maps of layers, about which "
        "the sentence is."
    )
    return of_our_images(replace(judged, verdict=OPEN, measured=judged.measured + remark))


def last_saliency_is_few_spots(evidence: Evidence) -> Judged:
    """Judge whether saliency of layers 11 and 12 is more concentrated than in earlier layers."""
    layers = ((11, 12), range(1, 11))
    rule = (
        f"{_counted(*layers)} {SAME_BLOCKS} A few highly focused areas are a difference above "
        f"{VISIBLE}. The share of cells above half of the maximum, at each module's own "
        "resolution, is shown for comparison."
    )
    lines = _of_layers(evidence, BLOCKS["saliency"], "saliency_blocks", *layers, above, VISIBLE)
    rule += _by_the_limit(lines)
    lines += _of_layers(evidence, HALF["saliency"], "saliency_half", *layers, None)
    return of_our_images(judged_by(rule, lines))


SEEN = " The limit of a half was set after these numbers had been seen."


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
                f"saliency: top tenth of pixels in common with SmoothGrad, {images}",
                _undisturbed(smooth, chosen),
                below,
                0.5,
                _undisturbed(again, chosen),
                "two SmoothGrad maps of other noise",
            )
        lines += lines_of(
            evidence.depth,
            evidence.labels,
            f"top tenth in common of two SmoothGrad maps, minus of saliency and one, {amount}",
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
        "saliency: top tenth in common with the map of an invisibly changed image",
        entry("saliency_neighbour_top"),
    )
    judged = possible(
        "SmoothGrad is the mean of 8 saliency maps of the image with noise, here of 5 and of 15 % "
        "of the image's range. A map is very noisy if less than half of its strongest tenth of the "
        "pixels is also SmoothGrad's (0.1 by chance). The control is a second SmoothGrad map of "
        f"other noise: two of them have more in common, by over {VISIBLE}, so that the difference "
        "is not only SmoothGrad's own. Both must be so for both amounts of noise, and the first "
        "also on images whose prediction none of 16 noisy copies changes, because noise may move "
        "the network instead of the map. An invisible change of each value by up to 2 of 255 "
        f"levels is shown for comparison.{SEEN}",
        lines,
    )
    return replace(judged, scope=LATE)


def saliency_is_sometimes_noisy(evidence: Evidence) -> Judged:
    """Judge the same as ``saliency_is_noisy``, without its context."""
    judged = saliency_is_noisy(evidence)
    if not judged.lines:
        return judged
    shown = judged.measured[judged.measured.index(" The sentence says") :]
    return replace(
        judged,
        measured="The rule is that of the row “they can be very noisy”. One of the two, noisy or "
        f"misleading, is enough; whether a map is misleading was not measured.{SEEN}{shown}",
        lines=[line for line in judged.lines if line.verdict],
    )


def _undisturbed(quantity: Quantity, noise: str | None) -> Quantity:
    """Return the quantity of images whose prediction no copy with this noise changes."""

    def of_image(values: Values) -> float | None:
        moved = noise is not None and values.get(f"noise_changes:{noise}", 0) > 0
        return None if moved else quantity(values)

    return of_image
