"""What the report says of an arm with a single score, and of rows that a plan selects."""

from types import SimpleNamespace

import numpy as np
import pytest

from analysis.outcomes.fallbacks import Refusal
from analysis.report.fallback_sentences import stands_in
from analysis.report.render import _environment
from analysis.statistics.descriptives import summarise
from analysis.study_data.rows_in_words import contrast_words, rows_words


@pytest.mark.parametrize(
    ("scores", "cells"),
    [
        ([34 / 7], ("4.86", "no interval: a single score")),
        ([3.5, 3.5], ("3.50", "no interval: all scores are equal")),
    ],
)
def test_a_mean_without_an_interval_is_shown_with_the_reason_beside_it(scores, cells):
    macros = _environment().get_template("macros.html").module
    html = str(macros.mean_cells(summarise("none", "No map", np.array(scores))))
    mean, reason = cells
    assert f"<td>{mean}</td>" in html
    assert reason in html
    assert "4.857" not in html


def test_an_arm_without_scores_has_the_reason_alone():
    html = str(_environment().get_template("macros.html").module.mean_cells(
        summarise("none", "No map", np.array([]))
    ))  # fmt: skip
    assert "not estimable: there are no scores" in html


def test_a_fallback_refused_for_the_same_reason_does_not_repeat_it():
    reason = "at least 2 scores per arm are needed, but “No map” has 1"
    refused = tuple(Refusal(key, key, reason) for key in ("one", "two"))
    said = " ".join(stands_in(SimpleNamespace(refused=refused, fallback=None)))
    assert said.count(reason) == 1
    assert "Its fallback, two, has no test either, for the same reason." in said


def test_selected_rows_are_named_without_the_words_of_programs():
    assert rows_words({"prediction_correct": 0}) == "whose prediction was wrong"
    where = {"prediction_correct": 1, "block": 2, "method": "gradcam"}
    assert (
        rows_words(where) == "whose prediction was right and in block 2 and with method = gradcam"
    )
    assert rows_words({}) == ""
    assert contrast_words("prediction_correct", "1", "0") == "right prediction − wrong prediction"
    assert contrast_words("block", "2", "1") == "block = 2 − 1"
