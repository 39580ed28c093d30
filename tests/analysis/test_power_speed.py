"""Shortcuts of simulated studies: the same p as through the tables of a whole study."""

from dataclasses import replace

import numpy as np
import pytest
from distributed import LocalCluster
from django.core.management import CommandError, call_command

from analysis.errors import NotEstimableError
from analysis.power import simulated_studies
from analysis.power.assumptions import Assumptions, Design, PlanningError
from analysis.power.behaviour import COUNTED
from analysis.power.dask_workers import dask_executor
from analysis.power.direct_models import is_direct_model, p_values
from analysis.power.outcomes import simulated
from analysis.power.required_sample import Asked, plan_power, to_json
from analysis.power.search import Wanted
from analysis.power.simulated_studies import Cell, Settings
from tests.analysis.test_planning import BOOK, MEASURE, RELIANCE, SCORE, TRUST, plan_with
from tests.conftest import ROOT
from tests.daily import daily

SURENESS = {**SCORE, "key": "s", "column": "sureness", "smallest_effect": 0.5}
ITEM = {**TRUST, "key": "i", "kind": "item", "item": "t2", "scale": None}
CASES = {
    "scale": TRUST,
    "scale of the per-protocol set": {**TRUST, "population": "per_protocol"},
    "reversed item": {key: value for key, value in ITEM.items() if value is not None},
    "numbers": {**SCORE, "smallest_effect": 0.3},
    "logarithms": {**SCORE, "smallest_effect": 0.3, "transform": "log"},
    "ordered answers of wrong predictions": {**SURENESS, "where": {"prediction_correct": 0}},
    "answers of those who completed": {**SURENESS, "population": "completed"},
    "two of three arms": {**SURENESS, "asked_in": ["arm0", "arm2"]},
}


def both_ways(outcome, monkeypatch, per_arm=12, design=None, runs=4):
    """p of each run, without and with the tables of a whole study; None where it is refused."""
    plan = plan_with(outcome, arms=3)
    design = design or Design(3, 3)
    assumed = Assumptions(score_sd=1.0)
    settings = Settings(plan, BOOK, design, assumed, ("arm2",), "test", 1)
    task = simulated(plan, plan.outcomes[0], BOOK, assumed, design)
    cell = Cell(plan.outcomes[0].key, "search", 0, per_arm, design.right, design.wrong)

    def values():
        for run in range(runs):
            try:
                yield simulated_studies._p(settings, task, cell, np.random.default_rng(run))
            except NotEstimableError:
                yield None

    direct = list(values())
    assert simulated_studies.is_direct(task.outcome, design)
    with monkeypatch.context() as patch:
        patch.setattr(simulated_studies, "is_direct", lambda *_: False)
        return direct, list(values())


@pytest.mark.parametrize("outcome", CASES.values(), ids=CASES)
def test_scores_without_tables_give_the_p_of_a_whole_study(outcome, monkeypatch):
    direct, whole = both_ways(outcome, monkeypatch)
    assert direct == pytest.approx(whole, rel=1e-9)
    assert len(set(direct)) == len(direct)


@pytest.mark.parametrize("measure", COUNTED)
def test_measures_of_behaviour_without_tables_do_too(measure, monkeypatch):
    direct, whole = both_ways({**MEASURE, "measure": measure}, monkeypatch, per_arm=25)
    assert direct == pytest.approx(whole, rel=1e-9)
    assert len(set(direct)) == len(direct)


MODELS = {
    "wrong predictions": RELIANCE,
    "all predictions of those who completed": {
        **RELIANCE, "where": {}, "population": "completed",
    },
    "two of three arms, per protocol": {
        **RELIANCE, "asked_in": ["arm0", "arm2"], "population": "per_protocol",
    },
}  # fmt: skip


@pytest.mark.parametrize("outcome", daily(MODELS.values(), 1), ids=MODELS)
def test_models_without_tables_give_the_p_of_a_whole_study(outcome):
    plan = plan_with(outcome, arms=3)
    design, assumed = Design(2, 6), Assumptions()
    settings = Settings(plan, BOOK, design, assumed, ("arm2",), "test", 1)
    task = simulated(plan, plan.outcomes[0], BOOK, assumed, design)
    assert is_direct_model(plan, task.outcome, design)
    cell = Cell("reliance", "search", 0, 25, design.right, design.wrong)
    direct = list(
        p_values(
            plan, task, design, 25, ("arm2",), assumed, [np.random.default_rng(n) for n in range(6)]
        )
    )
    whole = [simulated_studies._p(settings, task, cell, np.random.default_rng(n)) for n in range(6)]
    decided = [pair for pair in zip(direct, whole, strict=True) if pair[0] is not None]
    assert len(decided) >= 4
    assert [pair[0] for pair in decided] == pytest.approx([p for _, p in decided], abs=1e-6)
    assert len({round(p, 6) for p, _ in decided}) == len(decided)


