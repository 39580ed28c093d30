"""The classifier and its maps compared between classes and between groups of images."""

import re

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from explanations.evaluation.cases import Case
from explanations.evaluation.fairness import FEWEST, divisions
from explanations.evaluation.measuring import Raw
from explanations.evaluation.reporting import labels_of, render
from explanations.evaluation.summary import summarise

NAMES = ("cat", "dog", "frog")
IMAGE = np.zeros((2, 2, 3), dtype=np.uint8)


def cases(count=30, group=lambda number: ""):
    """Images of three classes in turn; of the cats, every second prediction is wrong."""
    return [
        Case(
            IMAGE,
            number % 3,
            1 if number % 6 == 0 else number % 3,
            f"image {number}",
            confidence=0.9,
            group=group(number),
        )
        for number in range(count)
    ]


def raw(some, worse=None):
    """ROAD of two methods by chance; the maps of the class ``worse`` by Grad-CAM are bad."""
    chance = np.random.default_rng(3)
    table = {
        case.sha256: {
            "gradcam": chance.normal() - 5 * (worse is not None and NAMES[case.label] == worse),
            "lime": chance.normal(),
            "random": chance.normal(),
        }
        for case in some
    }
    return Raw(some, some[:4], {"road": table, "max_sensitivity": table}, {}, {})


def test_the_classifier_is_compared_between_classes():
    (division,) = divisions(raw(cases()), ("gradcam", "lime"), NAMES)
    assert division.by == "class"
    cat, dog, frog = division.classifier
    assert (cat.group, cat.images, cat.recall) == ("cat", 10, 0.5)
    assert (dog.recall, frog.recall) == (1.0, 1.0)
    assert dog.precision == pytest.approx(10 / 15)
    assert cat.confidence == pytest.approx(0.9)


def test_worse_maps_of_a_class_are_found_and_alike_ones_are_not():
    (found,) = divisions(raw(cases(60), worse="dog"), ("gradcam", "lime"), NAMES)
    (road,) = found.maps
    assert road.key == "road"  # a subsample is not compared
    clear = {(row.method, row.group) for row in road.rows if row.p_holm < 0.05}
    assert ("gradcam", "dog") in clear
    assert {method for method, _ in clear} == {"gradcam"}
    (row,) = [row for row in road.rows if (row.method, row.group) == ("gradcam", "dog")]
    assert row.difference.high < 0
    # The control: without a difference, none is found.
    (alike,) = divisions(raw(cases(60)), ("gradcam", "lime"), NAMES)
    assert all(row.p_holm > 0.05 for row in alike.maps[0].rows)


def test_p_is_adjusted_over_methods_and_classes():
    some = raw(cases(60), worse="dog")
    (division,) = divisions(some, ("gradcam", "lime"), NAMES)
    rows = division.maps[0].rows
    assert len(rows) == 2 * 3
    by_class = {name: [] for name in NAMES}
    for case in some.cases:
        by_class[NAMES[case.label]].append(some.measures["road"][case.sha256]["lime"])
    (cat,) = [row for row in rows if (row.method, row.group) == ("lime", "cat")]
    expected = mannwhitneyu(by_class["cat"], by_class["dog"] + by_class["frog"]).pvalue
    assert cat.p == pytest.approx(expected)
    smallest = min(rows, key=lambda row: row.p)
    assert smallest.p_holm == pytest.approx(6 * smallest.p)


def test_groups_of_the_manifest_are_compared_without_images_that_have_none():
    some = cases(40, group=lambda number: ("day", "night", "", "night")[number % 4])
    by_class, by_group = divisions(raw(some), ("gradcam",), NAMES)
    assert (by_class.by, by_group.by) == ("class", "group")
    assert [(row.group, row.images) for row in by_group.classifier] == [("day", 10), ("night", 20)]
    assert {row.precision for row in by_group.classifier} == {None}
    assert {row.value.n for row in by_group.maps[0].rows} == {10, 20}


def test_few_images_and_a_single_class_are_not_compared():
    few = cases(3 * (FEWEST - 1))
    assert divisions(raw(few), ("gradcam",), NAMES)[0].maps == []
    alone = [case for case in cases() if case.label == 1]
    assert divisions(raw(alone), ("gradcam",), NAMES) == []


def test_the_report_prints_what_differs():
    some = cases(60, group=lambda number: ("day", "night")[number % 2])
    data = raw(some, worse="dog")
    data = Raw(data.cases, data.subsample, {"road": data.measures["road"]}, {}, {})
    summary = summarise(data, ("gradcam", "lime"), NAMES)
    about = {"data": "pets", "split": "test"}
    page = render(summary, about, {"agreement": b"", "faithfulness": b""}, labels_of(summary))
    for place in ('id="by-class"', 'id="by-group"', "Grad-CAM of dog", "ROAD by group"):
        assert place in page
    # Without classes and groups, there is nothing to compare.
    alone = Raw(cases(60), [], {"road": data.measures["road"]}, {}, {})
    summary = summarise(alone, ("gradcam",))
    page = render(summary, about, {"agreement": b""}, labels_of(summary))
    assert not re.search('id="by-(class|group)"', page)
