"""The trial-level tests: people and images random, and what is done where no model can be had."""

import re
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.outcomes.trial_models import TrialModel
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.ordinal import fit_cumulative
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Random
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, page_of, write_study

RELIANCE = """
[[outcomes]]
key = "reliance"
label = "Wrong advice followed"
kind = "trial_mean"
column = "agreed"
where = { prediction_correct = 0 }
analysis = "logistic_trials"
family = "reliance"
"""
EVERY = RELIANCE.replace("where = { prediction_correct = 0 }\n", "smallest_effect = 0.15\n")
FALLBACK = RELIANCE + 'fallback = "binary_trials"\n'
SURENESS = """
[[outcomes]]
key = "sure_trials"
label = "Sureness, trial by trial"
kind = "trial_mean"
column = "sureness"
analysis = "linear_trials"
within = "prediction_correct"
random = ["participant"]
"""


def found(folder, tmp_path, plan, key="reliance"):
    path = folder / "plan.toml"
    # The model alone: the outcomes of the folder's own plan are other tests' subject.
    path.write_text(path.read_text().partition("\n[[outcomes]]")[0] + plan)
    results, page = page_of(folder)
    one = next(result for result in results.outcomes if result.outcome.key == key)
    assert isinstance(one.found, TrialModel)
    return one, page


@pytest.fixture(scope="module")
def spread_folder(tmp_path_factory):
    """People and images that differ much, and a placebo whose wrong advice is followed more."""
    folder = write_study(
        tmp_path_factory.mktemp("models") / "data", arms=THREE_ARMS, per_arm=25, seed=11
    )
    rng = np.random.default_rng(5)
    people, images = rng.normal(0, 1.2, 75), {}

    def follow(frame):
        numbers = frame["participant"].rank(method="dense").astype(int) - 1
        for image in frame["image"].unique():
            images[image] = rng.normal(0, 0.8)
        logit = people[numbers] + frame["image"].map(images) + 1.6 * (frame["arm"] == "placebo")
        follows = rng.random(len(frame)) < 1 / (1 + np.exp(-(logit - 0.5)))
        sure = np.clip(np.round(3 + people[numbers] / 2 + rng.normal(0, 0.7, len(frame))), 1, 5)
        return frame.assign(
            agreed=follows.astype(int).astype(str), sureness=sure.astype(int).astype(str)
        )

    edit(folder, "trials.csv", follow)
    return folder


@pytest.fixture(scope="module")
def modelled(spread_folder, tmp_path_factory):
    return found(spread_folder, tmp_path_factory.mktemp("out"), EVERY)


def test_the_planted_arm_is_found_given_people_and_images(modelled):
    result, report = modelled
    assert result.found.log == ()
    assert result.found.model == "agreed ~ arm + (1 | participant) + (1 | image)"
    assert {one.factor for one in result.found.spreads} == {"participant", "image"}
    placebo = next(one for one in result.found.contrasts if one.arm == "placebo")
    assert placebo.estimate.low > 1
    assert placebo.marginal.low > 0
    assert placebo.p_adjusted < 0.01
    assert "are not all equal" in report


def test_the_odds_ratio_is_the_models_own_against_the_control(modelled, spread_folder):
    """The same model in treatment coding: its coefficient is the contrast's logarithm."""
    trials = pd.read_csv(spread_folder / "trials.csv")
    table = trials.astype({"image": str})
    arm = Categorical("arm", levels=tuple(THREE_ARMS))
    model = MixedModel("agreed", (arm,), (Random("participant"), Random("image")))
    expected = fit_logistic(table, model).coefficients["arm[placebo]"]
    placebo = next(one for one in modelled[0].found.contrasts if one.arm == "placebo")
    assert np.log(placebo.estimate.value) == pytest.approx(expected.value, abs=1e-3)
    assert placebo.estimate.p == pytest.approx(expected.p, rel=0.02, abs=1e-6)


