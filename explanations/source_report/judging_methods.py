"""A function for each claim about Integrated Gradients, SHAP and LIME that numbers can decide."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from explanations.evaluation.statistics import Mean
from explanations.source_report.evidence import UNDEFINED, Evidence, Judged, not_measured
from explanations.source_report.judging import (
    CRUCIAL,
    FAITHFUL,
    LATE,
    VISIBLE,
    judged_by,
    lines_of,
    loss_lines,
    marks_what_counts,
    only_tested,
    possible,
    unless_beaten,
    unless_enough,
)
from explanations.source_report.measuring import Numbers
from explanations.source_report.verdicts import (
    HOLDS,
    OPEN,
    Line,
    above,
    below,
    difference,
    entry,
)


def lime_marks_the_body(evidence: Evidence) -> Judged:
    """Return how much more of LIME's positive weight is on the object than its area."""
    return _on_object(evidence, "lime", "LIME")


def shap_marks_the_object(evidence: Evidence) -> Judged:
    """Return how much more of SHAP's positive values is on the object than its area."""
    return _on_object(evidence, "deepshap", "SHAP")


def _on_object(evidence: Evidence, key: str, label: str) -> Judged:
    if not evidence.objects:
        return not_measured()
    lines = lines_of(
        {"scenes": evidence.objects},
        evidence.labels,
        f"share of {label}'s positive values on the object of a synthetic scene, minus the "
        f"object's area",
        difference(f"on_object:{key}", "on_object:chance"),
        above,
        0,
        entry("on_object:chance"),
        "the object's area",
    )
    judged = judged_by(
        "No set here has masks of faces or bodies. "
        "The nearest measurement is on synthetic scenes drawn by this project, whose objects are "
        "known: above 0, the map prefers the object.",
        lines,
    )
    return replace(judged, verdict=OPEN)


def lime_highlights_most(evidence: Evidence) -> Judged:
    """Judge whether the outlined patches carry most of the weight."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        "share of maps in which no patch changes the probability by 0.05",
        entry("lime_none_matters"),
    )
    lines += lines_of(
        evidence.methods,
        evidence.labels,
        "largest change by one patch",
        entry("lime_largest"),
    )
    lines += lines_of(
        evidence.methods,
        evidence.labels,
        "share of the weight in the five outlined patches",
        entry("lime_outlined"),
        above,
        0.5,
    )
    judged = judged_by(
        "The outlined patches are those with the largest weights, by construction. Measured was "
        "how much of the explanation they show: whether five of about 60 patches carry more than "
        "half of the absolute weight. Colours are relative to the picture's largest "
        "weight, however small it is.",
        lines,
    )
    remark = (
        " Whether the network looks at these regions is not a question of LIME's own weights: the "
        "row “pinpoint which features” above tests it by blurring pixels. “The methods compared” "
        "has the first and the last of these numbers from another run, so that they differ a "
        "little."
    )
    return replace(judged, verdict=OPEN, measured=judged.measured + remark)


def lime_fits(evidence: Evidence) -> Judged:
    """Return how well LIME's linear model describes its samples; an area near the image stays
    open."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        "R² of LIME's linear model, on LIME's own samples",
        entry("lime_r2"),
        above,
        0.5,
    )
    judged = judged_by(
        "R² is the share of the variance of the network's predictions that the linear model "
        "explains. A simplification describes more of the network than it misses if R² is above "
        "0.5. It is of the 1,000 samples to which the about 60 weights were fitted, which makes it "
        "larger than of new samples.",
        lines,
    )
    return only_tested(
        judged,
        "The sentence is about a specific area. LIME's samples do not stay near the image: each "
        "lacks half of its patches on average.",
    )


def lime_follows_the_network(evidence: Evidence) -> Judged:
    """Judge whether LIME's map changes with the training's seed by more than with its own draws."""
    if not evidence.trainings:
        return not_measured()
    lines = lines_of(
        evidence.trainings,
        evidence.labels,
        "rank correlation of the maps of two networks with other draws, minus the lower one of "
        "each network's map with its own other draws",
        _beyond_redrawing,
        below,
        -VISIBLE,
    )
    for name, quantity in (
        ("lime_training_rank", "rank correlation of LIME's maps, two networks, other draws"),
        ("lime_seed_rank", SAME_IMAGE),
        (
            "lime_other_seed_rank",
            "rank correlation of LIME's maps, the second network, other draws",
        ),
        ("lime_training_shown", "outlined patches in common, two networks"),
        ("other_agrees", "share of images for which both networks predict the same class"),
    ):
        lines += lines_of(evidence.trainings, evidence.labels, quantity, entry(name))
    compared = "; ".join(
        f"{evidence.labels[key]}, with {evidence.others.get(key, 'another training')}"
        for key in evidence.trainings
    )
    return possible(
        "The same class of the same image is explained for two networks with the same layers and "
        f"other weights ({compared}). An effect of these details is a difference below −{VISIBLE}: "
        "the maps of the two networks have less in common than maps of one network that differ by "
        "LIME's own draws alone.",
        lines,
    )


