"""Power by simulation: against closed forms, the same for any number of workers, resumable."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from scipy import stats

from analysis.plan.reading import parse_plan
from analysis.power.answers import ordered, rated, shift_for, yes_or_no
from analysis.power.assumptions import Assumptions, Design, PlanningError
from analysis.power.behaviour import COUNTED
from analysis.power.between import simulated_study
from analysis.power.outcomes import simulated
from analysis.power.page import _spaced, sentence, write_page
from analysis.power.required_sample import Asked, plan_power, to_json
from analysis.power.search import Wanted
from analysis.power.simulated_studies import Cell, Settings, Simulator
from analysis.sections.sample_size import n_per_arm_anova, n_per_arm_t
from analysis.study_data.populations import outcome_scores
from tests.daily import daily

BOOK = pd.DataFrame(
    [
        {"file": "trials.csv", "column": "score", "type": "number"},
        {"file": "trials.csv", "column": "agreed", "type": "integer"},
        {"file": "trials.csv", "column": "sureness", "type": "integer", "minimum": 1, "maximum": 5},
        *(
            {
                "file": "answers.csv", "column": "value", "type": "integer", "item": f"t{i}",
                "minimum": 1, "maximum": 7, "questionnaire": "q", "scale": "trust",
                "reversed": int(i == 2), "minimum_answered": 0.8, "score": "mean",
            }
            for i in range(1, 6)
        ),
    ]
).astype({"item": "object", "scale": "object"})  # fmt: skip
SCORE = {"key": "x", "label": "Score", "kind": "trial_mean", "column": "score"}
RELIANCE = {
    "key": "reliance",
    "label": "Wrong advice followed",
    "kind": "trial_mean",
    "column": "agreed",
    "where": {"prediction_correct": 0},
    "analysis": "logistic_trials",
    "smallest_effect": 0.2,
}
TRUST = {
    "key": "trust",
    "label": "Trust",
    "kind": "scale",
    "scale": "trust",
    "smallest_effect": 0.7,
}
MEASURE = {
    "key": "m",
    "label": "A measure",
    "kind": "behaviour",
    "measure": "over_reliance",
    "smallest_effect": 0.15,
}
ONE_OF_EACH = Design(1, 1)
NORMAL = Assumptions(dropout=0, excluded=0, score_sd=1.0, person_share=0, image_share=0)


def plan_with(*outcomes, arms=2):
    keys = [f"arm{number}" for number in range(arms)]
    return parse_plan({"control": "arm0", "arms": keys, "outcomes": list(outcomes)})


def needed(tmp_path, arms, effect, affected, runs=100):
    plan = plan_with({**SCORE, "smallest_effect": effect}, arms=arms)
    asked = Asked(Wanted(runs=runs), NORMAL, affected=affected, seed=3)
    return plan_power(plan, BOOK, Design(1, 0), asked, tmp_path).outcomes[0]


def test_the_formula_for_two_arms_is_that_of_pwr_t_test():
    """Row 23, R's pwr.t.test: d = .5, power .8 needs 63.77 per arm."""
    assert n_per_arm_t(0.5, 0.8) == pytest.approx(63.76561, rel=1e-6)


@pytest.mark.nightly
def test_row_23_two_arms_as_pwr_t_test(tmp_path):
    """R's pwr.t.test: d = .5, power .8 needs 63.77 per arm."""
    found = needed(tmp_path, 2, 0.5, ())
    exact = n_per_arm_t(0.5, 0.8)
    assert exact == pytest.approx(63.76561, rel=1e-6)
    assert found.per_arm.low <= exact <= found.per_arm.high
    assert found.per_arm.high - found.per_arm.low < 30
    assert found.confirmations[-1].holds
    assert found.confirmations[-1].power.n == 200


@pytest.mark.nightly
def test_row_24_four_arms_as_pwr_anova_test(tmp_path):
    """R's pwr.anova.test: k = 4, f = .25, power .8 needs 44.60 per arm.

    Two arms shifted by d of four have the standard deviation d / 2 of their means: d = .5.
    """
    found = needed(tmp_path, 4, 0.5, ("arm1", "arm2"))
    exact = n_per_arm_anova(4, 0.25, 0.8)
    assert exact == pytest.approx(44.59927, rel=1e-6)
    assert found.per_arm.low <= exact <= found.per_arm.high
    assert found.confirmations[-1].holds


def test_an_effect_out_of_reach_is_said_and_has_no_number(tmp_path):
    plan = plan_with({**SCORE, "smallest_effect": 0.1})
    asked = Asked(Wanted(runs=40, most=40), NORMAL)
    power = plan_power(plan, BOOK, Design(1, 0), asked, tmp_path)
    assert power.per_arm is None
    told = sentence(power.outcomes[0], power)
    assert "40 participants per arm do not reach a power of 0.8" in told


