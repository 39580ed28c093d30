"""Exclusions run from the plan, in order; the flow adds up or nothing is printed."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analysis.errors import NotEstimableError, TableError
from analysis.plan.plan import RULES, resolve
from analysis.plan.tables import MultiversePlan
from analysis.run import analyse
from analysis.sections.multiverse import people as multiverse_people
from analysis.sections.participant_flow import FlowError, check_sums, study_flow
from analysis.statistics.attrition import independence, share
from analysis.study_data.exclusions.by_hand import problems_with_list
from analysis.study_data.populations import members, participant_flow, score_table
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, outcomes_of, page_of, results_of, write_study
from tests.daily import daily

SLOW = """
[[exclusions]]
key = "fast"
label = "answered in less than 1 s in two trials or more"
rule = "trials"
column = "response_time_ms"
below = 1000
at_least = 2
"""
LISTED = """
[[exclusions]]
key = "listed"
label = "took part twice"
rule = "listed"
scope = "all"
participants = {people}
"""


def add(folder, text):
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text() + text)
    return folder


def hurry(count, trials=2):
    """The first `count` participants answer their first `trials` trials in half a second."""

    def change(frame):
        for person in frame["participant"].unique()[:count]:
            rows = frame.index[frame["participant"] == person][:trials]
            frame.loc[rows, "response_time_ms"] = "500"
        return frame

    return change


def people(folder):
    return list(read_study(folder).participants["participant"])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_every_listed_rule_can_be_resolved(rule):
    assert callable(resolve(rule.path))


def test_a_rule_takes_those_whom_it_fits_from_the_per_protocol_set_alone(folder):
    edit(folder, "trials.csv", hurry(3))
    data = read_study(add(folder, SLOW))
    (step,) = data.exclusions.steps
    assert sum(step.excluded.values()) == step.flagged == 3
    assert sum(step.remaining.values()) == 9
    assert members(data, "per_protocol").sum() == 9
    assert members(data, "randomised").sum() == members(data, "completed").sum() == 12


def test_once_is_not_often_enough(folder):
    edit(folder, "trials.csv", hurry(3, trials=1))
    (step,) = read_study(add(folder, SLOW)).exclusions.steps
    assert step.flagged == 0


def test_rules_run_in_the_plans_order_and_nobody_is_taken_twice(folder):
    edit(folder, "trials.csv", hurry(3))
    named = people(folder)[2:5]
    listed = LISTED.format(people=named)
    first = read_study(add(folder, listed + SLOW)).exclusions.steps
    assert [step.key for step in first] == ["listed", "fast"]
    assert [sum(step.excluded.values()) for step in first] == [3, 2]
    assert first[1].flagged == 3  # one of whom the list had taken


def test_whoever_an_earlier_rule_took_is_not_undecided_any_more(folder):
    named = people(folder)[:1]

    def forget(frame):
        unknown = frame["participant"].isin(people(folder)[:2])
        frame.loc[unknown, "response_time_ms"] = ""
        return frame

    edit(folder, "trials.csv", forget)
    steps = read_study(add(folder, LISTED.format(people=named) + SLOW)).exclusions.steps
    assert [step.undecided for step in steps] == [0, 1]


def test_scope_all_takes_people_out_of_every_set(folder):
    data = read_study(add(folder, LISTED.format(people=people(folder)[:2])))
    for population in ("randomised", "completed", "per_protocol"):
        assert members(data, population).sum() == 10
    scores = score_table(data)
    assert scores.iloc[:2][["trust", "sureness"]].isna().all(axis=None)


def test_what_was_not_recorded_excludes_nobody_and_is_counted(folder):
    def forget(frame):
        first = frame["participant"] == frame["participant"].iloc[0]
        frame.loc[first, "response_time_ms"] = ""
        return frame

    edit(folder, "trials.csv", forget)
    (step,) = read_study(add(folder, SLOW)).exclusions.steps
    assert (step.flagged, step.undecided) == (0, 1)


def rule(folder, **fields):
    lines = "\n".join(f"{key} = {value}" for key, value in fields.items())
    add(folder, f'\n[[exclusions]]\nkey = "k"\nlabel = "K"\n{lines}\n')
    (step,) = read_study(folder).exclusions.steps
    return step.flagged


def describe(*names):
    """Rows of the codebook for further whole-number columns of trials.csv."""

    def change(frame):
        for name in names:
            row = {"file": "trials.csv", "column": name, "type": "integer"}
            frame.loc[len(frame)] = dict.fromkeys(frame.columns, "") | row
        return frame

    return change


def test_a_participants_own_value_can_exclude(folder):
    edit(folder, "participants.csv", lambda f: f.assign(seconds_total=["90", *["750"] * 11]))
    assert rule(folder, rule='"participant"', column='"seconds_total"', below=120) == 1


@pytest.mark.parametrize(("wrong", "flagged"), [(1, 0), (2, 1)])
def test_an_attention_check_compares_two_columns(folder, wrong, flagged):
    def check(frame):
        frame = frame.assign(said=frame["position"], there=frame["position"])
        rows = frame.index[frame["participant"] == frame["participant"].iloc[0]][:wrong]
        frame.loc[rows, "said"] = "99"
        return frame

    edit(folder, "trials.csv", check)
    edit(folder, "codebook.csv", describe("said", "there"))
    fields = {"rule": '"trials"', "column": '"said"', "differs_from": '"there"', "at_least": 2}
    assert rule(folder, **fields) == flagged


def test_a_catch_item_excludes_whoever_answers_otherwise_and_not_whoever_did_not(folder):
    def answer(frame):
        rows = frame.index[frame["item"] == "trust2"]
        frame.loc[rows, "value"] = "4"
        frame.loc[rows[:2], "value"] = "5"
        frame.loc[rows[2], "value"] = ""
        return frame

    edit(folder, "answers.csv", answer)
    assert rule(folder, rule='"answer"', item='"trust2"', other_than=4) == 2


def test_straight_lining_counts_answers_that_the_plan_calls_alike(folder):
    def answer(frame):
        trust = frame["item"].str.startswith("trust")
        frame.loc[trust, "value"] = [str(1 + n % 7) for n in range(trust.sum())]
        first = frame["participant"] == frame["participant"].iloc[0]
        frame.loc[trust & first, "value"] = ["6", "7", "6", "7", "7", "6"]
        return frame

    edit(folder, "answers.csv", answer)
    items = [f"trust{n}" for n in range(1, 7)]
    assert rule(folder, rule='"same_answers"', items=items) == 0
    (folder / "plan.toml").write_text(
        (folder / "plan.toml").read_text().replace('key = "k"\n', 'key = "k"\nalike = [[6, 7]]\n')
    )
    assert read_study(folder).exclusions.steps[0].flagged == 1


def test_the_same_choices_throughout_blocks_are_found(folder):
    def choose(frame):
        first = frame["participant"] == frame["participant"].iloc[0]
        frame["agreed"] = [str(n % 2) for n in range(len(frame))]
        frame.loc[first, "agreed"] = "1"
        return frame

    edit(folder, "trials.csv", choose)
    fields = {"rule": '"same_choices"', "columns": '["agreed"]', "block": '"arm"'}
    assert rule(folder, **fields) == 1


def test_a_block_of_a_single_trial_is_no_repetition(folder):
    def choose(frame):
        frame["agreed"] = [str(n % 2) for n in range(len(frame))]
        first = frame["participant"] == frame["participant"].iloc[0]
        # Each trial of the first participant is a block of its own; all others have one block.
        frame["block"] = frame["position"].where(first, "1")
        return frame

    edit(folder, "trials.csv", choose)
    edit(folder, "codebook.csv", describe("block"))
    fields = {"rule": '"same_choices"', "columns": '["agreed"]', "block": '"block"'}
    assert rule(folder, **fields) == 0


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    folder = write_study(tmp_path_factory.mktemp("flow") / "data", arms=THREE_ARMS, per_arm=4)
    edit(folder, "trials.csv", hurry(3))
    data = read_study(add(folder, SLOW))
    return data, participant_flow(data, score_table(data))


def test_the_flow_adds_up(flow):
    data, rows = flow
    found = study_flow(data, rows)
    for row in rows:
        left = row.randomised - sum(step.excluded[row.arm] for step in found.steps)
        assert left == found.sets.per_protocol[row.arm] == found.steps[-1].remaining[row.arm]


@pytest.mark.parametrize("damage", ["states", "step", "sets", "analysed"])
def test_a_flow_that_does_not_add_up_is_never_printed(flow, damage):
    """The negative control of the check: each number wrong by one is noticed."""
    data, rows = flow
    found = study_flow(data, rows)
    arm, steps, sets = rows[0].arm, found.steps, found.sets
    if damage == "states":
        rows = (replace(rows[0], completed=rows[0].completed - 1), *rows[1:])
    if damage == "analysed":
        rows = (replace(rows[0], analysed={"trust": rows[0].randomised + 1}), *rows[1:])
    if damage == "step":
        steps = (replace(steps[0], remaining={**steps[0].remaining, arm: 7}),)
    if damage == "sets":
        sets = replace(sets, per_protocol={**sets.per_protocol, arm: 5})
    with pytest.raises(FlowError):
        check_sums(rows, steps, sets)


@pytest.mark.figures
def test_the_diagram_and_the_tables_come_with_the_report(folder, tmp_path):
    edit(folder, "trials.csv", hurry(3))
    plan = folder / "plan.toml"  # of one outcome
    plan.write_text("\n[[outcomes]]".join(plan.read_text().split("\n[[outcomes]]")[:2]))
    analyse(add(folder, SLOW), tmp_path / "out")
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "answered in less than 1 s in two trials or more" in report
    assert "Flow of participants: 12 randomised" in report
    assert (tmp_path / "out" / "figures" / "flow.svg").exists()


@pytest.mark.nightly
def test_every_outcome_is_looked_at_in_the_other_set_too(folder):
    edit(folder, "trials.csv", hurry(3))
    trust = outcomes_of(add(folder, SLOW))[0]
    assert sum(arm.n for arm in trust.found.arms) == 12
    assert trust.sensitivity.population == "per_protocol"
    assert sum(arm.n for arm in trust.sensitivity.arms) == 9


def counted(monkeypatch):
    """The populations in which outcomes are tested from now on, in order."""
    tested = []

    def resolve_and_count(path):
        function = resolve(path)

        def counting(data, scores, outcome):
            tested.append(outcome.population)
            return function(data, scores, outcome)

        return counting if "one_way.one_way" in path or "arms_and_test" in path else function

    monkeypatch.setattr("analysis.results.resolve", resolve_and_count)
    return tested


@pytest.mark.parametrize("excluded", [0, 3])
def test_the_other_set_is_tested_again_only_if_it_has_other_people(folder, monkeypatch, excluded):
    edit(folder, "trials.csv", hurry(excluded))
    add(folder, SLOW)
    tested = counted(monkeypatch)
    results = outcomes_of(folder)
    outcomes = len(results)
    assert tested.count("completed") + tested.count("randomised") == outcomes
    assert tested.count("per_protocol") == (outcomes if excluded else 0)
    for result in results:
        same = result.sensitivity.test == result.found.test
        assert same == (excluded == 0)
        assert result.sensitivity.population == "per_protocol"


def test_a_plan_without_exclusions_has_no_second_set(planted_results):
    assert all(result.sensitivity is None for result in planted_results.outcomes)


def test_attrition_is_counted_and_tested_by_arm(tmp_path):
    folder = write_study(tmp_path / "data", arms=THREE_ARMS, per_arm=5, unfinished=2)
    data = read_study(folder)
    (lost,) = study_flow(data, participant_flow(data, score_table(data))).attrition
    assert {arm: one.value for arm, one in lost.shares.items()} == {
        arm: pytest.approx(2 / 7) for arm in THREE_ARMS
    }
    assert lost.test.p == 1  # no other table with these margins is more even


@pytest.mark.parametrize(
    ("lost", "sizes"), [((9, 2), (20, 20)), ((1, 6), (12, 30)), ((3, 1), (8, 7))]
)
def test_the_permutation_p_is_that_of_all_tables_with_the_same_margins(lost, sizes):
    """Two arms: the hypergeometric distribution has them all."""
    rows = dict(zip("ab", sizes, strict=True)), dict(zip("ab", lost, strict=True))
    found = independence(rows[1], rows[0])
    n, total = sum(sizes), sum(lost)
    possible = np.arange(max(0, total - sizes[1]), min(total, sizes[0]) + 1)
    chances = stats.hypergeom(n, sizes[0], total).pmf(possible)
    distance = np.abs(possible - total * sizes[0] / n)
    exact = chances[distance >= abs(lost[0] - total * sizes[0] / n) - 1e-9].sum()
    assert found.p == pytest.approx(exact, abs=0.005)
    table = np.array([lost, np.subtract(sizes, lost)])
    assert found.statistic == pytest.approx(
        stats.chi2_contingency(table, correction=False).statistic
    )


def test_for_large_counts_it_is_pearsons():
    found = independence({"a": 60, "b": 90, "c": 75}, {"a": 300, "b": 320, "c": 310})
    expected = stats.chi2_contingency([[60, 90, 75], [240, 230, 235]], correction=False)
    assert found.p == pytest.approx(expected.pvalue, abs=0.006)


def test_twice_the_same_p():
    counts, sizes = {"a": 3, "b": 9}, {"a": 20, "b": 20}
    assert independence(counts, sizes).p == independence(counts, sizes).p


def test_where_nobody_was_lost_nothing_is_tested():
    with pytest.raises(NotEstimableError, match="no participant was lost"):
        independence({"a": 0, "b": 0}, {"a": 5, "b": 5})
    with pytest.raises(NotEstimableError, match="every participant was lost"):
        independence({"a": 5, "b": 5}, {"a": 5, "b": 5})


def test_a_share_of_nobody_does_not_exist_and_of_all_has_an_interval():
    with pytest.raises(NotEstimableError):
        share(0, 0)
    assert share(5, 5).low < 1


def exclude_by_hand(folder, people, *, late=False, scope="per_protocol", reason="the phone broke"):
    """As the export of a study writes it whose researchers excluded these people."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest.setdefault("excluded_by_hand", []).extend(
        {"participant": person, "reason": reason, "scope": scope,
         "at": "2026-01-04T12:00:00.000+00:00", "after_unblinding": late}
        for person in people
    )  # fmt: skip
    path.write_text(json.dumps(manifest))
    return folder