SAME_IMAGE = "rank correlation of LIME's maps, the same image with other draws"


def _beyond_redrawing(values: Mapping[str, float]) -> float | None:
    names = ("lime_training_rank", "lime_seed_rank", "lime_other_seed_rank")
    if any(name not in values for name in names):
        return None
    trainings, *redrawn = (values[name] for name in names)
    return trainings - min(redrawn)


def lime_is_unstable(evidence: Evidence) -> Judged:
    """Return whether LIME's map changes with an invisible change of the image by more than with
    other draws. It stays open for other parts of the data."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        "rank correlation of LIME's map with the map of an invisibly changed image, minus with the "
        "map of other draws of the same image",
        difference("lime_neighbour_rank", "lime_seed_rank"),
        below,
        -VISIBLE,
    )
    for name, quantity in (
        ("lime_neighbour_rank", "rank correlation of LIME's maps, an invisibly changed image"),
        ("saliency_neighbour_rank", "rank correlation of saliency, an invisibly changed image"),
        ("lime_seed_rank", SAME_IMAGE),
        ("lime_seed_shown", "outlined patches in common, the same image with other draws"),
    ):
        lines += lines_of(evidence.methods, evidence.labels, quantity, entry(name))
    judged = judged_by(
        "Measured was robustness only: the same image is compared with a copy of which each value "
        "differs by up to 2 of 255 levels, too small to see, we assume, and which is divided into "
        "patches anew. LIME's ranking of the pixels does not fully apply to the copy if the "
        f"difference is below −{VISIBLE}. The control is LIME's map of the same image with other "
        "draws. Saliency changes with the copy, too.",
        lines,
    )
    return only_tested(
        judged,
        "The sentence is about other parts of the data, that is, other images. Whether an insight "
        "applies to them was not measured.",
    )


def lime_costs_most(evidence: Evidence) -> Judged:
    """Return how long a LIME map takes next to a map of every other method, in each image.

    It stays open: the report does not say what is intensive, and neither the number of samples nor
    the network's complexity was varied.
    """
    others = {
        "gradcam": "Grad-CAM",
        "saliency": "saliency",
        "integrated_gradients": "Integrated Gradients",
        "deepshap": "SHAP",
    }
    lines: list[Line] = []
    for method, label in (others | {"lime": "LIME"}).items():
        lines += lines_of(
            evidence.methods, evidence.labels, f"milliseconds, {label}", entry(f"ms:{method}")
        )

    def beyond(values: Mapping[str, float]) -> float | None:
        times = [values[f"ms:{method}"] for method in others if f"ms:{method}" in values]
        return values["ms:lime"] - max(times) if times and "ms:lime" in values else None

    name = "milliseconds, LIME minus the slowest other method"
    lines += lines_of(evidence.methods, evidence.labels, name, beyond)
    if not lines:
        return not_measured()
    return Judged(
        OPEN,
        "The numbers are milliseconds of processor time for one map on its own, for comparison. "
        "That LIME takes longer than the other methods does not make it resource-intensive, and "
        "the report does not say what would. The sentence is about many data variations and "
        "complicated models: LIME drew 1,000 samples of each image here, of two networks with "
        "the same layers. Times over numbers of samples and over larger networks were not "
        "measured. “The methods compared” has the times of another run; processor time also "
        "depends on what else the machine does.",
        lines,
        reason=UNDEFINED,
    )


def baseline_matters(evidence: Evidence) -> Judged:
    """Judge whether Integrated Gradients depends on its baseline, with signs and without."""
    lines: list[Line] = []
    for name, values in (("baseline_absolute_rank", "absolute values"), ("baseline_rank", "signs")):
        for pair in ("black, mean", "black, blurred", "mean, blurred", OPPOSITE):
            lines += lines_of(
                evidence.methods,
                evidence.labels,
                f"rank correlation, {pair}, with {values}",
                entry(f"{name}:{pair}"),
                None if pair == OPPOSITE else below,
                0.7,
            )
    return possible(
        "The numbers are rank correlations of two baselines' maps, of the absolute values, which "
        "the report shows, and of the values with their signs. The impact is great if all three "
        "judged correlations of both are below 0.7. Black against white is shown for comparison "
        "only: every pixel is above black and below white, so that a factor of its attribution "
        "changes its sign by construction. That the absolute values count, too, was decided before "
        "they were measured.",
        lines,
    )


OPPOSITE = "black, white"


def wrong_baseline_misleads(evidence: Evidence) -> Judged:
    """Return the measures by which the map from black marks pixels that count less than random
    pixels. It stays open whether the baseline is the cause."""
    lines = [
        line
        for network, evaluation in evidence.evaluations.items()
        for line in _behind_random(network, evaluation)
    ]
    lines += lines_of(
        evidence.methods,
        evidence.labels,
        "loss of probability by the tenth from blurred, minus from black",
        difference("drop:integrated_gradients:blurred", "drop:integrated_gradients:black"),
    )
    lines += lines_of(
        evidence.methods,
        evidence.labels,
        "rank correlation, black, blurred, with signs",
        entry("baseline_rank:black, blurred"),
    )
    judged = judged_by(
        "“These pixels count most” is the usual conclusion from such a map. From black, it is "
        "incorrect on average by a measure if random pixels are better, with intervals that do "
        "not overlap. For comparison, the last numbers say how much more the pixels of the map "
        "from a blurred image count; this loss is by blurring, which suits that baseline.",
        lines,
    )
    return only_tested(
        judged,
        "The control is lacking: the same measures of a map from another baseline were not "
        "computed, so that the method can be the cause instead of its baseline.",
    )


def _behind_random(network: str, evaluation: Mapping[str, Any]) -> list[Line]:
    """Return the measures of hidden or shown pixels by which a random map is better than the map of
    Integrated Gradients from black."""
    lines = []
    for measure in evaluation["measures"]:
        rows = {row["method"]: row for row in measure["rows"] if row["images"] == "all"}
        if measure["key"] not in FAITHFUL or not {"random", "integrated_gradients"} <= rows.keys():
            continue
        mine, random = (
            Mean(*(rows[key][name] for name in ("mean", "low", "high", "n")))
            for key in ("integrated_gradients", "random")
        )
        higher = measure["better"] == "higher"
        smaller, larger = (mine, random) if higher else (random, mine)
        behind = smaller.high is not None and larger.low is not None and smaller.high < larger.low
        if behind:
            better = "higher" if higher else "lower"
            quantity = f"{measure['label']} ({better} is better), Integrated Gradients from black"
            lines.append(Line(network, quantity, mine, random, "a random map", HOLDS))
    return lines


def ig_adds_up(evidence: Evidence) -> Judged:
    """Judge whether the attributions of Integrated Gradients add up to the change of the logit, on
    average and for almost every image."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        RESIDUAL,
        entry("ig_residual:black"),
        below,
        SMALL_RESIDUAL,
    )
    lines += lines_of(
        evidence.methods,
        evidence.labels,
        f"share of images whose residual exceeds {SMALL_RESIDUAL}",
        _misses,
        below,
        0.1,
    )
    judged = judged_by(
        "Integrated Gradients has 50 steps from black here. A decomposition has a residual "
        f"below {SMALL_RESIDUAL} on average, and a larger one for less than a tenth of the "
        "images. The attributions are of the change of the logit from the baseline, not of the "
        "probability. The figure above gives the residual of single maps in units of the logit, "
        "which is another unit. More steps make it smaller; 50 are the report's. Both limits, of "
        "the residual and of a tenth, were set after these numbers had been seen.",
        lines,
    )
    return replace(judged, scope=LATE)


