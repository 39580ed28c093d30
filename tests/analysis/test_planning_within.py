"""Power of designs in which everyone goes through every condition."""

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command
from scipy import stats

from analysis.outcomes.repeated import condition_means
from analysis.power.assumptions import Assumptions, Design, PlanningError
from analysis.power.between import simulated_study
from analysis.power.outcomes import simulated
from analysis.power.required_sample import Asked, plan_power
from analysis.power.search import Wanted
from analysis.power.simulated_studies import Cell, Settings, Simulator
from tests.analysis.test_planning import BOOK, RELIANCE, SCORE, TRUST, plan_with

CONDITIONS = ("none", "gradcam", "placebo")
WITHIN = {"analysis": "repeated", "within": "condition"}
ASKED_IN_BLOCKS = BOOK.assign(file=BOOK["file"].where(BOOK["item"].isna(), "block_answers.csv"))


def study(outcome, design, per_order=400, assumed=None, affected=("gradcam",), seed=1):
    assumed = assumed or Assumptions(dropout=0.2)
    plan = plan_with({**outcome, **WITHIN}, arms=3)
    task = simulated(plan, plan.outcomes[0], ASKED_IN_BLOCKS, assumed, design)
    rng = np.random.default_rng(seed)
    data = simulated_study(plan, ASKED_IN_BLOCKS, task, design, per_order, affected, assumed, rng)
    return data, plan.outcomes[0]


def test_everyone_sees_every_condition_on_images_of_its_own():
    data, _ = study(RELIANCE, Design(4, 2, CONDITIONS), per_order=20)
    done = data.participants.loc[data.participants["state"] == "completed", "participant"]
    trials = data.trials
    own = trials[trials["participant"].isin(done)]
    assert (own.groupby("participant")["condition"].nunique() == 3).all()
    assert (own.groupby(["participant", "condition"]).size() == 6).all()
    assert not own.duplicated(["participant", "image"]).any()
    pairs = own.drop_duplicates(["condition", "image"])
    assert pairs.groupby("image").size().min() == 3  # each image serves in each condition
    stopped = trials[~trials["participant"].isin(done)]
    assert (stopped.groupby("participant")["condition"].nunique() == 1).all()


def test_the_declared_effect_is_in_the_affected_condition_alone():
    data, outcome = study(RELIANCE, Design(0, 12, CONDITIONS), per_order=2000)
    means = condition_means(data, outcome).mean()
    assert means["gradcam"] - means["none"] == pytest.approx(0.2, abs=0.03)
    assert means["placebo"] - means["none"] == pytest.approx(0.0, abs=0.03)


def test_scores_of_a_person_are_as_alike_as_supposed():
    assumed = Assumptions(dropout=0, reliability=0.8, stable_share=0.5)
    data, outcome = study(
        {**TRUST, "smallest_effect": 0.5}, Design(1, 0, CONDITIONS), 2000, assumed
    )
    means = condition_means(data, outcome)
    # True scores correlate by .5, scores by .5 × reliability.
    assert means.corr().loc["none", "placebo"] == pytest.approx(0.4, abs=0.04)
    shift = means.mean()
    assert shift["gradcam"] - shift["none"] == pytest.approx(0.5, abs=0.05)


@pytest.mark.nightly
def test_power_is_that_of_friedmans_test_on_such_numbers(tmp_path):
    """The same study drawn by hand and tested by scipy: correlated normal scores, one shifted."""
    assumed = Assumptions(dropout=0, excluded=0, score_sd=1.0, person_share=0.5, image_share=0.0)
    plan = plan_with({**SCORE, **WITHIN, "smallest_effect": 0.3}, arms=3)
    design = Design(1, 0, CONDITIONS)
    settings = Settings(plan, ASKED_IN_BLOCKS, design, assumed, ("gradcam",), "test", 5)
    with Simulator(settings, "own", tmp_path / "runs.jsonl") as simulator:
        (count,) = simulator.counts([Cell("x", "search", 0, 30, 1, 0)], 300)
    rng = np.random.default_rng(0)
    person, own = rng.normal(size=(1000, 90, 1)), rng.normal(size=(1000, 90, 3))
    scores = 0.5**0.5 * (person + own) + np.array([0.0, 0.3, 0.0])
    found = [stats.friedmanchisquare(*one.T).pvalue < 0.05 for one in scores]
    assert 0.3 < np.mean(found) < 0.9
    assert count.refused == 0
    assert count.found / count.runs == pytest.approx(np.mean(found), abs=0.09)


def test_what_cannot_be_simulated_is_named_beside_what_can(tmp_path):
    measure = {
        "key": "m", "label": "M", "kind": "behaviour", "measure": "brier", "smallest_effect": 0.1
    }  # fmt: skip
    plan = plan_with({**SCORE, "smallest_effect": 2.0}, measure)
    assumed = Assumptions(score_sd=1.0)
    asked = Asked(Wanted(runs=20, most=40), assumed)
    power = plan_power(plan, BOOK, Design(1, 0), asked, tmp_path)
    assert [one.outcome for one in power.outcomes] == ["x"]
    assert "brier is not simulated; use one of agreement, " in power.left_out["m"]
    with pytest.raises(PlanningError, match="brier is not simulated"):
        plan_power(plan, BOOK, Design(1, 0), Asked(outcomes=("m",)), tmp_path)
    with pytest.raises(PlanningError, match="one_way is not simulated in within-subjects designs"):
        plan_power(plan, BOOK, Design(1, 0, CONDITIONS), asked, tmp_path)
    share = plan_with({**measure, "measure": "rair"})
    with pytest.raises(PlanningError, match="not simulated in within-subjects designs"):
        plan_power(share, BOOK, Design(1, 0, CONDITIONS), asked, tmp_path)


@pytest.mark.nightly
def test_the_shipped_within_study_is_simulated(tmp_path, settings, capsys):
    file = settings.BASE_DIR / "studies" / "within.toml"
    arguments = ["--runs", "20", "--most", "20", "--outcomes", "state_trust,agreement_wrong"]
    call_command("plan_power", file, "--output", tmp_path, *arguments)
    page = (tmp_path / "power.html").read_text(encoding="utf-8")
    assert "right and wrong predictions per condition" in page
    assert "against the other conditions" in page
    assert pd.read_csv(tmp_path / "figures" / "power-state_trust.csv")["power"].between(0, 1).all()
