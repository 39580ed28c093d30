"""McDonald's omega, floor, ceiling and straight lines."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.multivariate.factor import Factor

from analysis.errors import NotEstimableError
from analysis.statistics.reliability import cronbach_alpha, omega_total, one_factor
from analysis.statistics.response_quality import ceiling_share, floor_share, straight_line_share
from analysis.study_data.study_data import read_study
from tests.analysis.tidy import edit

LOADINGS = np.array([0.5, 0.8, 1.1, 0.7, 0.9])


def items(seed=0, n=200, noise=1.0, loadings=LOADINGS):
    rng = np.random.default_rng(seed)
    values = np.outer(rng.normal(size=n), loadings) + rng.normal(0, noise, (n, len(loadings)))
    return pd.DataFrame(values, columns=[f"i{j}" for j in range(len(loadings))])


@pytest.mark.parametrize("seed", range(4))
def test_loadings_are_those_of_statsmodels_factor(seed):
    data = items(seed)
    expected = np.abs(Factor(data, n_factor=1, method="ml").fit().loadings[:, 0])
    found = one_factor(data.cov().to_numpy())
    assert np.abs(found.loadings / data.std().to_numpy()) == pytest.approx(expected, abs=2e-4)


def test_row_15s_scale_has_the_omega_of_its_one_factor(shared_dir):
    """attitude again; the loadings are statsmodels', the formula McDonald's (1999)."""
    data = pd.read_csv(shared_dir / "known-answers" / "datasets_attitude.csv").drop(
        columns="rownames"
    )
    fit = Factor(data, n_factor=1, method="ml").fit()
    loadings = np.abs(fit.loadings[:, 0]) * data.std().to_numpy()
    rest = ((1 - fit.loadings[:, 0] ** 2) * data.var().to_numpy()).sum()
    omega = omega_total(data)
    assert omega.value == pytest.approx(
        loadings.sum() ** 2 / (loadings.sum() ** 2 + rest), rel=1e-5
    )
    assert omega.low < omega.value < omega.high < 1


def test_with_equal_loadings_omega_is_about_alpha_and_with_unequal_ones_above_it():
    equal = items(n=2000, loadings=np.full(5, 0.8))
    assert omega_total(equal).value == pytest.approx(cronbach_alpha(equal).value, abs=0.004)
    unequal = items(n=2000, loadings=np.array([0.2, 0.3, 1.5, 1.5, 0.2]))
    assert omega_total(unequal).value > cronbach_alpha(unequal).value + 0.02


@pytest.mark.parametrize(
    ("samples", "fewest", "most"),
    [(60, 52, 59), pytest.param(300, 272, 296, marks=pytest.mark.nightly)],
)
def test_the_interval_holds_the_true_omega_ninety_five_times_in_a_hundred(samples, fewest, most):
    """60 samples of 150: 57 expected, SD 1.7; 300: 285, SD 3.8."""
    true = LOADINGS.sum() ** 2 / (LOADINGS.sum() ** 2 + len(LOADINGS))
    found = [omega_total(items(seed, 150)) for seed in range(samples)]
    assert fewest <= sum(one.low <= true <= one.high for one in found) <= most


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (items(loadings=np.array([1.0, 1.0])), "three items, but the scale has 2"),
        (items(n=4), "more participants than its 5 items"),
        (items().assign(i2=3.0), "same answer to i2"),
        (items().assign(i4=lambda f: f["i0"] + f["i1"]), "a sum of others"),
    ],
)
def test_a_scale_without_an_omega_says_why(data, message):
    with pytest.raises(NotEstimableError, match=message):
        omega_total(data)


def test_a_heywood_case_is_refused_not_printed():
    correlation = np.array([[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]])
    with pytest.raises(NotEstimableError, match="Heywood"):
        one_factor(correlation)


def test_floor_ceiling_and_straight_lines_are_shares_of_people():
    scores = pd.Series([1.0, 1.0, 4.0, 7.0, np.nan])
    assert (floor_share(scores, 1, 0.95).value, ceiling_share(scores, 7, 0.95).value) == (0.5, 0.25)
    raw = pd.DataFrame({"a": [4, 4, 1.0], "b": [4, 3, np.nan], "c": [4, 4, 1]})
    line = straight_line_share(raw, 0.95)
    assert (line.value, line.n) == (0.5, 2)
    assert 0 < line.low < line.value < line.high < 1


def test_straight_lines_are_seen_before_reversal_and_by_arm(folder):
    def click_four(frame):
        frame.loc[(frame["arm"] == "none") & frame["item"].str.startswith("trust"), "value"] = "2"
        return frame

    from analysis.sections.instruments import instruments

    scales = instruments(read_study(edit(folder, "answers.csv", click_four)))
    trust = next(scale for scale in scales if scale.scale == "trust")
    by_arm = {arm.arm: arm for arm in trust.arms}
    assert by_arm["none"].straight_lined.value == 1
    assert by_arm["gradcam"].straight_lined.value < 1
    assert trust.straight_lined.n == 12
