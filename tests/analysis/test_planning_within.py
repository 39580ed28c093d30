"""Power of designs in which everyone goes through every condition."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command
from scipy import stats

from analysis.outcomes.repeated import condition_means
from analysis.power import simulated_studies
from analysis.power.assumptions import Assumptions, Design, PlanningError
from analysis.power.between import simulated_study
from analysis.power.direct_within import is_direct_within
from analysis.power.outcomes import simulated
from analysis.power.required_sample import Asked, plan_power
from analysis.power.search import Wanted
from analysis.power.simulated_studies import Cell, Settings, Simulator, chunk
from studyplatform.computations.sample_size import design_of
from surveys.study_checks.loading import parse
from tests.analysis.test_planning import BOOK, RELIANCE, SCORE, TRUST, plan_with
from tests.conftest import ROOT

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


CELLS = ("none-low", "none-high", "map-low", "map-high")
LEVELS = {name: dict(zip(("shown", "level"), name.split("-"), strict=True)) for name in CELLS}
TWO_WITHIN = {
    **TRUST, "analysis": "factorial_within", "within": "condition", "factors": ["shown", "level"],
    "smallest_effect": 0.5,
}  # fmt: skip
BOTH_WITHIN = Design(4, 2, CELLS, LEVELS)
# The map varies between people, as with [design] within = ["level"].
MIXED = Design(4, 2, CELLS, LEVELS, {"arm0": CELLS[:2], "arm1": CELLS[2:]})
EXACT = Assumptions(dropout=0, excluded=0, score_sd=1.0, stable_share=0.75)
RHO = 0.75 * 0.8  # stable_share × reliability: the correlation of a person's scores


def power_of(effect, design, n, affected, runs=120):
    plan = plan_with({**TWO_WITHIN, "effect": effect}, arms=2)
    settings = Settings(plan, ASKED_IN_BLOCKS, design, EXACT, affected, "test", 3)
    count = chunk(settings, Cell("trust", "search", 0, n, 4, 2), 0, runs)
    assert count.refused == 0
    return count.found / runs


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("design", "effect", "n", "affected", "variance", "df"),
    [
        # Everybody has four cells, 2n people. A main effect averages two differences.
        (BOTH_WITHIN, "level", 5, ("none-high", "map-high"), (1 - RHO) / 10, 9),
        pytest.param(
            *(BOTH_WITHIN, "interaction", 25, ("map-high",), 4 * (1 - RHO) / 50, 49),
            marks=pytest.mark.nightly,
        ),
        # Half of the people have the cells with a map, n in each half.
        pytest.param(
            *(MIXED, "level", 12, ("none-high", "map-high"), 2 * (1 - RHO) / 24, 22),
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            *(MIXED, "interaction", 50, ("map-high",), 4 * (1 - RHO) / 50, 98),
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            *(MIXED, "shown", 45, ("map-low", "map-high"), (1 + RHO) / 45, 88),
            marks=pytest.mark.nightly,
        ),
    ],
)
def test_two_factors_within_people_have_the_power_of_their_contrasts(
    design, effect, n, affected, variance, df
):
    """Each effect of two levels is a t test of a contrast of a person's scores, which have an SD
    of 1 and correlate by RHO; between people it is a t test of their means.
    """
    limit = stats.t.ppf(0.975, df)
    noncentrality = 0.5 / variance**0.5
    exact = stats.nct.sf(limit, df, noncentrality) + stats.nct.cdf(-limit, df, noncentrality)
    assert 0.3 < exact < 0.95
    found = power_of(effect, design, n, affected)
    assert found == pytest.approx(exact, abs=3 * (exact * (1 - exact) / 120) ** 0.5)


@pytest.mark.nightly
def test_another_effect_of_the_two_factors_is_not_found():
    """The control of the test above: a main effect leaves the interaction at the rate of α."""
    found = power_of("interaction", MIXED, 20, ("none-high", "map-high"))
    assert found == pytest.approx(0.05, abs=3 * (0.05 * 0.95 / 120) ** 0.5)


DECIDED = {**SCORE, "column": "agreed", "smallest_effect": 0.2}
UNEQUAL = {name: 0.9 if name.endswith("high") else 0.6 for name in CELLS}


@pytest.mark.parametrize(
    ("outcome", "design"),
    [
        (TWO_WITHIN, BOTH_WITHIN),
        ({**TWO_WITHIN, "kind": "item", "item": "t2", "scale": None}, MIXED),
        ({**TWO_WITHIN, **DECIDED, "scale": None}, replace(MIXED, right=8, accuracy=UNEQUAL)),
        (
            {
                **TWO_WITHIN, **DECIDED, "scale": None, "population": "randomised",
                "where": {"prediction_correct": 0},
            },
            replace(BOTH_WITHIN, right=8, accuracy=UNEQUAL),
        ),
    ],
    ids=["scale", "item", "trials", "wrong predictions"],
)  # fmt: skip
def test_two_factors_without_tables_give_the_p_of_a_whole_study(outcome, design, monkeypatch):
    outcome = {key: value for key, value in outcome.items() if value is not None}
    plan = plan_with(outcome, arms=2)
    assumed = Assumptions(dropout=0.2)
    affected = ("map-high",)
    settings = Settings(plan, ASKED_IN_BLOCKS, design, assumed, affected, "test", 1)
    task = simulated(plan, plan.outcomes[0], ASKED_IN_BLOCKS, assumed, design)
    assert is_direct_within(task.outcome, design)
    cell = Cell(task.outcome.key, "search", 0, 15, design.right, design.wrong)

    def p_values():
        runs = [np.random.default_rng(run) for run in range(3)]
        return [simulated_studies._p(settings, task, cell, rng) for rng in runs]

    direct = p_values()
    monkeypatch.setattr(simulated_studies, "is_direct_within", lambda *_: False)
    assert direct == pytest.approx(p_values(), rel=1e-9)
    assert len(set(direct)) == len(direct)


def test_each_condition_shows_its_share_of_right_predictions_to_its_arms():
    design = replace(MIXED, right=8, accuracy=UNEQUAL)
    outcome = {key: value for key, value in {**TWO_WITHIN, **DECIDED}.items() if key != "scale"}
    plan = plan_with(outcome, arms=2)
    task = simulated(plan, plan.outcomes[0], ASKED_IN_BLOCKS, EXACT, design)
    rng = np.random.default_rng(1)
    data = simulated_study(plan, ASKED_IN_BLOCKS, task, design, 30, ("map-high",), EXACT, rng)
    by_block = data.trials.groupby(["participant", "arm", "condition", "level"])
    right = by_block["prediction_correct"].agg(["sum", "size"]).reset_index()
    assert (right["size"] == 10).all()
    assert (right["sum"] == right["level"].map({"low": 6, "high": 9})).all()
    seen = right.groupby("arm")["condition"].agg(lambda of: tuple(sorted(set(of))))
    assert seen.to_dict() == {arm: tuple(sorted(of)) for arm, of in MIXED.seen_by.items()}
    assert not data.trials.duplicated(["participant", "image"]).any()


@pytest.mark.parametrize(
    ("outcome", "design", "reason"),
    [
        ({**SCORE, **WITHIN}, MIXED, "nobody sees all the conditions"),
        (TWO_WITHIN, Design(4, 2, levels=LEVELS), "not simulated in between-subjects designs"),
        (TWO_WITHIN, Design(4, 2, CELLS), "Declare them as factors of every condition"),
        (
            TWO_WITHIN,
            replace(MIXED, seen_by={"arm0": CELLS[:1], "arm1": CELLS[3:]}),
            "neither shown nor level varies within participants",
        ),
    ],
)
def test_a_design_that_does_not_fit_the_two_factors_is_named(outcome, design, reason):
    plan = plan_with({**outcome, "smallest_effect": 0.5}, arms=2)
    with pytest.raises(PlanningError, match=reason):
        simulated(plan, plan.outcomes[0], ASKED_IN_BLOCKS, EXACT, design)


def declared(text):
    return design_of(parse(text))


def test_a_study_file_says_which_conditions_and_shares_are_simulated():
    text = (ROOT / "studies/examples/two-accuracies.toml").read_text(encoding="utf-8")
    design = declared(text)
    assert design.seen_by["map-order-2"] == ("map-high", "map-low")
    assert {name: design.shown(name) for name in design.conditions} == {
        "none-low": (6, 4), "none-high": (9, 1), "map-low": (6, 4), "map-high": (9, 1),
    }  # fmt: skip
    text = text.replace('within = ["level"]', 'within = ["explained", "level"]')
    everything = declared(text.replace('"none-order-1"', '"order-1"'))
    assert everything.seen_by == {}
    assert everything.levels["map-low"] == {"explained": "map", "level": "low"}


def test_parts_of_some_arms_and_comparisons_of_maps_are_not_added_up():
    repair = declared((ROOT / "studies/examples/trust-repair.toml").read_text(encoding="utf-8"))
    assert repair.conditions == ()
    assert {arm: repair.shown(arm) for arm in repair.levels} == {
        "none-low": (12, 8), "none-high": (18, 2), "map-low": (12, 8), "map-high": (18, 2),
    }  # fmt: skip
    # Three decisions in each block; the comparison of two maps is not a decision.
    five = declared((ROOT / "studies/examples/five-methods.toml").read_text(encoding="utf-8"))
    assert (five.right, five.wrong, five.accuracy) == (2, 1, {})


@pytest.mark.nightly
def test_the_shipped_study_of_two_factors_within_people_is_simulated(tmp_path):
    text = (ROOT / "studies/examples/two-accuracies.toml").read_text(encoding="utf-8")
    text = text.replace('key = "trust"\n', 'key = "trust"\nsmallest_effect = 1.0\n', 1)
    text = text.replace('key = "agreed"\n', 'key = "agreed"\nsmallest_effect = 0.3\n', 1)
    study = tmp_path / "study.toml"
    study.write_text(text, encoding="utf-8")
    call_command("plan_power", study, "--output", tmp_path / "out", "--runs", "20", "--most", "40")
    page = (tmp_path / "out" / "power.html").read_text(encoding="utf-8")
    assert "against the other conditions" in page
    assert "none-low: 6 and 4" in page


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
