"""Two factors between participants, and aligned ranks."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.anova import anova_lm

from analysis.errors import NotEstimableError
from analysis.figures.by_level import factorial_drawings
from analysis.outcomes.factorial import Factorial
from analysis.report.level_sentences import level_sentences
from analysis.statistics.comparisons.two_factors import (
    EFFECTS,
    aligned,
    aligned_ranks_test,
    effect_test,
    partial_eta_squared,
    simple_effects,
    tukey,
)
from analysis.statistics.estimate import Estimate, NotEstimable
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from tests.analysis import tidy
from tests.daily import daily


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


@pytest.mark.nightly
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


GUINEA_PIGS = (
    "4.2 11.5 7.3 5.8 6.4 10 11.2 11.2 5.2 7 16.5 16.5 15.2 17.3 22.5 17.3 13.6 14.5 18.8 "
    "15.5 23.6 18.5 33.9 25.5 26.4 32.5 26.7 21.5 23.3 29.5 15.2 21.5 17.6 9.7 14.5 10 8.2 "
    "9.4 16.5 9.7 19.7 23.3 23.6 26.4 20 25.2 25.8 21.2 14.5 27.3 25.5 26.4 22.4 24.5 24.8 "
    "30.9 26.4 27.3 29.4 23 "
)


def tooth_growth() -> pd.DataFrame:
    """R's ToothGrowth (len by supp and dose) without rows 1, 2 and 35: unbalanced cells."""
    scores = [float(word) for word in GUINEA_PIGS.split()]
    cells = [(supp, dose) for supp in ("VC", "OJ") for dose in ("0.5", "1", "2") for _ in range(10)]
    rows = pd.DataFrame(cells, columns=["a", "b"]).assign(score=scores)
    return rows.drop(index=[0, 1, 34]).reset_index(drop=True)


def test_simple_effects_are_those_of_emmeans_with_hc3_errors():
    """emmeans(lm(len ~ supp * dose), ~ supp | dose, vcov. = V), pairs, adjust = "none".

    V is B %*% crossprod(X * (e / (1 - h))) %*% B; the adjusted p are p.adjust(p, "holm").
    """
    found = simple_effects(tooth_growth(), {"a": ["OJ", "VC"], "b": ["0.5", "1", "2"]})
    of_supp = [
        (-5.076388889, 1.899969417, 0.0101021174190, 0.020204234838, "0.5"),
        (-5.930000000, 1.549994026, 0.0003569512991, 0.001070853897, "1"),
        (0.080000000, 1.827796352, 0.9652598152963, 0.965259815296, "2"),
    ]
    of_dose = [
        (9.611111111, 2.113857862, 3.382185402e-05, 6.764370804e-05, "OJ"),
        (12.971111111, 1.884714341, 8.352574534e-09, 3.341029814e-08, "OJ"),
        (3.360000000, 1.575679356, 3.780928233e-02, 3.780928233e-02, "OJ"),
        (8.757500000, 1.242565977, 4.572076267e-09, 2.286038134e-08, "VC"),
        (18.127500000, 1.843522483, 2.282537862e-13, 1.369522717e-12, "VC"),
        (9.370000000, 1.805700849, 3.693221825e-06, 1.107966548e-05, "VC"),
    ]
    assert len(found) == 9
    for one, (value, error, p, adjusted, at) in zip(found, of_supp + of_dose, strict=True):
        assert isinstance(one.difference, Estimate)
        assert one.at == at
        assert one.difference.value == pytest.approx(value, rel=1e-8)
        assert one.difference.value / one.difference.statistic == pytest.approx(error, rel=1e-8)
        assert one.difference.df == 51
        assert (one.difference.p, one.p_adjusted) == pytest.approx((p, adjusted), rel=1e-7)
    first = found[0].difference  # confint(): -8.89 to -1.26
    assert (round(first.low, 2), round(first.high, 2)) == (-8.89, -1.26)


def test_the_interaction_is_the_robust_wald_test_of_r():
    """t(b[i]) %*% solve(V[i, i]) %*% b[i] / 2 of the same fit, by contr.sum."""
    found = effect_test(tooth_growth(), "a:b")
    assert (found.statistic, found.p) == pytest.approx((3.419825133, 0.04039105568), rel=1e-8)


def test_a_simple_effect_between_two_constant_cells_is_not_estimable():
    data = table()
    constant = data["b"].eq("level0") & data["a"].isin(["arm0", "arm1"])
    data = data.assign(score=data["score"].where(~constant, 3.0))
    found = simple_effects(data, {"a": ["arm0", "arm1", "arm2"], "b": ["level0", "level1"]})
    (refused,) = [one for one in found if isinstance(one.difference, NotEstimable)]
    assert (refused.at, refused.level, refused.reference) == ("level0", "arm1", "arm0")
    assert "vary in neither of the two cells" in refused.difference.reason


