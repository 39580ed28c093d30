"""A function for each claim about Integrated Gradients, SHAP and LIME that numbers can decide."""

from collections.abc import Mapping
from dataclasses import replace

from explanations.source_report.evidence import Evidence, Judged, not_measured
from explanations.source_report.judging import (
    INFLUENCE,
    VISIBLE,
    judged_by,
    lines_of,
    loss_lines,
    marks_what_counts,
    unless_beaten,
    without_most,
)
from explanations.source_report.verdicts import OPEN, Line, above, below, difference, entry


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
        "No set here has masks of faces or bodies, so the claim itself cannot be told. The nearest "
        "measurement is on synthetic scenes drawn by this project, whose objects are known. "
        "Above 0: the map prefers "
        "the object.",
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
        "The outlined patches are those with the largest weights, by construction. The question is "
        "how much of the explanation they show: five of about 60 patches would carry more than "
        "half of the absolute weight, or less. Colours are relative to the picture's largest "
        "weight, however small it is.",
        lines,
    )
    remark = (
        " Whether the network looks at these regions is not a question of LIME's own weights: the "
        "row on influence below tests it by covering pixels."
    )
    return replace(judged, verdict=OPEN, measured=judged.measured + remark)


def lime_fits(evidence: Evidence) -> Judged:
    """Judge whether LIME's linear model describes the network near the image."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        "R² of LIME's linear model, on LIME's own samples",
        entry("lime_r2"),
        above,
        0.5,
    )
    return judged_by(
        "Share of the variance of the network's predictions that the linear model explains. A "
        "simplification that describes the network more than it misses would be above 0.5.",
        lines,
    )


def lime_follows_the_network(evidence: Evidence) -> Judged:
    """Judge whether LIME's map changes with the training's seed by more than with its own draws."""
    if not evidence.trainings:
        return Judged(
            OPEN,
            "Weights of a second training of the same recipe were not on the machine that made "
            "this page (see what is missing), so that maps of two trainings were not compared.",
        )
    lines = lines_of(
        evidence.trainings,
        evidence.labels,
        "rank correlation of the maps of two trainings with other draws, minus the lower one of "
        "each training's map with its own other draws",
        _beyond_redrawing,
        below,
        -VISIBLE,
    )
    for name, quantity in (
        ("lime_training_rank", "rank correlation, two trainings, other draws"),
        ("lime_seed_rank", "rank correlation, the same weights, other draws"),
        ("lime_other_seed_rank", "rank correlation, the second training, other draws"),
        ("lime_training_shown", "outlined patches in common, two trainings"),
        ("other_agrees", "share of images for which both trainings predict the same class"),
    ):
        lines += lines_of(evidence.trainings, evidence.labels, quantity, entry(name))
    return judged_by(
        "Of the details of a model, the smallest that was at hand is the seed of its training: the "
        "same class of the same image is explained with the weights of two seeds of the same "
        f"recipe. An effect would be below −{VISIBLE}: the maps of two trainings have less in "
        "common than maps that differ by LIME's own draws alone. Only this network has a second "
        "training here; the sentence says “can”, for which a single network is enough.",
        lines,
    )


def _beyond_redrawing(values: Mapping[str, float]) -> float | None:
    names = ("lime_training_rank", "lime_seed_rank", "lime_other_seed_rank")
    if any(name not in values for name in names):
        return None
    trainings, *redrawn = (values[name] for name in names)
    return trainings - min(redrawn)


def lime_is_unstable(evidence: Evidence) -> Judged:
    """Return how much more LIME changes than saliency with an invisible change of the image.

    It stays open: the claim is about other images, not about the same image.
    """
    lines: list[Line] = []
    changed = entry("lime_neighbour_rank")
    for other, label in (
        ("saliency_neighbour_rank", "saliency's with its own"),
        ("lime_seed_rank", "LIME's with other draws of the same image"),
    ):
        lines += lines_of(
            evidence.methods,
            evidence.labels,
            "rank correlation of LIME's map with the map of an invisibly changed image, minus "
            f"{label}",
            difference("lime_neighbour_rank", other),
        )
    lines += lines_of(
        evidence.methods,
        evidence.labels,
        "rank correlation, LIME's map of an invisibly changed image",
        changed,
        None,
        0,
        entry("saliency_neighbour_rank"),
        "saliency",
    )
    for name, quantity in (
        ("lime_seed_rank", "rank correlation, the same image with other draws"),
        ("lime_seed_shown", "outlined patches in common, other draws"),
    ):
        lines += lines_of(evidence.methods, evidence.labels, quantity, entry(name))
    judged = judged_by(
        "A map of LIME is about the patches of one image. Whether it applies to other images was "
        "not measured. Tested was less: how much the map of the same image changes when each value "
        "differs by up to 2 of 255 levels, within each image, compared with saliency and with "
        "LIME's own other draws.",
        lines,
    )
    return replace(judged, verdict=OPEN)


def lime_costs_most(evidence: Evidence) -> Judged:
    """Judge whether a LIME map takes longer than a map of every other method, in each image."""
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
    lines += lines_of(evidence.methods, evidence.labels, name, beyond, above, 0)
    return judged_by(
        "Milliseconds of processor time for one map on its own. Intensive: LIME takes longer than "
        "every other method. “The methods compared” has the times of another run: processor time "
        "also depends on what else the machine does.",
        lines,
    )


def baseline_matters(evidence: Evidence) -> Judged:
    """Judge whether Integrated Gradients depends on its baseline."""
    lines: list[Line] = []
    for pair in ("black, mean", "black, blurred", "mean, blurred", "black, white"):
        lines += lines_of(
            evidence.methods,
            evidence.labels,
            f"rank correlation, {pair}",
            entry(f"baseline_rank:{pair}"),
            None if pair == OPPOSITE else below,
            0.7,
        )
    return judged_by(
        "Rank correlation of two baselines' maps, with signs. Greatly: below 0.7. Black against "
        "white is context only: every pixel is above black and below white, so that a factor of "
        "its attribution changes its sign by construction.",
        lines,
    )


OPPOSITE = "black, white"


def opposite_baselines(evidence: Evidence) -> Judged:
    """Return how differently two baselines' pixels count; no number says which one is wrong."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        "loss of probability by the tenth from blurred, minus from black",
        difference(
            "drop:integrated_gradients:blurred",
            "drop:integrated_gradients:black",
        ),
    )
    lines += lines_of(
        evidence.methods,
        evidence.labels,
        "rank correlation, black, blurred",
        entry("baseline_rank:black, blurred"),
    )
    return judged_by(
        "Which baseline is wrong, and which conclusion is incorrect, no measure here says. Tested "
        "was how much more the pixels of one baseline's map count than another's, within each "
        "image. The loss is by blurring, which suits the blurred baseline.",
        lines,
    )


