"""The measures: one list. A new one is a function from a Subject to a number per map, and a line.

Reading the list imports no torch: a measure's function is found by its path when it is needed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from explanations.evaluation.subject import Subject

HERE = "explanations.evaluation.measures"
Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Group:
    """A question that several measures try to answer."""

    key: str
    label: str
    question: str


@dataclass(frozen=True)
class Measure:
    """One number of one map of one image."""

    key: str
    label: str
    group: str
    better: Better
    path: str
    """Module of this package's ``measures`` and function, joined by a dot."""
    caption: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    needs_mask: bool = False
    explains_again: bool = False
    """Whether maps are computed anew, so that a subsample must do."""
    unit: str = ""

    def function(self) -> "Callable[..., dict[str, float]]":
        """The function itself; imports what it needs."""
        module, _, name = self.path.rpartition(".")
        found: Callable[..., dict[str, float]] = getattr(import_module(f"{HERE}.{module}"), name)
        return found

    def of(self, subject: "Subject") -> dict[str, float]:
        """The measure of each map of one image; of some maps only, where others have no value."""
        return self.function()(subject, **self.parameters)


GROUPS = (
    Group(
        "faithfulness",
        "Faithfulness",
        "Does the classifier's answer follow the pixels that the map names?",
    ),
    Group(
        "localisation",
        "Localisation",
        "Does the map lie on the object? (A classifier may rightly use what lies beside it.)",
    ),
    Group(
        "robustness",
        "Robustness",
        "Does the map stay when the image changes by what nobody sees?",
    ),
    Group(
        "randomisation",
        "Randomisation",
        "Does the map change when the classifier, or the class, is another?",
    ),
    Group(
        "complexity",
        "Complexity",
        "How few pixels does the map single out?",
    ),
    Group(
        "axioms",
        "Axioms",
        "Are the promises about the map's sums kept?",
    ),
    Group(
        "cost",
        "Cost",
        "What does one map cost?",
    ),
)