SMALL_RESIDUAL = 0.05
RESIDUAL = "residual of the attributions' sum, relative to 1 plus the logit's change"


def _misses(values: Mapping[str, float]) -> float | None:
    residual = values.get("ig_residual:black")
    return None if residual is None else float(residual > SMALL_RESIDUAL)


def ig_steps(evidence: Evidence) -> Judged:
    """Return the residual and the cost of 50 steps. Numbers do not decide what a balance is."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        RESIDUAL,
        entry("ig_residual:black"),
    )
    lines += lines_of(
        evidence.methods,
        evidence.labels,
        "milliseconds, Integrated Gradients",
        entry("ms:integrated_gradients"),
    )
    return Judged(
        OPEN,
        "No other number of steps was measured. The number of steps does not change the "
        "granularity, which is 32 × 32 values for any number. It decides how exactly the "
        "attributions add up. Which error is worth which time is not a question that numbers "
        "decide, and the report compares no other number of steps. The numbers are for comparison.",
        lines,
        reason=UNDEFINED,
    )


def ig_marks_regions(evidence: Evidence) -> Judged:
    """Return how rough the hot map of Integrated Gradients is, which leaves regions open."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        "roughness of the absolute values from black (1: no spatial order)",
        entry("ig_roughness"),
        None,
        0,
        entry("ig_image_roughness"),
        "the image itself",
    )
    return judged_by(
        "Measured was the mean difference of "
        "neighbouring pixels, relative to pixels anywhere in the map: near 1, it has no spatial "
        "order. Rough pixels can still lie in a region, as in the figure above, so that this "
        "number does not decide it.",
        lines,
    )