@pytest.mark.nightly
def test_any_number_of_workers_and_any_interruption_give_the_same_bytes(tmp_path):
    """Two workers; then one, after a file that ends in the middle of a line; then nothing to do."""
    plan = plan_with({**SCORE, "smallest_effect": 0.8})
    asked = Asked(Wanted(runs=60, most=60), NORMAL, seed=5)

    def made(name, workers):
        return to_json(
            plan_power(plan, BOOK, Design(2, 6), asked, tmp_path / name, workers=workers), {}
        )

    first = made("two", 2)
    lines = (tmp_path / "two" / "runs-x.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "one").mkdir()
    half = "".join(lines[: len(lines) // 2]) + lines[-1][:20]
    (tmp_path / "one" / "runs-x.jsonl").write_text(half)
    assert made("one", 1) == first
    own = (tmp_path / "one" / "runs-x.jsonl").read_text().splitlines()
    assert sorted(own[1:]) == sorted(line.strip() for line in lines[1:])
    assert made("one", 1) == first
    with pytest.raises(PlanningError, match="runs with other settings"):
        plan_power(plan, BOOK, Design(2, 7), asked, tmp_path / "one")


@pytest.mark.nightly
def test_the_crossed_model_needs_images_not_only_people(tmp_path):
    """Where arms differ by image, four times the images find more than four times the people."""
    crossed = {"analysis": "linear_trials", "slopes": ["image"], "smallest_effect": 0.4}
    plan = plan_with({**SCORE, **crossed})
    assumed = Assumptions(arm_by_image_share=0.15, score_sd=1.0)
    own = Settings(plan, BOOK, Design(0, 6), assumed, ("arm1",), "test", 1)
    with Simulator(own, "x", tmp_path / "runs.jsonl") as simulator:
        few, people, images = simulator.counts(
            [Cell("x", "search", 0, n, 0, wrong) for n, wrong in ((20, 6), (80, 6), (20, 24))],
            40,
        )
    assert images.found > people.found
    assert images.found > few.found


def test_the_shift_makes_the_effect_that_was_declared():
    """Drawn answers against the plan's smallest effect, for each kind of answer."""
    rng = np.random.default_rng(1)
    for answers, effect in (
        (yes_or_no(Assumptions(baseline_share=0.3)), 0.2),
        (ordered(1, 5, Assumptions()), 0.6),
        (rated(1, 7, 5, Assumptions(score_mean=5.0)), 0.7),
    ):
        latent = answers.spread * rng.standard_normal(200_000)
        base = answers.draw(latent, rng).mean()
        moved = answers.draw(latent + shift_for(answers, effect), rng).mean()
        assert answers.mean(0.0) == pytest.approx(base, abs=0.01)
        assert moved - base == pytest.approx(effect, abs=0.012)


def test_simulated_people_drop_out_and_have_the_reliability_supposed():
    plan = plan_with(TRUST, RELIANCE)
    assumed = Assumptions(dropout=0.25, reliability=0.7)
    rng = np.random.default_rng(2)
    studies = {
        outcome.key: simulated_study(
            plan,
            BOOK,
            simulated(plan, outcome, BOOK, assumed, Design(4, 8)),
            Design(4, 8),
            2000,
            (),
            assumed,
            rng,
        )
        for outcome in plan.outcomes
    }
    people = studies["trust"].participants
    assert (people["state"] == "completed").mean() == pytest.approx(0.75, abs=0.02)
    answers = studies["trust"].answers
    assert answers["participant"].nunique() == (people["state"] == "completed").sum()
    wide = answers.pivot(index="participant", columns="item", values="value").astype(float)
    wide["t2"] = 8 - wide["t2"]  # the reversed item
    alpha = 5 / 4 * (1 - wide.var().sum() / wide.sum(axis=1).var())
    assert alpha == pytest.approx(0.7, abs=0.03)
    scores = outcome_scores(studies["trust"], plan.outcomes[0])
    assert scores.std() == pytest.approx(1.0, abs=0.05)
    trials = studies["reliance"].trials
    counts = trials.groupby("participant").size()
    assert set(counts) == {6, 12}
    assert trials["agreed"].mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("measure", daily(COUNTED, 4))
def test_the_planned_measure_moves_by_the_effect_that_was_declared(measure):
    """Through the same code that measures people's answers."""
    plan = plan_with({**MEASURE, "measure": measure})
    assumed = Assumptions(dropout=0, baseline_share=0.4, first_right_share=0.7)
    design, rng = Design(6, 6), np.random.default_rng(4)
    task = simulated(plan, plan.outcomes[0], BOOK, assumed, design)
    differences, bases = [], []
    for _ in range(8):  # the images are drawn anew in each study
        data = simulated_study(plan, BOOK, task, design, 150, ("arm1",), assumed, rng)
        values = outcome_scores(data, task.outcome)
        by_arm = values.groupby(data.participants["arm"].to_numpy()).mean()
        bases.append(by_arm["arm0"])
        differences.append(by_arm["arm1"] - by_arm["arm0"])
    assert np.mean(bases) == pytest.approx(0.4, abs=0.06)
    assert np.mean(differences) == pytest.approx(0.15, abs=0.02)


def test_first_answers_are_as_often_right_as_supposed_and_needed_where_they_can_agree():
    two_answers = {"first": "f", "advice": "a", "final": "l", "truth": "y"}
    plan = parse_plan(
        {"control": "arm0", "arms": ["arm0", "arm1"], "outcomes": [MEASURE | {"measure": "rsr"}],
         "behaviour": two_answers}
    )  # fmt: skip
    assumed, design = Assumptions(first_right_share=0.7), Design(8, 8)
    task = simulated(plan, plan.outcomes[0], BOOK, assumed, design)
    rng = np.random.default_rng(0)
    trials = simulated_study(plan, BOOK, task, design, 200, (), assumed, rng).trials
    assert (trials["first"] == trials["truth"]).mean() == pytest.approx(0.7, abs=0.02)
    same = trials[trials["first"] == trials["advice"]]
    assert len(same) > 1000
    assert (same["final"] == same["advice"]).all()
    outcome = replace(plan.outcomes[0], measure="under_reliance")
    with pytest.raises(PlanningError, match="Plan with under_reliance_first_wrong"):
        simulated(plan, outcome, BOOK, assumed, design)


def test_what_cannot_be_simulated_is_refused_with_the_cure():
    def refusal(outcome, assumed=NORMAL, design=ONE_OF_EACH):
        plan = plan_with(outcome)
        with pytest.raises(PlanningError) as caught:
            simulated(plan, plan.outcomes[0], BOOK, assumed, design)
        return str(caught.value)

    assert "lacks smallest_effect" in refusal(SCORE)
    assert "give its SD in a single trial" in refusal(
        {**SCORE, "smallest_effect": 1}, Assumptions()
    )
    assert "such answers cannot have the mean" in refusal({**RELIANCE, "smallest_effect": 0.6})
    assert "the simulated trials have no true_class" in refusal(
        {**RELIANCE, "where": {"true_class": "car"}}
    )
    assert "d_prime is not simulated; use one of agreement, " in refusal(
        {**MEASURE, "measure": "d_prime"}
    )
    assert "counts wrong predictions, but none are shown" in refusal(MEASURE, design=Design(4, 0))
    with pytest.raises(PlanningError, match="must sum to less than 1"):
        Assumptions(person_share=0.8, image_share=0.3)
    with pytest.raises(PlanningError, match="no outcome 'rust'"):
        plan_power(plan_with(TRUST), BOOK, Design(1, 1), Asked(outcomes=("rust",)), None)


@pytest.mark.nightly
@pytest.mark.whole_report
def test_the_command_reads_a_study_file_and_writes_a_page(tmp_path, settings, capsys):
    arguments = ["--runs", "20", "--most", "20", "--outcomes", "trust", "--seed", "4"]
    study = settings.BASE_DIR / "studies" / "demo.toml"
    call_command("plan_power", study, "--output", tmp_path, "--score-sd", "0.5", *arguments)
    out = capsys.readouterr().out
    assert "chunks" in out
    power = json.loads((tmp_path / "power.json").read_text())
    assert power["asked"]["seed"] == 4
    assert power["asked"]["assumed"]["score_sd"] == 0.5
    assert power["affected"] == {"trust": ["gradcam"]}
    assert power["outcomes"][0]["alpha"] == pytest.approx(0.025)  # two outcomes in the family
    page = (tmp_path / "power.html").read_text(encoding="utf-8")
    assert "manage.py plan_power demo.toml --runs 20 --most 20 --seed 4 --outcomes trust" in page
    assert "participants per arm" in page
    assert (tmp_path / "figures" / "power-trust.png").exists()
    for words in ("nan", "inf "):
        assert words not in page.split("</style>")[1].split("<svg")[0].lower()
    with pytest.raises(CommandError, match="cannot be in"):
        call_command("plan_power", study, "--output", tmp_path, "--affected", "grad", *arguments)


def test_the_page_draws_both_curves_and_claims_no_more_than_was_found(tmp_path):
    plan = plan_with({**SCORE, "smallest_effect": 1.5})
    asked = Asked(Wanted(runs=10, most=40), Assumptions(score_sd=1.0), seed=2)
    power = plan_power(plan, BOOK, Design(2, 4), asked, tmp_path)
    write_page(power, tmp_path, "a test")
    page = (tmp_path / "power.html").read_text(encoding="utf-8")
    one = power.outcomes[0]
    assert [point.images for point in one.by_images] == [2, 3, 6, 12, 24]
    last = one.confirmations[-1]
    assert f"A new simulation of {last.power.n} studies" in page
    assert ("which confirms the sample" in page) == last.holds
    low, high = stats.binomtest(round(last.power.value * last.power.n), last.power.n).proportion_ci(
        0.95, "wilson"
    )
    assert (last.power.low, last.power.high) == pytest.approx((low, high))


def test_the_chosen_sample_is_always_labelled_on_the_axis():
    assert _spaced([8, 16, 32, 58, 64]) == [8, 16, 32, 58]
    assert _spaced([8, 16, 32, 58, 64], chosen=61) == [8, 16, 32, 61]