def test_the_risk_difference_is_about_that_of_the_raw_shares(modelled, spread_folder):
    trials = pd.read_csv(spread_folder / "trials.csv")
    shares = trials.groupby("arm")["agreed"].mean()
    placebo = next(one for one in modelled[0].found.contrasts if one.arm == "placebo")
    assert placebo.marginal.value == pytest.approx(shares["placebo"] - shares["none"], abs=0.06)


def test_the_sentence_tells_the_arm_by_its_odds_ratio_and_holm_over_the_arms(modelled):
    report = re.sub(r"<[^>]+>", "", modelled[1]).replace("\N{NO-BREAK SPACE}", " ")
    placebo = next(one for one in modelled[0].found.contrasts if one.arm == "placebo")
    assert f"odds ratio {placebo.estimate.value:.2f} in “Placebo map”" in report
    assert "p adjusted by Holm over the arms" in report


def test_equivalence_of_a_models_arms_is_judged_on_the_difference_of_shares(modelled):
    """Two one-sided tests of its own error and df: alike iff the interval is inside."""
    for one in modelled[0].found.contrasts:
        error = one.marginal.value / one.marginal.statistic
        own = one.equivalence
        assert own.lower.p == pytest.approx(
            stats.t.sf((one.marginal.value + 0.15) / error, one.marginal.df)
        )
        inside = own.difference.low > -0.15 and own.difference.high < 0.15
        assert (own.p < 0.05) == inside
        assert own.difference.level == pytest.approx(0.9)
    placebo = next(one for one in modelled[0].found.contrasts if one.arm == "placebo")
    assert placebo.verdict == "different"


def test_rows_people_and_images_behind_the_test_are_counted(modelled, spread_folder):
    summary = modelled[0].summary
    trials = pd.read_csv(spread_folder / "trials.csv")
    assert (summary.rows, summary.unit) == (len(trials), "trials")
    assert (summary.participants, summary.images) == (75, 12)
    assert summary.model == "agreed ~ arm + (1 | participant) + (1 | image)"
    keys = [(one.key, one.of) for one in modelled[0].assumptions]
    assert keys == [
        ("convergence", ""), ("random_effects", "participant"), ("random_effects", "image"),
        ("answers", ""),
    ]  # fmt: skip


def everyone_follows_in_gradcam(frame):
    return frame.assign(agreed=frame["agreed"].mask(frame["arm"] == "gradcam", "1"))


def test_a_model_that_cannot_be_fitted_is_no_number_and_says_why(folder, tmp_path):
    edit(folder, "trials.csv", everyone_follows_in_gradcam)
    result, report = found(folder, tmp_path, RELIANCE + 'fallback = "none"\n')
    assert isinstance(result.found.test, NotEstimable)
    assert result.fallback is None
    assert result.p_adjusted is None
    assert result.found.contrasts == ()
    assert "the model was not fitted" in result.found.log[0]
    assert "The model was not fitted" in report


def test_the_plans_fallback_is_taken_and_logged(folder, tmp_path):
    """The plan's fallback needs odds, which an arm that always follows does not have, either."""

    def even(frame):
        place = frame.groupby("participant").cumcount()
        return frame.assign(agreed=((place + frame["arm"].str.len()) % 3 > 0).astype(int))

    edit(folder, "trials.csv", even)
    edit(folder, "trials.csv", everyone_follows_in_gradcam)
    result, report = found(folder, tmp_path, FALLBACK)
    assert [refusal.analysis for refusal in result.refused] == ["logistic_trials", "binary_trials"]
    assert "perfect separation" in result.refused[1].reason
    assert (result.fallback.analysis, result.fallback.declared) == ("permutation", False)
    assert isinstance(result.test, HypothesisTest)
    assert result.test == result.fallback.found.test
    assert result.p_adjusted is not None
    assert "Its fallback has no test either" in report
    assert "tested by the default fallback of this analysis: permutation test of the arms" in report
    assert "Wrong advice followed: permutation test" in report
    first = result.assumptions[0]
    assert (first.key, first.verdict) == ("convergence", "not met")
    assert result.summary.model.endswith("(fallback)")


