"""Two factors between participants, and aligned ranks."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.anova import anova_lm

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.two_factors import (
    EFFECTS,
    aligned,
    aligned_ranks_test,
    effect_test,
    partial_eta_squared,
    tukey,
)


def table(seed=0, sizes=((6, 9), (12, 5), (8, 8)), a=(0, 0, 0), b=(0, 0), skew=False):
    rng = np.random.default_rng(seed)
    rows = []
    for i, row in enumerate(sizes):
        for j, n in enumerate(row):
            noise = rng.exponential(1, n) if skew else rng.normal(0, 1, n)
            rows += [(f"arm{i}", f"level{j}", a[i] + b[j] + one) for one in noise]
    return pd.DataFrame(rows, columns=["a", "b", "score"])


NAMES = {"a": "C(a, Sum)", "b": "C(b, Sum)", "a:b": "C(a, Sum):C(b, Sum)"}


@pytest.mark.parametrize("robust", [False, True])
def test_unbalanced_effects_are_statsmodels_type_three(robust):
    data = table(a=(0, 0.5, 1))
    fit = smf.ols("score ~ C(a, Sum) * C(b, Sum)", data).fit()
    expected = anova_lm(fit, typ=3, robust="hc3" if robust else None)
    for effect, name in NAMES.items():
        found = effect_test(data, effect, robust=robust)
        assert found.statistic == pytest.approx(expected.loc[name, "F"])
        assert found.p == pytest.approx(expected.loc[name, "PR(>F)"])


def test_alignment_takes_out_every_other_effect():
    data = table(a=(0, 2, 4), b=(0, 5))
    for effect in EFFECTS:
        values = aligned(data, effect)
        cells = values.groupby([data["a"], data["b"]]).mean().unstack()
        means = {
            "a": cells.mean(axis=1) - cells.to_numpy().mean(),
            "b": cells.mean(axis=0) - cells.to_numpy().mean(),
        }
        assert cells.to_numpy().mean() == pytest.approx(0, abs=1e-9)
        for other in {"a", "b"} - {effect}:
            assert means[other].to_numpy() == pytest.approx(0, abs=1e-9)


def test_aligned_ranks_are_the_full_model_on_ranks_of_the_aligned_scores():
    data = table(a=(0, 1, 1), skew=True)
    for effect, name in NAMES.items():
        ranks = data.assign(score=stats.rankdata(aligned(data, effect).round(10)))
        fit = smf.ols("score ~ C(a, Sum) * C(b, Sum)", ranks).fit()
        expected = anova_lm(fit, typ=3).loc[name]
        found = aligned_ranks_test(data, effect)
        assert (found.statistic, found.p) == pytest.approx((expected["F"], expected["PR(>F)"]))


def test_a_main_effect_does_not_leak_into_the_aligned_interaction():
    """300 tables with a huge effect of a and none of the interaction: 15 false expected, SD 3.8."""
    false = sum(
        aligned_ranks_test(table(seed, ((10, 10), (10, 10)), a=(0, 5)), "a:b").p < 0.05
        for seed in range(300)
    )
    assert 4 <= false <= 27


def test_partial_eta_squared_is_the_share_of_effect_and_error():
    data = table(a=(0, 1, 2))
    expected = anova_lm(smf.ols("score ~ C(a, Sum) * C(b, Sum)", data).fit(), typ=3)["sum_sq"]
    found = partial_eta_squared(effect_test(data, "a", robust=False))
    share = expected["C(a, Sum)"] / (expected["C(a, Sum)"] + expected["Residual"])
    assert found.value == pytest.approx(share)
    assert found.low < found.value < found.high


def test_tukey_compares_marginal_means_that_weigh_levels_alike():
    data = table(a=(0, 1, 3), b=(0, 2))
    cells = data.groupby(["a", "b"])["score"].mean().unstack().mean(axis=1)
    for pair in tukey(data):
        expected = cells[pair.arm] - cells[pair.reference]
        assert pair.difference.value == pytest.approx(expected)


def test_an_empty_cell_and_a_single_level_are_named():
    data = table()
    with pytest.raises(
        NotEstimableError, match="needs participants, but there are none in arm0 × level1"
    ):
        effect_test(data[(data["a"] != "arm0") | (data["b"] != "level1")], "a")
    with pytest.raises(NotEstimableError, match="two levels of each factor"):
        effect_test(data[data["b"] == "level0"], "a")


def test_a_cell_of_one_has_no_robust_error():
    with pytest.raises(NotEstimableError, match="a cell has a single participant"):
        effect_test(table(sizes=((6, 1), (6, 6))), "a")


def test_scores_that_do_not_vary_within_cells_are_refused():
    data = table()
    with pytest.raises(NotEstimableError, match="do not vary within the cells"):
        effect_test(data.assign(score=data["a"].str[-1].astype(float)), "a")
