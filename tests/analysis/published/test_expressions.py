"""Expressions on results.json, against values computed by hand."""

import pytest
from scipy import stats

from analysis.published.expressions import FORMULAS, ExpressionError, read_expression

RESULTS = {
    "study_flow": {"steps": [{"key": "slow", "excluded": {"a": 2, "b": 3}}]},
    "outcomes": [
        {"outcome": {"key": "right"}, "found": {"arms": [
            {"arm": "a", "mean": 0.75, "sd": 0.2, "n": 16},
            {"arm": "b", "mean": 0.5, "sd": 0.1, "n": 25},
        ], "df": [11, 792], "test": None, "worths": [{"method": "cam", "won": 3, "lost": 1}]}},
    ],
}  # fmt: skip
FOUND = "outcomes/right/found"
CASES = [
    ("study_flow/steps/slow/excluded/a", 2),
    ("sum(study_flow/steps/slow/excluded/a, study_flow/steps/slow/excluded/b)", 5),
    (f"percent({FOUND}/arms/b/mean)", 50),
    (f"{FOUND}/df/1", 792),
    (f"share({FOUND}/worths/cam/won, {FOUND}/worths/cam/lost)", 75),
    (f"standard_error({FOUND}/arms/a/sd, {FOUND}/arms/a/n)", 0.05),
    ("percent_half_width(0.2, 0.3)", 5),
    # 1.959964 √(.75 · .25 / 4)
    (f"independent_half_width({FOUND}/worths/cam/won, {FOUND}/worths/cam/lost)", 42.434465),
    ("p_of_t(2.530, 472)", 2 * stats.t.sf(2.530, 472)),
    ("p_of_f(2.586, 1, 72)", 0.1122),
    ("r_of_p(0.05, 60, 40)", 0.1959964),
    ("773.5", 773.5),
]


@pytest.mark.parametrize(("text", "value"), CASES)
def test_an_expression_is_the_number_that_it_names(text, value):
    assert read_expression(text).on(RESULTS) == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("text", ["mean(a/b)", "percent()", "percent(a, b)", "", "p_of_t(2.5)"])
def test_an_expression_that_cannot_be_read_is_refused(text):
    with pytest.raises(ExpressionError):
        read_expression(text)


@pytest.mark.parametrize(
    "path", ["outcomes/wrong/found", f"{FOUND}/arms/c/mean", f"{FOUND}/test", f"{FOUND}/arms", "x"]
)
def test_a_path_that_leads_to_no_number_is_refused(path):
    with pytest.raises(ExpressionError):
        read_expression(path).on(RESULTS)


def test_every_formula_is_compared_with_a_number_above():
    used = {read_expression(text).formula for text, _ in CASES}
    assert used == set(FORMULAS)