@pytest.mark.parametrize("scope", daily(["per_protocol", "all"], 1))
def test_people_excluded_by_hand_are_a_rule_after_those_of_the_plan(tmp_path, scope):
    folder = add(write_study(tmp_path, arms=THREE_ARMS, per_arm=6), SLOW)
    edit(folder, "trials.csv", hurry(2))
    _first, second, third = people(folder)[:3]
    exclude_by_hand(folder, [second, third], scope=scope)
    results, page = page_of(folder)
    plan_step, by_hand = results.study_flow.steps
    assert (sum(plan_step.excluded.values()), plan_step.key) == (2, "fast")
    # The second person is counted under the rule of the plan, which comes first.
    assert sum(by_hand.excluded.values()) == 1
    assert (by_hand.flagged, by_hand.scope) == (2, scope)
    assert "by hand: the phone broke" in page
    assert "Exclusions by hand follow those of the plan" in page
    assert third not in page
    data = read_study(folder)
    assert not members(data, "per_protocol")[data.participants["participant"] == third].any()
    everyone = members(data, "randomised")[data.participants["participant"] == third]
    assert everyone.any() == (scope == "per_protocol")
    assert ("without participants excluded from all sets" in page) == (scope == "all")
    assert not [entry for entry in results.deviations if entry.where == "exclusions by hand"]


