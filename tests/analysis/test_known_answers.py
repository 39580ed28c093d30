"""Published results; rows are those of ../shared/known-answers/README.md."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.comparisons.omnibus import classical_f, kruskal_wallis, welch_anova
from analysis.comparisons.two_samples import paired_t, welch_t
from analysis.effect_sizes import hedges_g
from analysis.estimate import Groups
from analysis.reliability import cronbach_alpha
from analysis.scoring import reverse

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


def test_row_22_hedges_g_of_sleep(answers):
    """R: effsize::cohen.d(extra ~ group, sleep, hedges.correction = TRUE): -.797."""
    sleep = groups(answers / "datasets_sleep.csv", "extra", "group")
    g = hedges_g(sleep["1"], sleep["2"])
    assert g.value == pytest.approx(-0.797018, rel=CLOSED_FORM)
    assert g.low < g.value < g.high
    assert hedges_g(sleep["2"], sleep["1"]).value == pytest.approx(-g.value)
    assert np.isclose(hedges_g(sleep["2"], sleep["1"]).high, -g.low)
