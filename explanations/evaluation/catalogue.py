"""Catalogue of the measures. A new measure is a function from a Subject to a number per map, and an
entry here.

Reading the catalogue does not import torch: a measure's function is resolved when it is needed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from explanations.translatable import gettext_noop

if TYPE_CHECKING:
    from explanations.evaluation.subject import Subject

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Group:
    """A question that several measures address."""

    key: str
    label: str
    question: str


@dataclass(frozen=True)
class Measure:
    """A number for each map of each image."""

    key: str
    label: str
    group: str
    better: Better
    path: str
    """Dotted path of the function, resolved when it is first needed."""
    caption: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    needs_mask: bool = False
    explains_again: bool = False
    """Whether maps are computed again, so that only a subsample of the images is measured."""
    unit: str = ""

    def function(self) -> "Callable[..., dict[str, float]]":
        """Import and return the function."""
        module, _, name = self.path.rpartition(".")
        function: Callable[..., dict[str, float]] = getattr(import_module(module), name)
        return function

    def of(self, subject: "Subject") -> dict[str, float]:
        """Compute the measure of each map of an image. Maps without a value are omitted."""
        return self.function()(subject, **self.parameters)


GROUPS = (
    Group(
        "faithfulness",
        "Faithfulness",
        "Does the classifier's answer depend on the pixels that the map marks?",
    ),
    Group(
        "localisation",
        "Localisation",
        "Does the map mark the object? (A classifier may legitimately use its surroundings.)",
    ),
    Group(
        "robustness",
        "Robustness",
        "Does the map stay similar when the image changes invisibly?",
    ),
    Group(
        "randomisation",
        "Randomisation",
        "Does the map change with the classifier, and with the class?",
    ),
    Group(
        "complexity",
        "Complexity",
        "How few pixels does the map highlight?",
    ),
    Group(
        "axioms",
        "Axioms",
        "Do the map's sums satisfy the method's axioms?",
    ),
    Group(
        "cost",
        "Cost",
        "How long does a map take?",
    ),
)

MEASURES: tuple[Measure, ...] = (
    Measure(
        key="deletion_blur",
        label=gettext_noop("Deletion, blur"),
        group="faithfulness",
        better="lower",
        path="explanations.evaluation.measures.perturbation.deletion",
        caption="Probability of the class while the most relevant pixels become a blurred copy of"
        " the image; area under the curve.",
        parameters={"baseline": "blurred"},
    ),
    Measure(
        key="deletion_mean",
        label=gettext_noop("Deletion, mean colour"),
        group="faithfulness",
        better="lower",
        path="explanations.evaluation.measures.perturbation.deletion",
        caption="Probability of the class while the most relevant pixels become the training "
        "images' mean colour; area under the curve.",
        parameters={"baseline": "mean"},
    ),
    Measure(
        key="insertion_blur",
        label=gettext_noop("Insertion, blur"),
        group="faithfulness",
        better="higher",
        path="explanations.evaluation.measures.perturbation.insertion",
        caption="Probability of the class while the most relevant pixels appear in a blurred copy"
        " of the image; area under the curve.",
        parameters={"baseline": "blurred"},
    ),
    Measure(
        key="insertion_mean",
        label=gettext_noop("Insertion, mean colour"),
        group="faithfulness",
        better="higher",
        path="explanations.evaluation.measures.perturbation.insertion",
        caption="Probability of the class while the most relevant pixels appear in the training "
        "images' mean colour; area under the curve.",
        parameters={"baseline": "mean"},
    ),
    Measure(
        key="road",
        label=gettext_noop("ROAD"),
        group="faithfulness",
        better="higher",
        path="explanations.evaluation.measures.road.road",
        caption="Half of the additional probability lost when relevant pixels are replaced by their"
        " neighbours first instead of last. Random order: 0.",
    ),
    Measure(
        key="infidelity",
        label=gettext_noop("Infidelity, scaled"),
        group="faithfulness",
        better="lower",
        path="explanations.evaluation.measures.infidelity.infidelity",
        caption="Share of the logit's squared changes under random squares that the map's sums do"
        " not predict. Empty map: 1.",
    ),
    Measure(
        key="pointing_game",
        label=gettext_noop("Pointing game"),
        group="localisation",
        better="higher",
        path="explanations.evaluation.measures.localisation.pointing_game",
        caption="Share of images whose most relevant pixel is on the object.",
        needs_mask=True,
    ),
    Measure(
        key="pointing_game_1px",
        label=gettext_noop("Pointing game, tolerance 1 pixel"),
        group="localisation",
        better="higher",
        path="explanations.evaluation.measures.localisation.pointing_game",
        caption="Share of images whose most relevant pixel is at most one pixel from the object.",
        parameters={"tolerance": 1},
        needs_mask=True,
    ),
    Measure(
        key="mass_accuracy",
        label=gettext_noop("Relevance mass accuracy"),
        group="localisation",
        better="higher",
        path="explanations.evaluation.measures.localisation.mass_accuracy",
        caption="Share of the positive relevance that is on the object.",
        needs_mask=True,
    ),
    Measure(
        key="rank_accuracy",
        label=gettext_noop("Relevance rank accuracy"),
        group="localisation",
        better="higher",
        path="explanations.evaluation.measures.localisation.rank_accuracy",
        caption="Share of the K most relevant pixels that are on the object of K pixels.",
        needs_mask=True,
    ),
    Measure(
        key="pixel_auc",
        label=gettext_noop("Pixel AUC"),
        group="localisation",
        better="higher",
        path="explanations.evaluation.measures.localisation.pixel_auc",
        caption="Probability that a pixel of the object ranks above a pixel of the background.",
        needs_mask=True,
    ),
    Measure(
        key="max_sensitivity",
        label=gettext_noop("Max-sensitivity"),
        group="robustness",
        better="lower",
        path="explanations.evaluation.measures.robustness.max_sensitivity",
        caption="Largest relative change of the map among 3 images that differ by up to 2 of 255 "
        "levels.",
        explains_again=True,
    ),
    Measure(
        key="randomised_output",
        label=gettext_noop("Output layer randomised"),
        group="randomisation",
        better="lower",
        path="explanations.evaluation.measures.randomisation.parameter_randomisation",
        caption="Rank correlation with the map of a network whose output layer was randomised. "
        "High: the map ignores that layer.",
        parameters={"share": 0.0},
        explains_again=True,
    ),
    Measure(
        key="randomised_half",
        label=gettext_noop("Upper half randomised"),
        group="randomisation",
        better="lower",
        path="explanations.evaluation.measures.randomisation.parameter_randomisation",
        caption="Rank correlation with the map of a network whose upper half of layers was "
        "randomised. High: the map ignores these layers.",
        parameters={"share": 0.5},
        explains_again=True,
    ),
    Measure(
        key="randomised_all",
        label=gettext_noop("All layers randomised"),
        group="randomisation",
        better="lower",
        path="explanations.evaluation.measures.randomisation.parameter_randomisation",
        caption="Rank correlation with the map of a network in which every layer was randomised. "
        "High: the map ignores the network.",
        parameters={"share": 1.0},
        explains_again=True,
    ),
    Measure(
        key="class_sensitivity",
        label=gettext_noop("Another class"),
        group="randomisation",
        better="lower",
        path="explanations.evaluation.measures.randomisation.class_sensitivity",
        caption="Rank correlation with the method's map of another class, drawn at random. High: "
        "the map does not depend on the class.",
        explains_again=True,
    ),
    Measure(
        key="gini",
        label=gettext_noop("Gini index"),
        group="complexity",
        better="neither",
        path="explanations.evaluation.measures.complexity.gini",
        caption="Gini index of the absolute values. 0: the relevance is spread evenly; near 1: it"
        " is concentrated on a few pixels.",
    ),
    Measure(
        key="entropy",
        label=gettext_noop("Entropy"),
        group="complexity",
        better="neither",
        path="explanations.evaluation.measures.complexity.entropy",
        caption="Relative entropy of the absolute values. 1: the relevance is spread evenly; near"
        " 0: it is concentrated on a few pixels.",
    ),
    Measure(
        key="completeness",
        label=gettext_noop("Completeness residual"),
        group="axioms",
        better="lower",
        path="explanations.evaluation.measures.axioms.completeness",
        caption="Difference between the sum of the attributions and the logit's change from the "
        "baseline, relative to 1 + the change.",
    ),
    Measure(
        key="additivity",
        label=gettext_noop("Additivity residual"),
        group="axioms",
        better="lower",
        path="explanations.evaluation.measures.axioms.additivity",
        caption="Difference between the sum of the attributions and the logit's difference from "
        "the background, relative to 1 + that difference.",
    ),
    Measure(
        key="fit",
        label=gettext_noop("Fit of the linear model"),
        group="axioms",
        better="higher",
        path="explanations.evaluation.measures.axioms.fit",
        caption="R² of LIME's linear model. Low: the map summarises the classifier poorly.",
    ),
    Measure(
        key="outlined_share",
        label=gettext_noop("Weight of the outlined patches"),
        group="complexity",
        better="neither",
        path="explanations.evaluation.measures.axioms.outlined_share",
        caption="Share of LIME's total absolute weight that the five outlined patches carry.",
    ),
    Measure(
        key="no_patch_matters",
        label=gettext_noop("No patch matters"),
        group="axioms",
        better="lower",
        path="explanations.evaluation.measures.axioms.no_patch_matters",
        caption="Share of LIME's maps in which no patch changes the probability by 5 percentage "
        "points, so that the outlined patches mean little.",
    ),
    Measure(
        key="milliseconds",
        label=gettext_noop("Time for one map"),
        group="cost",
        better="lower",
        path="explanations.evaluation.measures.cost.milliseconds",
        caption="Time of a map that is computed alone: CPU time on a CPU, elapsed time on a GPU.",
        explains_again=True,
        unit="ms",
    ),
)


def of_group(group: str) -> list[Measure]:
    """List a group's measures, in the order of the catalogue."""
    return [measure for measure in MEASURES if measure.group == group]