def test_each_reason_is_a_rule_of_its_own_and_each_outcome_is_also_tested_in_the_other_set(
    tmp_path,
):
    folder = write_study(tmp_path, arms=THREE_ARMS, per_arm=6)
    names = people(folder)
    exclude_by_hand(folder, names[:2])
    exclude_by_hand(folder, names[2:3], reason="a colleague")
    results = results_of(folder)
    labels = {step.label: sum(step.excluded.values()) for step in results.study_flow.steps}
    assert labels == {"by hand: the phone broke": 2, "by hand: a colleague": 1}
    assert all(outcome.sensitivity is not None for outcome in results.outcomes)


def test_exclusions_after_the_unblinding_are_a_deviation(tmp_path):
    folder = write_study(tmp_path, arms=THREE_ARMS, per_arm=6)
    names = people(folder)
    exclude_by_hand(folder, names[:2])
    exclude_by_hand(folder, names[2:3], late=True, reason="looked odd")
    results, page = page_of(folder)
    (deviation,) = [one for one in results.deviations if one.where == "exclusions by hand"]
    assert deviation.done == "1 of 3 excluded after the unblinding: “looked odd”"
    assert deviation.done in page


@pytest.mark.nightly
def test_the_same_report_comes_from_the_bundle(tmp_path):
    folder = exclude_by_hand(write_study(tmp_path / "a", arms=THREE_ARMS, per_arm=6), [])
    exclude_by_hand(folder, people(folder)[:2])
    analyse(folder, tmp_path / "report")
    data = read_study(tmp_path / "report" / "data")
    assert sum(data.exclusions.steps[0].excluded.values()) == 2


