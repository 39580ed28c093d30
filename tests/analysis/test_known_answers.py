"""Published results; rows are those of ../shared/known-answers/README.md."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.reproduction.statcheck import inconsistent, printed_tests
from analysis.sections.sample_size import n_per_arm_anova, n_per_arm_t
from analysis.statistics.comparisons.equivalence import equivalence
from analysis.statistics.comparisons.omnibus import classical_f, kruskal_wallis, welch_anova
from analysis.statistics.comparisons.ranks import cliffs_delta
from analysis.statistics.comparisons.two_factors import tukey
from analysis.statistics.comparisons.two_samples import paired_t, welch_t
from analysis.statistics.effect_sizes import hedges_g
from analysis.statistics.estimate import Groups
from analysis.statistics.reliability import cronbach_alpha
from analysis.study_data.scoring import reverse

CLOSED_FORM = 1e-6  # relative; the README's tolerance


@pytest.fixture(scope="module")
def answers(shared_dir: Path) -> Path:
    return shared_dir / "known-answers"


def groups(path: Path, score: str, by: str) -> Groups:
    table = pd.read_csv(path).dropna(subset=[score])
    return {str(key): rows[score].to_numpy(float) for key, rows in table.groupby(by)}


def test_row_1_the_one_way_f_of_plant_growth_is_that_of_r(answers):
    """R: summary(aov(weight ~ group, PlantGrowth)), ?PlantGrowth."""
    test = classical_f(groups(answers / "datasets_PlantGrowth.csv", "weight", "group"))
    assert test.df == (2, 27)
    assert test.statistic == pytest.approx(4.846088, rel=CLOSED_FORM)
    assert test.p == pytest.approx(0.01590996, rel=CLOSED_FORM)


def test_row_2_the_welch_anova_of_plant_growth_is_that_of_r(answers):
    """R: oneway.test(weight ~ group, PlantGrowth)."""
    test = welch_anova(groups(answers / "datasets_PlantGrowth.csv", "weight", "group"))
    assert test.statistic == pytest.approx(5.180972, rel=CLOSED_FORM)
    assert test.df == pytest.approx((2, 17.128419), rel=CLOSED_FORM)
    assert test.p == pytest.approx(0.0173928, rel=CLOSED_FORM * 3)  # given to six digits


def test_row_4_kruskal_wallis_on_airquality_is_that_of_r(answers):
    """R: kruskal.test(Ozone ~ Month, data = airquality), ?kruskal.test."""
    test = kruskal_wallis(groups(answers / "datasets_airquality.csv", "Ozone", "Month"))
    assert test.statistic == pytest.approx(29.266576, rel=CLOSED_FORM)
    assert test.df == (4,)
    assert test.p == pytest.approx(6.9007e-06, rel=1e-5)  # given to five digits


def test_row_5_welch_t_on_sleep_is_that_of_r(answers):
    """R: t.test(extra ~ group, data = sleep), ?t.test: CI -3.3654832 to 0.2054832."""
    sleep = groups(answers / "datasets_sleep.csv", "extra", "group")
    difference = welch_t(sleep["1"], sleep["2"])
    assert difference.statistic == pytest.approx(-1.860813, rel=CLOSED_FORM)
    assert difference.df == pytest.approx(17.776474, rel=CLOSED_FORM)
    assert difference.p == pytest.approx(0.0793941, rel=CLOSED_FORM)
    assert difference.low == pytest.approx(-3.3654832, rel=CLOSED_FORM)
    assert difference.high == pytest.approx(0.2054832, rel=CLOSED_FORM)


def test_row_5_paired_t_on_sleep_is_that_of_r(answers):
    """R: t.test(Pair(extra.1, extra.2) ~ 1, sleep2), ?t.test: CI -2.4598858 to -0.7001142."""
    sleep = groups(answers / "datasets_sleep.csv", "extra", "group")
    difference = paired_t(sleep["1"], sleep["2"])
    assert difference.statistic == pytest.approx(-4.062128, rel=CLOSED_FORM)
    assert difference.df == 9
    assert difference.p == pytest.approx(0.00283289, rel=CLOSED_FORM)
    assert difference.low == pytest.approx(-2.4598858, rel=CLOSED_FORM)
    assert difference.high == pytest.approx(-0.7001142, rel=CLOSED_FORM)


def test_row_6_two_one_sided_tests_on_sleep_are_those_of_toster(answers):
    """R: TOSTER::t_TOST(extra ~ group, sleep, eqb = .5), vignette IntroTOSTt."""
    sleep = groups(answers / "datasets_sleep.csv", "extra", "group")
    found = equivalence(sleep["1"], sleep["2"], 0.5)
    assert found.lower.t == pytest.approx(-1.271948, rel=CLOSED_FORM)
    assert found.lower.p == pytest.approx(0.890110, rel=CLOSED_FORM)
    assert found.upper.t == pytest.approx(-2.449678, rel=CLOSED_FORM)
    assert found.df == pytest.approx(17.776474, rel=CLOSED_FORM)
    assert found.p == found.lower.p


def test_row_8_tukey_on_warpbreaks_beside_wool_is_that_of_r(answers):
    """R: TukeyHSD(aov(breaks ~ wool + tension, warpbreaks), "tension"), ?TukeyHSD."""
    table = pd.read_csv(answers / "datasets_warpbreaks.csv")
    table = table.rename(columns={"breaks": "score", "tension": "a", "wool": "b"})
    pairs = {
        frozenset((pair.arm, pair.reference)): pair.difference
        for pair in tukey(table, crossed=False, robust=False)
    }
    expected = {"ML": (10.0, 0.0336262), "HL": (14.7222, 0.0011218), "HM": (4.7222, 0.4474210)}
    for pair, (difference, p) in expected.items():
        found = pairs[frozenset(pair)]
        assert abs(found.value) == pytest.approx(difference, abs=5e-5)
        assert found.p == pytest.approx(p, abs=5e-8)
        assert (found.high - found.low) / 2 == pytest.approx(9.353421, rel=CLOSED_FORM)


def test_row_15_alpha_of_attitude_is_that_of_psych(answers):
    """R: psych::alpha(attitude), ?alpha: raw alpha .84; Feldt's interval .739 to .916."""
    alpha = cronbach_alpha(pd.read_csv(answers / "datasets_attitude.csv").drop(columns="rownames"))
    assert alpha.value == pytest.approx(0.84314277, rel=CLOSED_FORM)
    assert (round(alpha.low, 3), round(alpha.high, 3)) == (0.739, 0.916)


