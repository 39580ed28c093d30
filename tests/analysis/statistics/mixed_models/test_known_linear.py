"""Published linear mixed models; rows are those of ../shared/known-answers/README.md."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.specification import (
    Categorical,
    Interaction,
    MixedModel,
    Numeric,
    Random,
)
from tests.analysis.statistics.mixed_models import alienzoo

OPTIMISER = 1e-3  # relative; the README's tolerance for optimisers
DAYS = Numeric("Days")
TRIAL, GROUP = Categorical("trialNo"), Categorical("group")
ZOO = (TRIAL, GROUP, Interaction((TRIAL, GROUP)))


@pytest.fixture(scope="module")
def answers(shared_dir: Path) -> Path:
    return shared_dir / "known-answers"


@pytest.fixture(scope="module")
def sleepstudy(answers: Path) -> pd.DataFrame:
    return pd.read_csv(answers / "lme4_sleepstudy.csv")


@pytest.fixture(scope="module")
def penicillin(answers: Path) -> pd.DataFrame:
    return pd.read_csv(answers / "lme4_Penicillin.csv")


@pytest.fixture(scope="module")
def zoo(answers: Path) -> pd.DataFrame:
    return alienzoo.trials(answers / "alienzoo")


def values(fit):
    return [(e.value, fit.standard_errors[name]) for name, e in fit.coefficients.items()]


def close(*numbers):
    return pytest.approx(numbers, rel=OPTIMISER)


def test_row_25_sleepstudy_with_random_slopes_is_that_of_lme4(sleepstudy):
    """lme4: lmer(Reaction ~ Days + (Days | Subject), sleepstudy), vignette lmer."""
    fit = fit_linear(sleepstudy, MixedModel("Reaction", (DAYS,), (Random("Subject", (DAYS,)),)))
    assert values(fit) == [close(251.40510, 6.82458), close(10.46729, 1.54579)]
    subject = fit.components["Subject"]
    assert subject.sds == close(24.74058, 5.92213)
    assert subject.correlations[0, 1] == pytest.approx(0.06555, rel=OPTIMISER)
    assert fit.residual_sd == pytest.approx(25.59180, rel=OPTIMISER)
    assert fit.deviance == pytest.approx(1743.62827, rel=1e-7)
    assert fit.decisions == ()


def test_row_26_sleepstudy_with_random_intercepts_is_that_of_lme4(sleepstudy):
    """lme4: lmer(Reaction ~ Days + (1 | Subject), sleepstudy)."""
    fit = fit_linear(sleepstudy, MixedModel("Reaction", (DAYS,), (Random("Subject"),)))
    assert values(fit) == [close(251.4051, 9.74672), close(10.46729, 0.80422)]
    assert fit.components["Subject"].sd == pytest.approx(37.12382, rel=OPTIMISER)
    assert fit.residual_sd == pytest.approx(30.99123, rel=OPTIMISER)
    assert fit.deviance == pytest.approx(1786.46509, rel=1e-7)


def test_row_27_penicillin_with_crossed_factors_is_that_of_lme4_by_reml(penicillin):
    """lme4: lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin), the book's chapter 2."""
    model = MixedModel("diameter", (), (Random("plate"), Random("sample")))
    fit = fit_linear(penicillin, model)
    assert values(fit) == [close(22.97222, 0.80857)]
    assert fit.components["plate"].sd == pytest.approx(0.84670, rel=OPTIMISER)
    assert fit.components["sample"].sd == pytest.approx(1.93156, rel=OPTIMISER)
    assert fit.residual_sd == pytest.approx(0.54992, rel=OPTIMISER)
    assert fit.deviance == pytest.approx(330.86059, rel=1e-7)


def test_row_27_penicillin_with_crossed_factors_is_that_of_lme4_by_ml(penicillin):
    model = MixedModel("diameter", (), (Random("plate"), Random("sample")))
    fit = fit_linear(penicillin, model, reml=False)
    assert fit.deviance == pytest.approx(332.18835, rel=1e-7)
    assert fit.components["plate"].sd == pytest.approx(0.84557, rel=OPTIMISER)
    assert fit.components["sample"].sd == pytest.approx(1.77065, rel=OPTIMISER)


def test_row_28_satterthwaites_degrees_of_freedom_are_those_of_lmertest(sleepstudy):
    """lmerTest: anova(lmer(Reaction ~ Days + (Days | Subject), sleepstudy)): 17 df, F = 45.853."""
    fit = fit_linear(sleepstudy, MixedModel("Reaction", (DAYS,), (Random("Subject", (DAYS,)),)))
    days = fit.coefficients["Days"]
    assert days.df == pytest.approx(17.0, rel=OPTIMISER)
    assert days.statistic == pytest.approx(6.771, abs=5e-4)
    assert days.p == pytest.approx(3.26e-06, abs=5e-9)
    (test,) = fit.type_three()
    assert test.statistic == pytest.approx(days.statistic**2)
    assert test.p == pytest.approx(days.p)


def test_row_34_the_exclusions_of_the_alien_zoo_leave_the_published_74(answers):
    counts, left = alienzoo.flow(alienzoo.read(answers / "alienzoo"))
    assert counts == [100, 2, 5, 3, 4, 12]
    assert len(left) == 74


@pytest.mark.parametrize("coding", ["treatment", "sum"])
def test_row_34_type_iii_tests_of_the_alien_zoo_are_the_published_ones(zoo, coding):
    """lmerTest, anova(type = 3), in the study's content.tex; the arms are 40 and 34."""
    trial, group = Categorical("trialNo", coding=coding), Categorical("group", coding=coding)
    fixed = (trial, group, Interaction((trial, group)))
    fit = fit_linear(zoo, MixedModel("shubs", fixed, (Random("userId"),)))
    tests = {test.name: test for test in fit.type_three()}
    assert (fit.rows, fit.n) == (888, 74)
    assert tests["trialNo"].statistic == pytest.approx(7.585, abs=5e-4)
    assert tests["trialNo"].df == pytest.approx((11, 792), rel=OPTIMISER)
    assert tests["trialNo:group"].statistic == pytest.approx(2.119, abs=5e-4)
    assert tests["trialNo:group"].df == pytest.approx((11, 792), rel=OPTIMISER)
    assert tests["trialNo:group"].p == pytest.approx(0.017, abs=5e-4)
    # Printed there with df (11, 72); only 1, 72 goes with the p beside it (row 38).
    assert tests["group"].statistic == pytest.approx(2.586, abs=5e-4)
    assert tests["group"].df == pytest.approx((1, 72), rel=OPTIMISER)
    assert tests["group"].p == pytest.approx(0.112, abs=5e-4)


def test_row_34_the_response_times_of_the_alien_zoo_are_the_published_ones(zoo):
    fit = fit_linear(zoo, MixedModel("seconds", ZOO, (Random("userId"),)))
    tests = {test.name: test for test in fit.type_three()}
    assert tests["trialNo"].statistic == pytest.approx(14.818, abs=5e-4)
    assert tests["group"].statistic == pytest.approx(0.235, abs=5e-4)
    assert tests["group"].p == pytest.approx(0.630, abs=1e-3)
    assert tests["trialNo:group"].statistic == pytest.approx(0.897, abs=5e-4)
    assert tests["trialNo:group"].p == pytest.approx(0.543, abs=5e-4)
