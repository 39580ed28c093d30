"""What plan_power says about looks, against R's rpact 3.3.4."""

import numpy as np
import pytest

from analysis.plan.reading import parse_plan
from analysis.power.looks import planned_looks
from benchmarks import looks as benchmark

PLAN = {
    "control": "none",
    "arms": ["none", "map"],
    "outcomes": [
        {"key": "trust", "label": "Trust", "kind": "scale", "scale": "trust", "fallback": "none"}
    ],
}
RULE = {"outcome": "trust", "kind": "pocock", "times": [40, 80, 120, 160, 200], "power": 0.9}


def test_the_plans_looks_have_the_samples_of_rpact():
    found = planned_looks(parse_plan({**PLAN, "looks": RULE}), 0.8)
    assert found is not None
    assert found.power == 0.9
    # R: getDesignCharacteristics(getDesignGroupSequential(kMax=5, alpha=.05, beta=.1, sided=2,
    # typeOfDesign="asP")): inflation factor 1.192348, ASN 0.6839927 (H1) and 1.163828 (H0)
    assert found.inflation == pytest.approx(1.192348, rel=2e-4)
    single = 200 / found.inflation
    assert found.expected_with_effect / single == pytest.approx(0.6839927, rel=3e-4)
    assert found.expected_without / single == pytest.approx(1.163828, rel=3e-4)
    # More than 30 % fewer people than planned, and than a single test of the same power needs.
    assert found.expected_with_effect < 0.7 * single
    assert sum(look.with_effect for look in found.looks) == pytest.approx(1)
    assert sum(look.without for look in found.looks) == pytest.approx(1)


def test_without_looks_or_with_looks_at_any_time_nothing_is_said():
    assert planned_looks(parse_plan(PLAN), 0.8) is None
    rule = {"outcome": "trust", "kind": "anytime_mean", "times": [40, 200]}
    assert planned_looks(parse_plan({**PLAN, "looks": rule}), 0.8) is None


@pytest.mark.parametrize("kind", benchmark.SCORES)
def test_looks_keep_false_positives_at_alpha_and_peeking_does_not(kind):
    studies = 2000
    scores = benchmark.scores_without_effect(kind, studies, np.random.default_rng(5))
    shares = benchmark.false_positives(scores, 5)
    control = shares.pop("fixed test at each look")
    assert max(shares.values()) <= benchmark.limit(studies)
    # The negative control: a fixed test at each look has clearly more.
    assert control > 0.1
    bounded = scores if kind == "proportions" else np.clip(0.5 + scores / 8, 0, 1)
    assert benchmark.refuted_by_bets(bounded[:500]) <= benchmark.limit(500)
