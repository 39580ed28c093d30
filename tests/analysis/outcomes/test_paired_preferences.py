"""Preferences between two maps as an outcome of a plan: numbers, refusals, page and figures."""

import json
from types import SimpleNamespace

import pytest

from analysis.errors import PlanError
from analysis.outcomes.paired_preferences import PairedPreferences
from analysis.plan.reading import parse_plan
from analysis.preregistration.claims import analyses
from analysis.report.render import render_report
from analysis.reproduction.p_values import recomputed
from analysis.reproduction.results_schema import validate
from analysis.results import Results, compute, to_json
from analysis.study_data.populations import score_table
from analysis.study_data.preferences import comparisons
from analysis.study_data.study_data import StudyData, read_study
from tests.analysis.conftest import quick_analysis
from tests.analysis.tidy import edit, outcomes_of, write_study
from tests.recomputed_studies import preferences_described, with_preferences

OUTCOME = {
    "key": "preferred",
    "label": "Preferred maps",
    "kind": "preference",
    "analysis": "paired_preferences",
}
PLAN = """title = "Which map"
control = "none"
arms = ["none", "gradcam"]
[[outcomes]]
key = "preferred"
label = "Preferred maps"
kind = "preference"
analysis = "paired_preferences"
"""
ARMS = {"none": "No map", "gradcam": "Grad-CAM"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("preferences")
    write_study(path, arms=ARMS, per_arm=15, seed=21, plan=PLAN)
    edit(path, "trials.csv", with_preferences)
    return edit(path, "codebook.csv", preferences_described)


@pytest.fixture(scope="module")
def data(folder) -> StudyData:
    return read_study(folder)


@pytest.fixture(scope="module")
def results(data) -> Results:
    with quick_analysis():
        return compute(data, score_table(data))


def test_every_answered_comparison_counts_once(data, results):
    (result,) = results.outcomes
    found = result.found
    assert isinstance(found, PairedPreferences)
    rows = comparisons(data, result.outcome)
    assert found.comparisons == len(rows) == len(data.trials) == result.summary.rows
    assert found.participants == result.summary.participants == 30
    assert result.summary.unit == "comparisons"
    labels = ["Grad-CAM", "LIME", "Saliency map"]
    assert [one.label for one in found.worths] == [arm.label for arm in found.arms] == labels
    # Each comparison has two sides: what one method wins another loses.
    assert sum(one.won for one in found.worths) == sum(one.lost for one in found.worths)
    assert sum(one.won + one.tied + one.lost for one in found.worths) == 2 * len(rows)
    assert sum(pair.won + pair.tied + pair.lost for pair in found.pairs) == len(rows)
    assert found.worths[0].worth.value > found.worths[1].worth.value > found.worths[2].worth.value
    assert found.pairs[1].reference == "saliency"
    assert found.pairs[1].p_adjusted == pytest.approx(3 * found.pairs[1].difference.p)
    assert [one.key for one in result.assumptions] == ["preference_people", "places", "worths"]
    assert result.score_range == (0.0, 1.0)


def test_results_fit_the_schema_and_each_p_follows_from_its_statistic(results):
    document = json.loads(to_json(results))
    validate(document)
    checked = [one for one in recomputed(document["outcomes"]) if one.outcome != "not recomputable"]
    assert len(checked) > 4
    assert {one.outcome for one in checked} == {"equal"}


def test_the_page_tells_worths_pairs_place_and_ties(results):
    assert results.failures == ()
    page = render_report(results, {}, "test")
    for words in (
        "worth of each method",
        "Grad-CAM against Saliency map",
        "Odds of the map in the first place",
        "Share of choices of neither",
        "Of the pairs, maps of “Grad-CAM” are preferred more often than maps of “LIME”",
        "maps of “Grad-CAM” are preferred more often than maps of “Saliency map”",
        "by method and by pair, in the tables of worths and of pairs",
        "standard errors are between participants",
        "the first place, where a choice of neither counts as half",
    ):
        assert words in page, words


@pytest.mark.nightly
def test_both_figures_are_drawn_with_their_data(results, data, tmp_path):
    from analysis.figures.draw import draw_figures

    files, failed = draw_figures(results, score_table(data), tmp_path)
    assert failed == ()
    assert {"worths-preferred", "contrasts-preferred"} <= set(files)
    table = (tmp_path / "worths-preferred.csv").read_text().splitlines()
    assert table[0] == "method,label,won,neither,lost,value,low,high"
    assert table[1].startswith("gradcam,Grad-CAM,")


def test_trials_of_other_tasks_and_comparisons_of_one_method_do_not_count(data):
    (outcome,) = data.plan.outcomes
    trials = data.trials.assign(decision_correct=1.0)
    trials.loc[trials.index[:5], "map_methods"] = None
    trials.loc[trials.index[5:8], "preferred_map"] = None
    trials.loc[trials.index[8:10], "map_methods"] = "lime;lime"
    changed = StudyData(**{**vars_of(data), "trials": trials})
    assert len(comparisons(changed, outcome)) == len(trials) - 10


def vars_of(data: StudyData) -> dict:
    return {name: getattr(data, name) for name in data.__dataclass_fields__}


@pytest.mark.nightly
def test_codes_that_a_spreadsheet_made_numbers_are_read(folder, tmp_path):
    import shutil

    other = shutil.copytree(folder, tmp_path / "numbers")
    edit(other, "trials.csv", lambda frame: frame.assign(preferred_map=frame.preferred_map + ".0"))
    (again,), (before,) = outcomes_of(other), outcomes_of(folder)
    assert again.found == before.found


def test_a_method_that_always_loses_has_no_test_and_the_reason_names_it(folder, tmp_path):
    import shutil

    other = shutil.copytree(folder, tmp_path / "separated")

    def lost(frame):
        places = frame["map_methods"].str.split(";", expand=True)
        choice = frame["preferred_map"].mask(places[0] == "lime", "2")
        return frame.assign(preferred_map=choice.mask(places[1] == "lime", "1"))

    edit(other, "trials.csv", lost)
    (result,) = outcomes_of(other)
    assert "no choice speaks for “LIME” against “Grad-CAM” or" in result.found.test.reason
    assert result.fallback is None
    assert {one.label for one in result.refused} == {result.refused[0].label}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"analysis": "one_way"}, "is analysed by 'paired_preferences', but its analysis is"),
        ({"fallback": ["permutation"]}, "Write fallback = 'none'"),
        ({"kind": "trial_mean", "column": "agreed"}, "analyses outcomes of the kind 'preference'"),
        ({"column": "agreed"}, "does not use it. Remove it"),
        ({"within": "condition"}, "does not use 'within'"),
    ],
)
def test_a_kind_and_an_analysis_that_do_not_fit_are_refused(changes, words):
    plan = {"title": "", "control": "a", "arms": ["a", "b"], "outcomes": [{**OUTCOME, **changes}]}
    with pytest.raises(PlanError, match=words):
        parse_plan(plan)