MEASURES: tuple[Measure, ...] = (
    Measure(
        key="deletion_blur",
        label="Deletion, blur",
        group="faithfulness",
        better="lower",
        path="perturbation.deletion",
        caption="Probability of the class while the most relevant pixels become a blurred copy of"
        " the image; area under the curve.",
        parameters={"baseline": "blurred"},
    ),
    Measure(
        key="deletion_mean",
        label="Deletion, mean colour",
        group="faithfulness",
        better="lower",
        path="perturbation.deletion",
        caption="Probability of the class while the most relevant pixels become the training "
        "images' mean colour; area under the curve.",
        parameters={"baseline": "mean"},
    ),
    Measure(
        key="insertion_blur",
        label="Insertion, blur",
        group="faithfulness",
        better="higher",
        path="perturbation.insertion",
        caption="Probability of the class while the most relevant pixels appear in a blurred copy"
        " of the image; area under the curve.",
        parameters={"baseline": "blurred"},
    ),
    Measure(
        key="insertion_mean",
        label="Insertion, mean colour",
        group="faithfulness",
        better="higher",
        path="perturbation.insertion",
        caption="Probability of the class while the most relevant pixels appear in the training "
        "images' mean colour; area under the curve.",
        parameters={"baseline": "mean"},
    ),
    Measure(
        key="road",
        label="ROAD",
        group="faithfulness",
        better="higher",
        path="road.road",
        caption="Half the probability lost when relevant pixels are filled in from their "
        "neighbours first instead of last. Random order: 0.",
    ),
    Measure(
        key="infidelity",
        label="Infidelity, scaled",
        group="faithfulness",
        better="lower",
        path="infidelity.infidelity",
        caption="Share of the logit's squared changes under random squares that the map's sums do"
        " not foretell. Empty map: 1.",
    ),
    Measure(
        key="pointing_game",
        label="Pointing game",
        group="localisation",
        better="higher",
        path="localisation.pointing_game",
        caption="Share of images whose most relevant pixel lies on the object.",
        needs_mask=True,
    ),
    Measure(
        key="pointing_game_1px",
        label="Pointing game, 1 pixel off allowed",
        group="localisation",
        better="higher",
        path="localisation.pointing_game",
        caption="The same with the object widened by one pixel.",
        parameters={"tolerance": 1},
        needs_mask=True,
    ),
    Measure(
        key="mass_accuracy",
        label="Relevance mass accuracy",
        group="localisation",
        better="higher",
        path="localisation.mass_accuracy",
        caption="Share of the positive relevance that lies on the object.",
        needs_mask=True,
    ),
    Measure(
        key="rank_accuracy",
        label="Relevance rank accuracy",
        group="localisation",
        better="higher",
        path="localisation.rank_accuracy",
        caption="Share of the K most relevant pixels that lie on the object of K pixels.",
        needs_mask=True,
    ),
    Measure(
        key="pixel_auc",
        label="Pixel AUC",
        group="localisation",
        better="higher",
        path="localisation.pixel_auc",
        caption="Chance that a pixel of the object ranks above one beside it.",
        needs_mask=True,
    ),
    Measure(
        key="max_sensitivity",
        label="Max-sensitivity",
        group="robustness",
        better="lower",
        path="robustness.max_sensitivity",
        caption="Largest relative change of the map among 3 images that differ by up to 2 of 255 "
        "levels.",
        explains_again=True,
    ),
    Measure(
        key="randomised_output",
        label="Output layer randomised",
        group="randomisation",
        better="lower",
        path="randomisation.parameter_randomisation",
        caption="Rank correlation with the map of the network whose output layer was drawn anew. "
        "High: the map ignores it.",
        parameters={"share": 0.0},
        explains_again=True,
    ),
    Measure(
        key="randomised_half",
        label="Upper half randomised",
        group="randomisation",
        better="lower",
        path="randomisation.parameter_randomisation",
        caption="Rank correlation with the map of the network whose upper half of layers was "
        "drawn anew. High: the map ignores it.",
        parameters={"share": 0.5},
        explains_again=True,
    ),
    Measure(
        key="randomised_all",
        label="All layers randomised",
        group="randomisation",
        better="lower",
        path="randomisation.parameter_randomisation",
        caption="Rank correlation with the map of the network whose every layer was drawn anew. "
        "High: the map ignores it.",
        parameters={"share": 1.0},
        explains_again=True,
    ),
    Measure(
        key="class_sensitivity",
        label="Another class",
        group="randomisation",
        better="lower",
        path="randomisation.class_sensitivity",
        caption="Rank correlation with the same method's map of a class drawn at random. High: "
        "the map does not depend on the class.",
        explains_again=True,
    ),
    Measure(
        key="gini",
        label="Gini index",
        group="complexity",
        better="neither",
        path="complexity.gini",
        caption="0: the relevance is spread evenly; near 1: a few pixels have it all. Of absolute"
        " values.",
    ),
    Measure(
        key="entropy",
        label="Entropy",
        group="complexity",
        better="neither",
        path="complexity.entropy",
        caption="1: spread evenly; near 0: a few pixels have it all. Of absolute values.",
    ),
    Measure(
        key="completeness",
        label="Completeness residual",
        group="axioms",
        better="lower",
        path="axioms.completeness",
        caption="What the shares miss of the logit's change from the baseline, relative to 1 + "
        "the change.",
    ),
    Measure(
        key="additivity",
        label="Additivity residual",
        group="axioms",
        better="lower",
        path="axioms.additivity",
        caption="What the shares miss of the logit's difference from the background, relative to "
        "1 + the difference.",
    ),
    Measure(
        key="fit",
        label="Fit of the linear model",
        group="axioms",
        better="higher",
        path="axioms.fit",
        caption="R² of LIME's linear model. Low: the map summarises the classifier badly.",
    ),
    Measure(
        key="milliseconds",
        label="Time for one map",
        group="cost",
        better="lower",
        path="cost.milliseconds",
        caption="Computed alone: CPU time on a CPU, passing time on a GPU.",
        explains_again=True,
        unit="ms",
    ),
)


def of_group(group: str) -> list[Measure]:
    """Its measures, in the order of the list."""
    return [measure for measure in MEASURES if measure.group == group]
