"""Figures of a classifier by class and by group."""

import json

import numpy as np
import pytest

from explanations.classifier.by_group import by_class, by_group, calibration_error
from explanations.classifier.evaluation import score

NAMES = ("cat", "dog", "frog")


def predictions(answers, confidence=0.8):
    """Probabilities with ``confidence`` for each answer and the rest shared."""
    rows = np.full((len(answers), 3), (1 - confidence) / 2)
    rows[np.arange(len(answers)), answers] = confidence
    return rows


def test_recall_precision_and_confidence_of_each_class():
    labels = np.array([0] * 10 + [1] * 10)
    answers = [0] * 9 + [1] + [1] * 5 + [2] * 5
    cat, dog = by_class(predictions(answers), labels, NAMES)
    assert (cat.group, cat.images, cat.recall, cat.precision) == ("cat", 10, 0.9, 1.0)
    assert (dog.group, dog.recall) == ("dog", 0.5)
    assert dog.precision == pytest.approx(5 / 6)
    assert cat.confidence == pytest.approx(0.8)
    assert cat.calibration_error == pytest.approx(0.1)
    # R: prop.test(9, 10, correct = FALSE)$conf.int gives 0.5958500 0.9821238 (Wilson).
    assert (cat.recall_low, cat.recall_high) == pytest.approx((0.59585, 0.98212), abs=1e-5)
    # R: fisher.test(matrix(c(9, 1, 5, 5), 2))$p.value gives 0.1408669.
    assert cat.p == pytest.approx(0.1408669, abs=1e-6)
    # Holm: two equal p are doubled.
    assert cat.p_holm == pytest.approx(2 * cat.p)


def test_any_group_of_images_can_be_compared_and_has_no_precision():
    labels = np.array([0, 1] * 20)
    answers = list(labels[:20]) + [2] * 20
    day, night = by_group(predictions(answers), labels, ["day"] * 20 + ["night"] * 20)
    assert (day.recall, night.recall) == (1.0, 0.0)
    assert day.precision is None
    assert day.p_holm < 0.001
    # The control: the same errors divided evenly between the groups.
    even = by_group(predictions(answers), labels, ["day", "night"] * 10 + ["day", "night"] * 10)
    assert even[0].p_holm == 1


def test_the_calibration_error_of_known_bins():
    confidences = np.array([0.95] * 10 + [0.55] * 10)
    right = np.array([True] * 9 + [False] + [True] * 2 + [False] * 8)
    assert calibration_error(confidences, right) == pytest.approx((0.05 + 0.35) / 2)
    assert calibration_error(np.ones(4), np.ones(4, dtype=bool)) == 0


def test_a_comparison_needs_two_groups_and_as_many_labels_as_images():
    with pytest.raises(ValueError, match="at least two"):
        by_group(predictions([0, 1]), np.array([0, 1]), ["all", "all"])
    with pytest.raises(ValueError, match="one of each per image"):
        by_group(predictions([0, 1]), np.array([0]), ["a", "b"])


def test_the_card_of_a_classifier_has_the_figures_of_each_class():
    labels = np.array([0] * 10 + [1] * 10)
    answers = [0] * 9 + [1] + [1] * 5 + [2] * 5
    figures = score(predictions(answers), labels, NAMES).as_dict()
    assert [row["group"] for row in figures["by_class"]] == ["cat", "dog"]
    assert [row["recall"] for row in figures["by_class"]] == [0.9, 0.5]
    assert json.loads(json.dumps(figures)) == figures
    # The control: without names the classes are numbers, and a single class has no comparison.
    assert score(predictions(answers), labels).by_class[1].group == "1"
    assert score(predictions([0, 0]), np.array([0, 0]), NAMES).by_class == []


def test_a_card_has_the_groups_of_the_manifest_and_leaves_images_without_one_out():
    labels = np.array([0, 1] * 20)
    answers = list(labels[:20]) + [2] * 20
    groups = ["day"] * 18 + ["", ""] + ["night"] * 20
    figures = score(predictions(answers).astype(np.float32), labels, NAMES, groups)
    assert [(row.group, row.images) for row in figures.by_group] == [("day", 18), ("night", 20)]
    assert [row.recall for row in figures.by_group] == [1.0, 0.0]
    alone = score(predictions(answers).astype(np.float32), labels, NAMES, ["day"] * 40)
    assert alone.by_group == []
    assert score(predictions(answers).astype(np.float32), labels, NAMES).by_group == []