BFI = {  # scale: pairwise alpha, listwise alpha
    "A": (0.7030, 0.7038),
    "C": (0.7267, 0.7293),
    "E": (0.7617, 0.7609),
    "N": (0.8140, 0.8133),
    "O": (0.6002, 0.6025),
}
REVERSED = ("A1", "C4", "C5", "E1", "E2", "O2", "O5")


@pytest.mark.parametrize("scale", BFI)
@pytest.mark.parametrize("missing", ["pairwise", "listwise"])
def test_row_16_alpha_of_bfi_with_reversed_items_is_that_of_psych(answers, scale, missing):
    """R: psych::scoreItems on bfi with keys, ?bfi; items run from 1 to 6."""
    names = [f"{scale}{number}" for number in range(1, 6)]
    codebook = pd.DataFrame(
        {"item": names, "reversed": [int(n in REVERSED) for n in names], "minimum": 1, "maximum": 6}
    )
    items = reverse(pd.read_csv(answers / "psych_bfi.csv")[names], codebook)
    alpha = cronbach_alpha(items, missing)
    assert round(alpha.value, 4) == BFI[scale][missing == "listwise"]
    assert alpha.low < alpha.value < alpha.high


def test_row_16_without_reversal_alpha_is_another(answers):
    """The control: the codebook's reversed flag is what makes the row above come out."""
    items = pd.read_csv(answers / "psych_bfi.csv")[[f"A{number}" for number in range(1, 6)]]
    assert cronbach_alpha(items, "pairwise").value < 0.5


def test_row_21_cliffs_delta_is_that_of_effsize():
    """R: effsize::cliff.delta, the example of ?cliff.delta."""
    treatment = np.array([10.0, 10, 20, 20, 20, 30, 30, 30, 40, 50])
    control = np.array([10.0, 20, 30, 40, 40, 50])
    delta = cliffs_delta(treatment, control)
    assert delta.value == pytest.approx(-0.25, rel=CLOSED_FORM)
    assert delta.low == pytest.approx(-0.72658459, rel=CLOSED_FORM)
    assert delta.high == pytest.approx(0.38900619, rel=CLOSED_FORM)


def test_row_22_hedges_g_of_sleep(answers):
    """R: effsize::cohen.d(extra ~ group, sleep, hedges.correction = TRUE): -.797."""
    sleep = groups(answers / "datasets_sleep.csv", "extra", "group")
    g = hedges_g(sleep["1"], sleep["2"])
    assert g.value == pytest.approx(-0.797018, rel=CLOSED_FORM)
    assert g.low < g.value < g.high
    assert hedges_g(sleep["2"], sleep["1"]).value == pytest.approx(-g.value)
    assert np.isclose(hedges_g(sleep["2"], sleep["1"]).high, -g.low)


def test_row_23_the_sample_for_a_t_test_is_that_of_pwr():
    """R: pwr.t.test(d = .5, power = .8)."""
    assert n_per_arm_t(0.5, 0.8) == pytest.approx(63.765611, rel=CLOSED_FORM)


def test_row_24_the_sample_for_an_anova_is_that_of_pwr_and_per_group():
    """R: pwr.anova.test(k = 4, f = .25, power = .8); statsmodels alone gives all four groups."""
    assert n_per_arm_anova(4, 0.25, 0.8) == pytest.approx(44.599274, rel=CLOSED_FORM)


SLIPS = [  # as printed; the right p; the p with one numerator df
    ("F(11,72)=2.586 p=.112", 0.0079, 0.1122),
    ("F(11,72)=0.235 p=.630", 0.994, 0.6293),
    ("t(472)=2.530, p<.001", 0.0117, None),
    ("t(472)=4.040, p=.012", 6.2e-05, None),
]


@pytest.mark.parametrize(("printed", "p", "one_df"), SLIPS)
def test_row_38_the_slips_of_a_published_paper_are_flagged(printed, p, one_df):
    """The strings of the paper's source, content.tex of the alienzoo study."""
    (found,) = inconsistent(printed)
    assert found.p == pytest.approx(p, rel=0.01)
    assert (found.one_df is None) == (one_df is None)
    if one_df is not None:
        assert round(found.one_df, 4) == one_df


def test_row_38_what_the_same_paper_printed_right_is_not_flagged():
    """Negative control: the paper's other tests, F and p as printed."""
    right = "F(11,792) = 2.119, p = .017; F(11,792) = 7.585, p < .001; F(11,792) = 0.897, p = .543"
    assert len(list(printed_tests(right))) == 3
    assert inconsistent(right) == []