def test_sections_that_compare_arms_refuse_preferences_and_one_arm_suffices():
    plan = {"title": "", "control": "a", "arms": ["a", "b"], "outcomes": [OUTCOME]}
    parse_plan(plan)
    parse_plan({"title": "", "arms": ["a"], "outcomes": [OUTCOME]})
    with pytest.raises(PlanError, match="which does not compare the arms"):
        parse_plan({**plan, "multiverse": {"outcomes": ["preferred"]}})
    with pytest.raises(PlanError, match="of which no model of a specification curve"):
        parse_plan({**plan, "multiverse": {}})


def test_without_comparisons_in_the_tables_the_plan_is_refused(tmp_path):
    from analysis.errors import TableError

    write_study(tmp_path, arms=ARMS, per_arm=2, plan=PLAN)
    with pytest.raises(TableError, match="reads map_methods and preferred_map of trials"):
        read_study(tmp_path)


def test_the_preregistration_names_the_model_and_no_fallback():
    plan = parse_plan({"title": "", "control": "a", "arms": ["a", "b"], "outcomes": [OUTCOME]})
    declared = SimpleNamespace(arms={})
    (line, *_) = analyses(plan, declared)  # type: ignore[arg-type]
    assert "Bradley-Terry model of preferences between two maps" in line
    assert "ties by Davidson" in line
    assert "has no test for the data" not in line
