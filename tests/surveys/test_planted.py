"""What a profile plants, next to the outcomes of the shipped example."""

import json
import math
from pathlib import Path

import pytest

from surveys.simulation import profile
from surveys.simulation.planted import planted_effects

SHIPPED = Path(__file__).parents[2] / "docs/examples/source-study/results.json"


def test_a_scale_gets_points_and_agreement_odds_and_what_follows_from_them_nothing():
    study = json.loads(SHIPPED.read_text(encoding="utf-8"))
    outcomes = [outcome["outcome"] for outcome in study["outcomes"]]
    planted = planted_effects(profile.load("demo"), outcomes, study["plan"]["arms"])
    assert planted["understanding"]["gradcam"] == 1.2
    assert planted["agreement_wrong"]["lime"] == pytest.approx(math.exp(0.7))
    assert planted["agreement_right"]["none"] == 1
    assert planted["sureness"] == pytest.approx(
        {"none": 0, "gradcam": 0.4, "saliency": 0.1, "integrated_gradients": 0.1, "deepshap": 0.2,
         "lime": 0.3}
    )  # fmt: skip
    # The profile plants trust on a scale that this study does not ask.
    assert set(planted["trust"].values()) == {0}
    assert "decision_accuracy" not in planted
