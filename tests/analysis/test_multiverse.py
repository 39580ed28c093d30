"""The specification curve: every declared choice once, on one scale, the planned one marked."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from analysis.errors import PlanError
from analysis.plan.reading import parse_plan
from analysis.run import analyse
from analysis.sections.multiverse import MODELS, multiverse
from analysis.statistics.effect_sizes import hedges_g
from analysis.statistics.estimate import Estimate
from analysis.study_data.populations import outcome_scores
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS, quick_analysis
from tests.analysis.tidy import write_study

RULE = """
[[exclusions]]
key = "few"
label = "unsure in four trials or more"
rule = "trials"
column = "sureness"
below = 2
at_least = 4
"""
MULTIVERSE = """
[multiverse]
outcomes = ["trust", "agreement_wrong"]
min_answered = [0.5]
models = ["means", "ranks", "odds"]
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    place = tmp_path_factory.mktemp("multiverse")
    folder = write_study(
        place / "data", arms=THREE_ARMS, per_arm=25, seed=4, trust={"gradcam": 1.0}, unfinished=3
    )
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text() + RULE + MULTIVERSE)
    with quick_analysis(figures=True):
        results = analyse(folder, place / "out")
    return results, place


def curve_of(results, key):
    return next(one for one in results.optional_sections["multiverse"] if one.outcome == key)


def test_every_combination_of_choices_stands_once(found):
    trust = curve_of(found[0], "trust")
    ways = [(one.people, one.coding, one.model) for one in trust.specifications]
    assert len(ways) == len(set(ways)) == 4 * 2 * 2  # people, codings, models of a scale
    wrong = curve_of(found[0], "agreement_wrong")
    assert len(wrong.specifications) == 4 * 1 * 3
    assert sum(one.planned for one in trust.specifications) == 1
    assert sum(one.planned for one in wrong.specifications) == 1


def test_the_planned_specification_is_the_one_of_the_outcomes_own_table(found):
    results, place = found
    planned = next(one for one in curve_of(results, "trust").specifications if one.planned)
    scores = pd.read_csv(place / "out" / "scores.csv").dropna(subset=["trust"])
    arms = {arm: scores.loc[scores["arm"] == arm, "trust"].to_numpy() for arm in THREE_ARMS}
    expected = hedges_g(arms["gradcam"], arms["none"], 0.95)
    assert planned.effects["gradcam"] == expected
    assert planned.participants == len(scores)


def test_the_planted_effect_shows_in_every_specification_and_the_null_in_few(found):
    arms = {one.arm: one for one in curve_of(found[0], "trust").arms}
    assert arms["gradcam"].above_zero == arms["gradcam"].estimated == 16
    assert arms["placebo"].above_zero + arms["placebo"].below_zero <= 4


def test_specifications_are_ordered_and_the_people_differ(found):
    trust = curve_of(found[0], "trust")
    heights = [np.mean([e.value for e in one.effects.values()]) for one in trust.specifications]
    assert heights == sorted(heights)
    counts = {one.people: one.participants for one in trust.specifications}
    assert counts["all randomised"] >= counts["completed"]
    assert counts["without the rule “unsure in four trials or more”"] == counts["completed"]


def test_specifications_with_the_same_rows_are_computed_once(tmp_path, monkeypatch):
    """A rule that excludes nobody gives the rows of the completed set a second and third time."""
    folder = write_study(tmp_path / "data", arms=THREE_ARMS, per_arm=6, seed=4)
    plan = folder / "plan.toml"
    everyone = RULE.replace("at_least = 4", "at_least = 99")
    plan.write_text(plan.read_text() + everyone + MULTIVERSE.replace("[0.5]", "[0.5, 0.2]"))
    computed = []

    def counting(model):
        def effects(data, scores, outcome):
            computed.append(model.key)
            return model.effects(data, scores, outcome)

        return replace(model, effects=effects)

    monkeypatch.setattr(
        "analysis.sections.multiverse.MODELS", tuple(counting(model) for model in MODELS)
    )
    data = read_study(folder)
    curves = multiverse(data, data.participants)
    specifications = [one for curve in curves for one in curve.specifications]
    by_means = [one.effects for one in curves[0].specifications if one.model == MODELS[0].label]
    assert len(by_means) > 3
    assert all(effects == by_means[0] for effects in by_means)
    assert len(computed) == 5  # means and ranks of trust, and also odds of agreement
    assert len(specifications) > 3 * len(computed)


def test_d_of_ranks_and_of_odds_are_near_that_of_means_where_scores_are_normal(tmp_path):
    folder = write_study(
        tmp_path / "data", arms=THREE_ARMS, per_arm=150, seed=1, accept_wrong={"gradcam": 0.2}
    )
    data = read_study(folder)
    outcome = next(one for one in data.plan.outcomes if one.key == "agreement_wrong")
    own = outcome_scores(data, outcome).to_numpy()
    scores = data.participants[["arm"]].assign(agreement_wrong=own)
    effects = {one.key: one.effects(data, scores, outcome)["gradcam"] for one in MODELS}
    assert effects["ranks"].value == pytest.approx(effects["means"].value, abs=0.1)
    # Per trial, not per person: smaller by the spread of a mean of trials, and conditional on
    # people and images a little larger than averaged over them.
    assert 0 < effects["odds"].value < effects["mixed_odds"].value < effects["means"].value
    yes = data.trials[data.trials["prediction_correct"] == 0].groupby("arm")["agreed"].mean()
    logit = np.log(yes / (1 - yes))
    expected = (logit["gradcam"] - logit["none"]) * np.sqrt(3) / np.pi
    assert effects["odds"].value == pytest.approx(expected)


def test_without_overlap_ranks_say_why_they_have_no_d():
    ranks = next(one for one in MODELS if one.key == "ranks")

    class Data:
        labels: ClassVar = {"a": "One", "b": "Other"}

        class plan:
            control, level = "a", 0.95

            @staticmethod
            def arms_of(outcome):
                return ("a", "b")

    class Score:
        key = "x"

    scores = pd.DataFrame({"arm": ["a"] * 3 + ["b"] * 3, "x": [1.0, 2, 3, 7, 8, 9]})
    effect = ranks.effects(Data, scores, Score)["b"]
    assert "reaches 0 or 1" in effect.reason


def test_the_report_shows_the_curve_and_its_data(found):
    results, place = found
    report = (place / "out" / "report.html").read_text(encoding="utf-8")
    assert "16 specifications of the difference from “No explanation”" in report
    data = pd.read_csv(place / "out" / "figures" / "specifications-trust.csv")
    assert len(data) == 16 * 2
    assert (place / "out" / "figures" / "specifications-trust.svg").is_file()
    trust = curve_of(results, "trust")
    first = trust.specifications[0].effects["gradcam"]
    assert isinstance(first, Estimate)
    assert data.loc[data["arm"] == "gradcam", "value"].iloc[0] == pytest.approx(first.value)


def test_the_plan_is_told_what_is_wrong():
    document = {
        "arms": ["a", "b"],
        "control": "a",
        "outcomes": [{"key": "trust", "label": "Trust", "kind": "scale", "scale": "trust"}],
        "multiverse": {"outcomes": ["t"], "models": ["guess"], "min_answered": [2.0]},
    }
    with pytest.raises(PlanError) as refused:
        parse_plan(document)
    text = str(refused.value)
    assert "multiverse: t cannot be used, because the outcomes are trust." in text
    assert (
        "'models' in [multiverse] contains 'guess'. Known: means, ranks, odds, mixed_odds." in text
    )
    assert "'min_answered' in [multiverse] contains 2.0. It must be above 0 and at most 1." in text