CROSSED = {
    "plain": "No map, hidden",
    "map": "Map, hidden",
    "sure": "No map, shown",
    "both": "Map, shown",
}
LEVELS = {"plain": "no low", "map": "yes low", "sure": "no high", "both": "yes high"}
PLAN = """
title = "Two by two"
control = "plain"
arms = ["plain", "map", "sure", "both"]
[[outcomes]]
key = "trust"
label = "Trust"
kind = "scale"
scale = "trust"
analysis = "factorial"
factors = ["map", "certainty"]
"""


def crossed(folder, plan=PLAN):
    """Four arms and their levels; a map raises trust where the certainty is hidden."""
    tidy.write_study(folder, arms=CROSSED, trust={"map": 1.5}, per_arm=30, plan=plan)

    def with_levels(people):
        levels = people["arm"].map(LEVELS).str.split(" ")
        return people.assign(map=levels.str[0], certainty=levels.str[1])

    def described(codebook):
        row = codebook[codebook["column"] == "arm"].iloc[[0]]
        return pd.concat(
            [codebook, *(row.assign(column=name) for name in ("map", "certainty"))],
            ignore_index=True,
        )

    tidy.edit(folder, "participants.csv", with_levels)
    return tidy.edit(folder, "codebook.csv", described)


def test_a_two_by_two_study_is_analysed_by_its_factors(tmp_path):
    (outcome,) = tidy.outcomes_of(crossed(tmp_path / "data"))
    found = outcome.found
    assert isinstance(found, Factorial)
    assert (found.factors, found.tested) == (("map", "certainty"), "a:b")
    assert found.test == found.effects["a:b"]
    assert outcome.p_adjusted == found.test.p < 0.01
    assert outcome.summary.model == "score ~ map * certainty, HC3 errors"
    assert outcome.summary.effect == found.sizes["a:b"]
    assert found.cells == dict.fromkeys(("no × high", "no × low", "yes × high", "yes × low"), 30)
    means = {cell.arm: cell.mean.value for cell in found.cell_scores}
    simple = {(one.at, one.level, one.reference): one for one in found.simple_effects}
    # The control's levels come first: differences are against them.
    assert set(simple) == {
        *(("low", "yes", "no"), ("high", "yes", "no")),
        *(("no", "high", "low"), ("yes", "high", "low")),
    }
    for level in ("low", "high"):
        difference = simple[level, "yes", "no"].difference.value
        expected = means[f"yes × {level}"] - means[f"no × {level}"]
        assert difference == pytest.approx(expected)
    assert simple["low", "yes", "no"].p_adjusted < 0.001
    assert simple["high", "yes", "no"].p_adjusted > 0.05


def test_the_cells_have_a_figure_and_a_sentence_on_where_they_differ_most(tmp_path):
    folder = crossed(tmp_path / "data", f'{PLAN}effect = "map"\n')
    results = tidy.results_of(folder)
    (outcome,) = results.outcomes
    drawings = factorial_drawings(outcome, results, score_table(read_study(folder)))
    assert set(drawings) == {"scores-trust", "levels-trust"}
    (axes,) = drawings["levels-trust"]().axes
    lines = {line.get_label(): line for line in axes.lines if line.get_marker() == "o"}
    means = {cell.arm: cell.mean.value for cell in outcome.found.cell_scores}
    assert list(lines["no"].get_ydata()) == [means["no × low"], means["no × high"]]
    first, second = level_sentences(outcome, results)
    assert "largest estimated difference is at “low”, where the mean of “yes” is" in first
    assert "A difference from “no” is shown at 1 of 2 levels: low (exploratory" in first
    # The plan names another effect, so the interaction is told here.
    assert second.startswith("The difference changes with certainty (exploratory, F(1, 116) = ")


@pytest.mark.parametrize(("effect", "tested"), daily([("certainty", "b"), ("map", "a")], 1))
def test_the_plan_names_the_effect_that_is_tested(tmp_path, effect, tested):
    folder = crossed(tmp_path / "data", f'{PLAN}effect = "{effect}"\n')
    (outcome,) = tidy.outcomes_of(folder)
    assert outcome.found.test == outcome.found.effects[tested]
    assert outcome.summary.effect == outcome.found.sizes[tested]


def test_of_arms_crossed_with_a_factor_the_arms_effect_is_tested_by_default(tmp_path):
    plan = PLAN.replace('factors = ["map", "certainty"]', 'factor = "certainty"')
    folder = crossed(tmp_path / "data", plan)
    (outcome,) = tidy.outcomes_of(folder)
    assert outcome.found.factors == ("arm", "certainty")
    assert outcome.found.tested == "a"
    assert outcome.found.second_pairs is None


def test_the_order_of_rows_changes_nothing_but_rounding(tmp_path):
    """The levels' order comes from the plan's arms, not from who took part first."""
    (first,) = tidy.outcomes_of(crossed(tmp_path / "data"))
    folder = tidy.edit(tmp_path / "data", "participants.csv", lambda people: people[::-1])
    (again,) = tidy.outcomes_of(folder)
    for one, other in zip(first.found.simple_effects, again.found.simple_effects, strict=True):
        assert (one.at, one.level, one.reference) == (other.at, other.level, other.reference)
        assert one.difference.p == pytest.approx(other.difference.p, rel=1e-9)