def ig_beats_random(evidence: Evidence) -> Judged:
    """Judge whether the pixels of Integrated Gradients from black count more than random pixels."""
    lines: list[Line] = []
    for baseline in ("black", "mean", "blurred"):
        lines += loss_lines(
            evidence.methods,
            evidence.labels,
            f"integrated_gradients:{baseline}",
            f"Integrated Gradients' ({baseline})",
            rule=None if baseline == "blurred" else above,
        )
    judged = judged_by(
        f"{CRUCIAL} The report names no baseline. Its reference, TensorFlow's guide, takes black; "
        "zeros after normalisation, the usual default of PyTorch's libraries, are the mean colour. "
        "Both are judged. The blurred image is shown for comparison.",
        lines,
    )
    return unless_enough(unless_beaten(judged, evidence, "integrated_gradients"))


def beyond_random(evidence: Evidence) -> dict[str, dict[str, Mean]]:
    """Return the loss of probability minus that of random pixels of Integrated Gradients from a
    blurred image and of SHAP, by the network's label."""
    found: dict[str, dict[str, Mean]] = {}
    for key in ("integrated_gradients:blurred", "deepshap"):
        quantity = difference(f"drop:{key}", "drop:random")
        for line in lines_of(evidence.methods, evidence.labels, key, quantity):
            found.setdefault(line.network, {})[key] = line.value
    return {network: values for network, values in found.items() if len(values) == 2}


def shap_highlights(evidence: Evidence) -> Judged:
    """Judge whether the pixels of SHAP count, which the report calls effective."""
    judged = marks_what_counts("deepshap", "SHAP")(evidence)
    remark = " “Effectively” is judged as this influence alone (rule “Effective” at the top)."
    return replace(judged, measured=judged.measured + remark * bool(judged.lines))


def shap_of_dogs(evidence: Evidence) -> Judged:
    """Return how much the pixels of SHAP count on dogs, of which there are few."""
    judged = marks_what_counts("deepshap", "SHAP", ("dog",), rule=CRUCIAL)(evidence)
    remark = (
        " These dogs are few, and bootstrap intervals of so few images are too narrow. “The "
        "methods compared” measures SHAP on many images of all classes."
    )
    return replace(judged, measured=judged.measured + remark)


def distribution_matters(evidence: Evidence) -> Judged:
    """Judge whether SHAP changes more with a background of one class than with another draw."""
    numbers = with_narrow(evidence)
    lines = lines_of(
        numbers,
        evidence.labels,
        "distance of the maps with a background of one class and of all classes, minus that of two "
        "draws of all classes",
        difference("narrow_error", "background_error"),
        above,
        0.1,
        entry("background_error"),
        "two draws of all classes",
    )
    return possible(
        "Distances of maps are relative to their length. Each background has 100 training images: "
        "two draws of all classes without common images, and images of a single class, which have "
        "another distribution. SHAP is sensitive to the distribution if the background of one "
        "class changes the map more than the other draw does, by over a tenth of the map's length.",
        lines,
    )


def narrow_background_misleads(evidence: Evidence) -> Judged:
    """Judge whether SHAP's pixels count less with a background of one class."""
    numbers = with_narrow(evidence)
    lines: list[Line] = []
    for other, label in (("deepshap", "of all classes"), ("deepshap:again", "of its other draw")):
        lines += lines_of(
            numbers,
            evidence.labels,
            "loss of probability by SHAP's tenth with a background of one class, minus with that "
            f"{label}",
            difference("drop:deepshap:narrow", f"drop:{other}"),
            below,
            -VISIBLE,
        )
    return possible(
        "The background that does not represent the data has 100 training images of a single "
        "class. SHAP reflects the pixels' influence less accurately with it if blurring the "
        f"strongest tenth costs less, by over {VISIBLE}, than with either draw of all classes.",
        lines,
    )


def with_narrow(evidence: Evidence) -> dict[str, Numbers]:
    """Return the numbers of the networks that have them for a background of one class."""
    return {
        key: numbers
        for key, numbers in evidence.methods.items()
        if any("narrow_error" in image for images in numbers.values() for image in images)
    }


def runs_differ(evidence: Evidence) -> Judged:
    """Judge whether two runs of the report's SHAP differ, which draw another background."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        "distance of the maps of two runs that draw their background, relative to their length",
        entry("background_error"),
        above,
        0.1,
    )
    lines += lines_of(
        evidence.methods,
        evidence.labels,
        "rank correlation of the maps of two such runs",
        entry("background_rank"),
    )
    return possible(
        "DeepExplainer itself draws nothing: with the same background, which is the control, two "
        "runs give the same map, at a distance of 0. The report draws its background from its "
        "training loader, so that another run uses another one. A lack of consistency is a "
        "distance above a tenth of the maps' length. Explainers that sample, which the report "
        "names as well, were not measured.",
        lines,
    )