def test_a_step_down_from_the_planned_model_is_logged(spread_folder, tmp_path):
    """Four images are too few to tell their variance from zero here: the factor is dropped."""
    folder = shutil.copytree(spread_folder, tmp_path / "data")
    result, report = found(folder, tmp_path, RELIANCE)
    (entry,) = result.found.log
    assert entry == (
        "The random intercepts of image were estimated at zero variance, so the term (1 | image) "
        "was removed"
    )
    assert result.found.model == "agreed ~ arm + (1 | participant)"
    assert entry in report
    first = result.assumptions[0]
    assert (first.key, first.verdict, first.detail) == ("convergence", "not met as planned", entry)
    assert "the planned model could not be fitted, and a simpler model was" in report


def test_a_linear_model_has_an_f_per_term_with_its_size(spread_folder, tmp_path):
    folder = shutil.copytree(spread_folder, tmp_path / "data")
    result, report = found(folder, tmp_path, SURENESS, "sure_trials")
    terms = result.found.terms
    assert result.found.log == ()
    assert set(terms) == {"arm", "prediction_correct", "arm:prediction_correct"}
    for name, test in terms.items():
        assert isinstance(test, HypothesisTest)
        assert isinstance(result.found.sizes[name], Estimate)
    assert set(result.found.aligned_ranks) == set(terms)
    for name, test in result.found.aligned_ranks.items():
        assert (test.p < 0.05) == (terms[name].p < 0.05)
    assert result.found.spreads[0].sd == pytest.approx(0.6, abs=0.2)
    assert "Sureness, trial by trial" in report


ORDERED = SURENESS.replace("linear_trials", "ordinal_trials")


def test_ordered_answers_have_odds_that_do_not_depend_on_the_codes(spread_folder, tmp_path):
    """Against the cumulative-link model in treatment coding; 1 to 5 recoded leaves all as it is."""
    folder = shutil.copytree(spread_folder, tmp_path / "data")
    plan = ORDERED.replace('within = "prediction_correct"\n', "")
    result, report = found(folder, tmp_path, plan, "sure_trials")
    trials = pd.read_csv(spread_folder / "trials.csv")
    recoded = trials.assign(sureness=trials["sureness"] ** 3)
    arm = Categorical("arm", levels=tuple(THREE_ARMS))
    expected = fit_cumulative(recoded, MixedModel("sureness", (arm,), (Random("participant"),)))
    for contrast in result.found.contrasts:
        own = expected.coefficients[f"arm[{contrast.arm}]"]
        assert np.log(contrast.estimate.value) == pytest.approx(own.value, abs=1e-3)
        assert contrast.estimate.p == pytest.approx(own.p, rel=0.02)
        assert contrast.marginal is None
    assert list(result.found.thresholds) == ["1|2", "2|3", "3|4", "4|5"]
    pairs = zip(result.found.thresholds.values(), expected.thresholds.values(), strict=True)
    shifts = [own.value - other.value for own, other in pairs]  # by the arms' mean, all alike
    assert np.ptp(shifts) == pytest.approx(0, abs=1e-3)
    assert "Odds ratio of a higher answer" in report
    assert "proportional odds" in report


def test_numbers_that_are_no_ordered_answers_are_refused(spread_folder, tmp_path):
    folder = shutil.copytree(spread_folder, tmp_path / "data")
    times = ORDERED.replace("sureness", "response_time_ms").replace(
        'within = "prediction_correct"\n', ""
    )
    result, _ = found(folder, tmp_path, times, "sure_trials")
    assert isinstance(result.found.test, NotEstimable)
    assert "use linear_trials" in result.found.log[0]