@pytest.mark.parametrize("per_arm", daily([3, 15], 1))
def test_counts_are_those_of_whole_studies_whatever_is_left_to_them(per_arm, monkeypatch):
    """Three people per arm leave many studies to the complete fit, which refuses some."""
    plan = plan_with(RELIANCE)
    design, assumed = Design(2, 3), Assumptions()
    settings = Settings(plan, BOOK, design, assumed, ("arm1",), "test", 1)
    cell = Cell("reliance", "search", 0, per_arm, 2, 3)
    runs = 6 if per_arm == 3 else 12
    fast = simulated_studies.chunk(settings, cell, 0, runs)
    monkeypatch.setattr(simulated_studies, "is_direct_model", lambda *_: False)
    assert simulated_studies.chunk(settings, cell, 0, runs) == fast


def test_models_that_need_tables_are_not_shortened():
    slopes = {**RELIANCE, "slopes": ["image"]}
    linear = {**SCORE, "analysis": "linear_trials", "smallest_effect": 0.3}
    within = {**RELIANCE, "where": {}, "within": "prediction_correct"}
    alone = {**RELIANCE, "random": ["participant"]}
    for outcome in (slopes, linear, within, alone):
        plan = plan_with(outcome)
        assert not is_direct_model(plan, plan.outcomes[0], Design(2, 3))
    plan = plan_with(RELIANCE)
    assert is_direct_model(plan, plan.outcomes[0], Design(2, 3))
    assert not is_direct_model(plan, plan.outcomes[0], Design(2, 1))
    assert not is_direct_model(plan, plan.outcomes[0], Design(2, 3, ("a", "b")))


@pytest.mark.nightly
def test_what_the_analysis_refuses_is_refused_without_tables_as_well(monkeypatch):
    """Two people per arm, whose measure is often undefined."""
    direct, whole = both_ways(MEASURE, monkeypatch, per_arm=2, design=Design(1, 1), runs=30)
    assert [p is None for p in direct] == [p is None for p in whole]
    assert None in direct


@pytest.mark.nightly
def test_a_dask_cluster_gives_the_same_bytes_as_this_process(tmp_path):
    plan = plan_with(TRUST, arms=3)
    asked = Asked(Wanted(runs=20), seed=2)
    texts = []
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster:
        for number, scheduler in enumerate(("", cluster.scheduler_address)):
            place = tmp_path / str(number)
            power = plan_power(plan, BOOK, Design(1, 1), asked, place, scheduler=scheduler)
            texts.append(to_json(power, {}))
            runs = (place / "runs-trust.jsonl").read_text().splitlines()
            assert len(runs) > 10
    assert texts[0] == texts[1]


def test_a_scheduler_that_does_not_answer_is_named_with_the_cure():
    with (
        pytest.raises(PlanningError, match="No Dask scheduler answers at tcp://127"),
        dask_executor("tcp://127.0.0.1:1", seconds=1),
    ):
        pass


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scheduler": "tcp://127.0.0.1:1"}, "belong together"),
        ({"executor": "dask"}, "belong together"),
        ({"executor": "dask", "scheduler": "tcp://127.0.0.1:1", "workers": 2}, "Omit one"),
    ],
)
def test_options_of_the_cluster_that_do_not_fit_are_refused(options, said, tmp_path):
    with pytest.raises(CommandError, match=said):
        call_command(
            "plan_power", str(ROOT / "studies" / "judge-advisor.toml"),
            output=tmp_path / "out", **options,
        )  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_other_analyses_and_contrasts_take_the_way_through_the_tables():
    plan = plan_with(RELIANCE, {**TRUST, "key": "ranks", "analysis": "ranks"}, TRUST)
    models, ranks, means = plan.outcomes
    between, within = Design(3, 3), Design(3, 3, ("a", "b"))
    decided = [
        simulated_studies.is_direct(*case)
        for case in (
            (models, between), (ranks, between), (means, between), (means, within),
            (replace(means, before={"part": "first"}), between),
        )
    ]  # fmt: skip
    assert decided == [False, False, True, False, False]
