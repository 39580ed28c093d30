"""Printed tests recomputed, and samples needed."""

import numpy as np
import pytest

from analysis.errors import NotEstimableError, ReportError
from analysis.reproduction.statcheck import inconsistent, printed_tests
from analysis.run import analyse
from analysis.sections.sample_size import n_per_arm_anova, n_per_arm_t


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("F(2, 17.13) = 5.18, p = .017", True),
        ("F(2, 17.13) = 5.18, p = .027", False),
        ("<i>F</i>(2,\N{NO-BREAK SPACE}17.13) = 5.18, <i>p</i>\N{NO-BREAK SPACE}= .017", True),
        ("t(9) = \N{MINUS SIGN}4.06, p = .003", True),
        ("z = 1.96, p = .050", True),
        ("χ²(4) = 29.27, p &lt; .001", True),
        ("χ²(4) = 2.27, p < .001", False),
        ("H(4) = 0.10, p > .999", False),
        ("H(4) = 0.01, p > .999", True),
    ],
)
def test_a_printed_p_is_held_against_its_statistic(text, fine):
    assert len(list(printed_tests(text))) == 1
    assert (inconsistent(text) == []) == fine


def test_rounding_of_the_statistic_is_allowed_for():
    """F = 4.00 may be anything from 3.995 to 4.005: p .0548 to .0551, both print as .055."""
    assert inconsistent("F(1, 30) = 4.00, p = .055") == []
    assert inconsistent("F(1, 30) = 4.00, p = .056")


def test_a_sentence_without_a_test_is_none():
    assert list(printed_tests("The mean is 3.2, p below .05, F of nothing, r = .31")) == []


def test_a_report_that_contradicts_itself_is_not_written(folder, tmp_path, monkeypatch):
    page = "<p>F(2, 9.00) = 5.00, p = .500</p>"
    monkeypatch.setattr("analysis.run.render_report", lambda *_: page)
    with pytest.raises(ReportError, match=r"p is 0\.03465, not as printed"):
        analyse(folder, tmp_path / "out")
    assert not (tmp_path / "out" / "report.html").exists()


def test_a_larger_effect_needs_fewer_people():
    needed = [n_per_arm_t(d, 0.9) for d in (0.2, 0.5, 0.8)]
    assert needed == sorted(needed, reverse=True)
    assert n_per_arm_t(-0.5, 0.8) == n_per_arm_t(0.5, 0.8)


def test_a_huge_effect_still_has_an_answer():
    assert 2 < n_per_arm_anova(3, 1.5, 0.9) < 6


@pytest.mark.parametrize(("effect", "power"), [(0.0, 0.8), (0.5, 1.0), (0.5, 0.0)])
def test_no_effect_or_certainty_needs_no_finite_sample(effect, power):
    with pytest.raises(NotEstimableError):
        n_per_arm_t(effect, power)
    with pytest.raises(NotEstimableError):
        n_per_arm_anova(4, effect, power)


def test_power_by_simulation_agrees():
    """400 studies of the size found: 320 significant expected, SD 8."""
    from scipy import stats

    n = int(np.ceil(n_per_arm_t(0.5, 0.8)))
    rng = np.random.default_rng(2)
    found = sum(
        stats.ttest_ind(rng.normal(0.5, 1, n), rng.normal(0, 1, n)).pvalue < 0.05
        for _ in range(400)
    )
    assert 295 <= found <= 345
