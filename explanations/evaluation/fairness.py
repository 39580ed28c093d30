"""The classifier and its maps compared between classes, and between groups of images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import mannwhitneyu
from statsmodels.stats.multitest import multipletests

from explanations.classifier.by_group import GroupFigures, figures_by_group
from explanations.evaluation.catalogue import MEASURES
from explanations.evaluation.measuring import Raw
from explanations.evaluation.resumable_lines import Values
from explanations.evaluation.statistics import Mean, difference_of, mean_of

FEWEST = 5
"""Images of a class or group from which its maps are compared with the others."""


@dataclass(frozen=True)
class GroupQuality:
    """A measure of a method's maps of the images of one class or group."""

    method: str
    group: str
    value: Mean
    difference: Mean
    """Mean of these images minus the mean of all other images."""
    p: float
    """Two-sided p of the Mann-Whitney test of these images against all others."""
    p_holm: float
    """p adjusted for all methods and groups of the measure (Holm 1979)."""


@dataclass(frozen=True)
class MeasureByGroup:
    """The rows of a measure, by method and group."""

    key: str
    label: str
    rows: Sequence[GroupQuality]


@dataclass(frozen=True)
class Division:
    """The images divided by class, or by their group in the set's manifest."""

    by: str
    """"class" or "group"."""
    classifier: Sequence[GroupFigures]
    maps: Sequence[MeasureByGroup]


def divisions(raw: Raw, methods: Sequence[str], class_names: Sequence[str]) -> list[Division]:
    """Compare classes, and groups if the images have any. A single class or group is left out.

    The classifier is compared only if the cases have its confidence.
    """
    by: dict[str, dict[str, str]] = {"group": {c.sha256: c.group for c in raw.cases if c.group}}
    if class_names:
        by = {"class": {c.sha256: class_names[c.label] for c in raw.cases}, **by}
    return [
        Division(
            name,
            _classifier(raw, groups, class_names if name == "class" else ()),
            _maps(raw, methods, groups),
        )
        for name, groups in by.items()
        if len(set(groups.values())) > 1
    ]


def _classifier(
    raw: Raw, groups: Mapping[str, str], class_names: Sequence[str]
) -> list[GroupFigures]:
    cases = [case for case in raw.cases if case.sha256 in groups]
    confidences = [case.confidence for case in cases if case.confidence is not None]
    if len(confidences) < len(cases):
        return []
    return figures_by_group(
        np.array([case.predicted for case in cases]),
        np.array(confidences),
        np.array([case.label for case in cases]),
        [groups[case.sha256] for case in cases],
        class_names,
    )


def _maps(raw: Raw, methods: Sequence[str], groups: Mapping[str, str]) -> list[MeasureByGroup]:
    measured = []
    for measure in MEASURES:
        # A subsample has too few images of each class for a comparison.
        table = raw.measures.get(measure.key, {})
        if measure.explains_again or not table:
            continue
        if rows := _rows(table, methods, groups):
            measured.append(MeasureByGroup(measure.key, measure.label, rows))
    return measured


def _rows(
    table: Mapping[str, Values], methods: Sequence[str], groups: Mapping[str, str]
) -> list[GroupQuality]:
    compared = []
    for method in methods:
        by_group: dict[str, list[float]] = {}
        for image, values in sorted(table.items()):
            if image in groups and method in values:
                by_group.setdefault(groups[image], []).append(values[method])
        for name, own in sorted(by_group.items()):
            others = [value for other, of in by_group.items() if other != name for value in of]
            if min(len(own), len(others)) >= FEWEST:
                p = float(mannwhitneyu(own, others).pvalue)
                compared.append((method, name, own, others, p))
    if not compared:
        return []
    adjusted = multipletests([p for *_, p in compared], method="holm")[1]
    return [
        GroupQuality(method, name, mean_of(own), difference_of(own, others), p, float(holm))
        for (method, name, own, others, p), holm in zip(compared, adjusted, strict=True)
    ]
