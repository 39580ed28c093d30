"""Models whose arms are not in alphabetical order, and models of a single arm."""

import pytest

from analysis.outcomes.likelihood_ratio import LikelihoodRatio
from analysis.outcomes.trial_models import TrialModel
from analysis.statistics.estimate import Bound, Estimate
from tests.analysis.data_checks.test_checks import findings_of
from tests.analysis.tidy import outcomes_of
from tests.recomputed_studies import clearest_results, every_analysis, one_arm


@pytest.mark.nightly  # by day, test_random_structure.py tries other orders of the arms
@pytest.mark.parametrize("key", ["separated", "ordered"])
def test_the_likelihood_ratio_does_not_depend_on_the_order_of_the_arms(tmp_path, key):
    folder = clearest_results(tmp_path / "data")
    plan = (folder / "plan.toml").read_text(encoding="utf-8")
    head, *outcomes = plan.split("\n[[outcomes]]")
    only = next(text for text in outcomes if f'key = "{key}"' in text)
    found = []
    for arms in ('["none", "left", "right", "both"]', '["none", "both", "left", "right"]'):
        text = head.replace('["none", "left", "right", "both"]', arms) + "\n[[outcomes]]" + only
        (folder / "plan.toml").write_text(text, encoding="utf-8")
        (outcome,) = outcomes_of(folder)
        assert isinstance(outcome.decisive, LikelihoodRatio)
        found.append(outcome.decisive)
    first, second = found
    assert second.test.p == pytest.approx(first.test.p, rel=1e-4)
    others = {contrast.arm: contrast.odds_ratio for contrast in second.contrasts}
    for contrast in first.contrasts:
        assert others[contrast.arm].p == pytest.approx(contrast.odds_ratio.p, rel=1e-3)
    assert isinstance(others["both"], Bound)


def test_a_model_of_one_arm_has_the_effect_and_the_risk_difference_of_r(tmp_path):
    """R: benchmarks/recompute.R, the logistic mean over normal effects at each level."""
    linear, logistic = outcomes_of(one_arm(tmp_path / "data"))[:2]
    assert isinstance(linear.found, TrialModel)
    assert linear.summary.effect == linear.found.sizes["prediction_correct"]
    assert isinstance(logistic.found, TrialModel)
    # The participants' effects have an SD of 1.17 at one level and of 0.95 at the other.
    assert "(1 + prediction_correct | participant)" in logistic.found.model
    (contrast,) = logistic.found.contrasts
    assert isinstance(contrast.marginal, Estimate)
    assert contrast.marginal.value == pytest.approx(-0.0024068, abs=2e-5)
    assert contrast.marginal.low == pytest.approx(-0.262606, abs=2e-4)


def of_one_outcome(folder, key):
    """The study of every analysis with a plan of this outcome alone."""
    plan = every_analysis(folder) / "plan.toml"
    head, *outcomes = plan.read_text(encoding="utf-8").split("\n[[outcomes]]")
    wanted = next(text for text in outcomes if f'key = "{key}"' in text)
    head = head[: head.index("[mediation]")]
    plan.write_text("\n[[outcomes]]".join([head, wanted]), encoding="utf-8")
    return folder


def test_a_change_is_not_at_the_floor_of_its_items(tmp_path):
    """The change of a scale from 1 to 7 may be 6 points in either direction."""
    assert findings_of("ceiling", of_one_outcome(tmp_path / "data", "change")) == ()


@pytest.mark.nightly  # by day, test_ratio_and_profile.py has profiles
def test_a_profile_is_searched_again(tmp_path):
    """R: benchmarks/recompute.R maximises the same likelihood by Laplace's method."""
    found = outcomes_of(of_one_outcome(tmp_path / "data", "ratio"))[0].found
    assert isinstance(found, LikelihoodRatio)
    gradcam = found.contrasts[0].odds_ratio
    assert isinstance(gradcam, Estimate)
    assert gradcam.value == pytest.approx(1.09502, rel=2e-4)
    assert (gradcam.low, gradcam.high) == pytest.approx((0.54840, 2.20278), rel=2e-3)