def test_a_list_in_an_unknown_form_is_refused(tmp_path):
    folder = write_study(tmp_path, arms=THREE_ARMS, per_arm=6)
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "excluded_by_hand": ["anna"]}))
    with pytest.raises(TableError, match="Each entry needs participant, reason, scope"):
        read_study(folder)


@pytest.mark.nightly
def test_the_multiverse_also_analyses_everybody_who_was_excluded_by_hand(tmp_path):
    folder = add(write_study(tmp_path, arms=THREE_ARMS, per_arm=6), SLOW)
    edit(folder, "trials.csv", hurry(2))
    exclude_by_hand(folder, people(folder)[4:6])
    data = read_study(folder)
    outcome = data.plan.outcomes[0]
    plan = MultiversePlan(without_each_rule=True)
    in_set = {
        entry.label: int(members(entry.data, entry.outcome.population).sum())
        for entry in multiverse_people(data, outcome, plan)
    }
    rule = f"without the rule “{data.plan.exclusions[0].label}”"
    by_hand = "without the exclusions by hand"
    per_protocol = int(members(data, "per_protocol").sum())
    assert in_set[rule] == per_protocol + 2
    assert in_set[by_hand] == per_protocol + 2


def test_a_person_excluded_by_hand_at_no_time_is_a_list_that_cannot_be_read(folder):
    exclude_by_hand(folder, ["a"])
    manifest = json.loads((folder / "manifest.json").read_text())
    assert problems_with_list(manifest) == []
    manifest["excluded_by_hand"][0]["at"] = "yesterday"
    (sentence,) = problems_with_list(manifest)
    assert "yesterday" in sentence