def ig_adds_up(evidence: Evidence) -> Judged:
    """Judge whether the attributions of Integrated Gradients add up to the change of the logit, on
    average and for almost every image."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        "residual of the attributions' sum, relative to 1 plus the logit's change",
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
    return judged_by(
        f"With 50 steps from black. A decomposition would have a residual below {SMALL_RESIDUAL} "
        "on average, and a larger one for less than a tenth of the images. The attributions are of "
        "the change of the logit from the baseline, not of the probability. The figure above gives "
        "the residual of single maps in units of the logit, which is another unit. More steps make "
        "it smaller; 50 are the report's.",
        lines,
    )


SMALL_RESIDUAL = 0.05


def _misses(values: Mapping[str, float]) -> float | None:
    residual = values.get("ig_residual:black")
    return None if residual is None else float(residual > SMALL_RESIDUAL)


def ig_steps(evidence: Evidence) -> Judged:
    """Return the residual and the cost of 50 steps. Numbers do not decide what a balance is."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        "residual of 50 steps, relative to 1 plus the logit's change",
        entry("ig_residual:black"),
    )
    lines += lines_of(
        evidence.methods,
        evidence.labels,
        "milliseconds of processor time for one map",
        entry("ms:integrated_gradients"),
    )
    return Judged(
        OPEN,
        "The number of steps does not change the granularity, which is 32 × 32 values for any "
        "number. It decides how exactly the attributions add up. Which error is worth which time "
        "is not "
        "a question that numbers decide, and the report compares no other number of steps.",
        lines,
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
        "Mean difference of neighbouring pixels, relative to pixels anywhere in the picture: near "
        "1, the map has no spatial order. Rough pixels can still lie in a region, as in the figure "
        "above, so that this number does not decide it.",
        lines,
    )


def ig_beats_random(evidence: Evidence) -> Judged:
    """Judge whether the pixels of Integrated Gradients from black count more than random pixels."""
    lines: list[Line] = []
    for baseline in ("black", "blurred"):
        lines += loss_lines(
            evidence.methods,
            evidence.labels,
            f"integrated_gradients:{baseline}",
            f"Integrated Gradients' ({baseline})",
            rule=above if baseline == "black" else None,
        )
    judged = judged_by(
        f"{INFLUENCE} The report names no baseline; black is the usual one, and its map is judged. "
        "The blurred image is shown for comparison.",
        lines,
    )
    return without_most(unless_beaten(judged, evidence, "integrated_gradients"))


def shap_of_dogs(evidence: Evidence) -> Judged:
    """Return how much the pixels of SHAP count on dogs, of which there are few."""
    judged = marks_what_counts("deepshap", "SHAP", ("dog",), most=True)(evidence)
    remark = (
        " These dogs are few. “The methods compared” measures SHAP on many images of all classes."
    )
    return replace(judged, measured=judged.measured + remark)


def background_matters(evidence: Evidence) -> Judged:
    """Judge whether SHAP depends on its background."""
    lines = lines_of(
        evidence.methods,
        evidence.labels,
        "distance of the maps, relative to their length",
        entry("background_error"),
        above,
        0.1,
    )
    lines += lines_of(
        evidence.methods, evidence.labels, "rank correlation", entry("background_rank")
    )
    return judged_by(
        "Two backgrounds of 100 training images without common images. Sensitive: a distance above "
        "a tenth of the maps' length.",
        lines,
    )


def distribution_matters(evidence: Evidence) -> Judged:
    """Return how far maps of two draws differ; it stays open for another distribution."""
    judged = background_matters(evidence)
    return replace(
        judged,
        verdict=OPEN,
        measured=judged.measured + " Both backgrounds are draws from the same training set. One "
        "of another distribution, such as images of a single class, was not measured.",
    )


def runs_differ(evidence: Evidence) -> Judged:
    """Return how far two runs of the report's SHAP differ: only by the drawn background."""
    judged = background_matters(evidence)
    return replace(
        judged,
        verdict=OPEN,
        measured="DeepExplainer itself draws nothing: with the same background, two runs give the "
        "same numbers. The background is drawn, in the report from its training loader, so that "
        "another run uses another one. How large a difference is a lack of consistency, the report "
        "does not say. Explainers that sample, which it names as well, were not measured.",
    )
