"""Fairness of a network and of its maps: figures and faithfulness of each class."""

from dataclasses import dataclass

from scipy.stats import mannwhitneyu
from statsmodels.stats.multitest import multipletests

from explanations.evaluation.statistics import Mean, mean_of
from explanations.source_report.measuring import Numbers


@dataclass(frozen=True)
class ClassQuality:
    """Faithfulness of a method's maps of one class."""

    class_name: str
    value: Mean
    p_holm: float
    """p of the Mann-Whitney test against all other classes, adjusted for all classes (Holm)."""


def quality_by_class(numbers: Numbers, method: str) -> list[ClassQuality]:
    """Compute the loss of probability by a method's tenth, minus random pixels, for each class.

    Classes with fewer than two images are omitted; fewer than two classes give an empty list.
    """
    values = {
        name: [image[f"drop:{method}"] - image["drop:random"] for image in images]
        for name, images in numbers.items()
        if len(images) >= 2
    }
    if len(values) < 2:
        return []
    ps = [_against_the_others(values, name) for name in values]
    adjusted = multipletests(ps, method="holm")[1]
    return [
        ClassQuality(name, mean_of(values[name]), float(p))
        for name, p in zip(values, adjusted, strict=True)
    ]


def _against_the_others(values: dict[str, list[float]], name: str) -> float:
    others = [value for other, of in values.items() if other != name for value in of]
    return float(mannwhitneyu(values[name], others).pvalue)
