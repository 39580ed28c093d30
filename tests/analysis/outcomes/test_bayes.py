"""JZS Bayes factors against published values and another program."""

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.report.bayes import ratio
from analysis.run import analyse
from analysis.statistics.comparisons.bayes_factors import MEDIUM, log10_jzs, one_sample, two_samples
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import write_study

SLEEP = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
OTHER = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def test_paired_sleep_gives_the_manual_of_bayesfactor():
    """R's BayesFactor: ttestBF(x = diff) of sleep prints 17.25888."""
    assert 10 ** one_sample(SLEEP - OTHER).log10 == pytest.approx(17.25888, rel=1e-6)


@pytest.mark.parametrize("t", [0.0, 0.7, 2.2, -4.5, 9.0])
@pytest.mark.parametrize(("nx", "ny"), [(20, 20), (5, 60), (500, 480)])
@pytest.mark.parametrize("scale", [MEDIUM, 1.0])
def test_two_samples_as_pingouin_has_them(t, nx, ny, scale):
    expected = float(pingouin.bayesfactor_ttest(t, nx, ny, r=scale))
    own = 10 ** log10_jzs(t, nx * ny / (nx + ny), nx + ny - 2, scale)
    assert own == pytest.approx(expected, rel=2e-3)


def test_a_huge_t_does_not_overflow_and_a_null_is_favoured_without_bound():
    assert 500 < log10_jzs(200.0, 250.0, 998, MEDIUM) < 1000
    nulls = [log10_jzs(0.0, n, 2 * n - 2, MEDIUM) for n in (10, 1000, 100_000)]
    assert nulls == sorted(nulls, reverse=True)
    assert nulls[-1] < -2


def test_it_rests_on_students_t():
    found = two_samples(SLEEP, OTHER)
    assert found.t == pytest.approx(stats.ttest_ind(SLEEP, OTHER).statistic)
    assert (found.df, found.n) == (18, 20)
    assert found.log10 > found.at_other_scales[0] > found.at_other_scales[1]


def test_scores_without_spread_have_none():
    with pytest.raises(NotEstimableError, match="do not vary within either sample"):
        two_samples(np.ones(5), np.zeros(5))
    with pytest.raises(NotEstimableError, match="paired differences equal 1, so they have no"):
        one_sample(np.ones(5))


def test_they_are_printed_to_what_they_are_worth():
    texts = [ratio(x) for x in (np.log10(17.25888), 0.0, np.log10(0.0342), 6.38, -9.0)]
    assert texts == ["17.3", "1.00", "0.0342", "2.4 × 10⁶", "< 0.00001"]


def test_a_plan_with_bayes_has_them_beside_each_contrast(tmp_path):
    folder = write_study(
        tmp_path / "data", arms=THREE_ARMS, per_arm=20, seed=2, trust={"gradcam": 2.0}
    )
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text() + "\n[bayes]\nscale = 0.707\n")
    results = analyse(folder, tmp_path / "out")
    by_arm = {one.label: one.factor for one in results.optional_sections["bayes"]["trust"]}
    scores = pd.read_csv(tmp_path / "out" / "scores.csv")
    arms = [scores.loc[scores["arm"] == arm, "trust"].to_numpy() for arm in ("gradcam", "none")]
    assert by_arm["Grad-CAM"] == two_samples(*arms, 0.707)
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Bayes factors (JZS, prior scale .707): the strongest evidence for a" in report
    assert "Trust in the classifier: Bayes factors of the simple contrasts" in report


def test_a_plan_without_them_has_none(planted_results):
    assert planted_results.optional_sections == {}
