"""Shortcuts of simulated studies: the same p as through the tables of a whole study."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import NotEstimableError
from analysis.power import simulated_studies
from analysis.power.assumptions import Assumptions, Design
from analysis.power.behaviour import COUNTED
from analysis.power.outcomes import simulated
from analysis.power.simulated_studies import Cell, Settings
from tests.analysis.test_planning import BOOK, MEASURE, RELIANCE, SCORE, TRUST, plan_with

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


def both_ways(outcome, monkeypatch, per_arm=12, design=None, runs=8):
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


def test_what_the_analysis_refuses_is_refused_without_tables_as_well(monkeypatch):
    """Two people per arm, whose measure is often undefined."""
    direct, whole = both_ways(MEASURE, monkeypatch, per_arm=2, design=Design(1, 1), runs=30)
    assert [p is None for p in direct] == [p is None for p in whole]
    assert None in direct


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
