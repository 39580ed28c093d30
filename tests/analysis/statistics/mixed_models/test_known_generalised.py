"""Published logistic and ordinal models; rows are those of ../shared/known-answers/README.md."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.ordinal import fit_cumulative
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Random

OPTIMISER = 1e-3  # relative; the README's tolerance for optimisers
LAPLACE_ERROR = 0.02  # relative; the README's for standard errors of Laplace fits
TASTE = (Categorical("temp"), Categorical("contact"))
HERDS = MixedModel("incidence", (Categorical("period"),), (Random("herd"),))
JUDGES = MixedModel("rating", TASTE, (Random("judge"),))


@pytest.fixture(scope="module")
def answers(shared_dir: Path) -> Path:
    return shared_dir / "known-answers"


@pytest.fixture(scope="module")
def cbpp(answers: Path) -> pd.DataFrame:
    return pd.read_csv(answers / "lme4_cbpp.csv")


@pytest.fixture(scope="module")
def wine(answers: Path) -> pd.DataFrame:
    return pd.read_csv(answers / "ordinal_wine.csv")


def values(fit):
    return [estimate.value for estimate in fit.coefficients.values()]


def errors(fit):
    return list(fit.standard_errors.values())


def thresholds(fit):
    return [estimate.value for estimate in fit.thresholds.values()]


def test_row_29_cbpp_by_laplace_is_that_of_lme4(cbpp):
    """lme4: glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), binomial), ?glmer."""
    fit = fit_logistic(cbpp, HERDS, trials="size")
    assert values(fit) == pytest.approx([-1.3985, -0.9923, -1.1287, -1.5803], rel=1e-4)
    assert values(fit) == pytest.approx([-1.3983, -0.9919, -1.1282, -1.5797], rel=OPTIMISER)
    assert errors(fit) == pytest.approx([0.2312, 0.3032, 0.3228, 0.4220], rel=LAPLACE_ERROR)
    assert errors(fit) == pytest.approx([0.2325, 0.3066, 0.3266, 0.4274], abs=5e-5)
    assert fit.components["herd"].sd == pytest.approx(0.6421, rel=OPTIMISER)
    assert fit.log_likelihood == pytest.approx(-92.03, abs=5e-3)
    assert fit.aic == pytest.approx(194.05, abs=5e-3)


def test_row_29_cbpp_by_nine_quadrature_points_has_the_larger_sd(cbpp):
    fit = fit_logistic(cbpp, HERDS, trials="size", points=9)
    assert fit.components["herd"].sd == pytest.approx(0.6475, rel=OPTIMISER)
    assert fit.method == "adaptive Gauss-Hermite, 9 points"


def test_row_30_wine_without_random_effects_is_that_of_ordinal(wine):
    """ordinal: clm(rating ~ temp + contact, data = wine), the tutorial."""
    fit = fit_cumulative(wine, MixedModel("rating", TASTE))
    assert values(fit) == pytest.approx([2.503102, 1.527798], rel=1e-5)
    assert errors(fit) == pytest.approx([0.528680, 0.476623], rel=1e-4)
    assert thresholds(fit) == pytest.approx([-1.344384, 1.250809, 3.466887, 5.006404], rel=1e-5)
    assert list(fit.thresholds) == ["1|2", "2|3", "3|4", "4|5"]
    assert fit.log_likelihood == pytest.approx(-86.491923, abs=1e-6)


def test_row_31_wine_with_judges_by_laplace_is_that_of_ordinal(wine):
    """ordinal: clmm2(rating ~ temp + contact, random = judge, data = wine), the tutorial."""
    fit = fit_cumulative(wine, JUDGES)
    assert values(fit) == pytest.approx([3.0630, 1.8349], rel=OPTIMISER)
    assert errors(fit) == pytest.approx([0.5954, 0.5125], rel=LAPLACE_ERROR)
    assert thresholds(fit) == pytest.approx([-1.6237, 1.5134, 4.2285, 6.0888], rel=OPTIMISER)
    assert fit.components["judge"].sd == pytest.approx(1.131, rel=OPTIMISER)
    assert fit.log_likelihood == pytest.approx(-81.57, abs=5e-3)
    assert fit.log_likelihood == pytest.approx(-81.5654, abs=5e-5)


def test_row_32_wine_with_judges_by_ten_quadrature_points_is_that_of_ordinal(wine):
    """ordinal's own tests: clmm2(…, Hess = TRUE, nAGQ = 10), logLik -81.53."""
    fit = fit_cumulative(wine, JUDGES, points=10)
    assert fit.log_likelihood == pytest.approx(-81.5325, abs=5e-5)
    assert values(fit) == pytest.approx([3.0619, 1.8334], rel=OPTIMISER)
    assert errors(fit) == pytest.approx([0.5951, 0.5122], rel=LAPLACE_ERROR)
    assert fit.components["judge"].sd == pytest.approx(1.1348, rel=OPTIMISER)
