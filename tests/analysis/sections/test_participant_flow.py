"""Stopping is not withdrawing: who stopped is analysed, who withdrew is a count, both by arm."""

import json
import re
from dataclasses import asdict

import pandas as pd
import pytest

from analysis.figures.flow import draw_flow
from analysis.figures.style import CARRIED
from analysis.reproduction.old_results import in_todays_words
from analysis.sections.participant_flow import study_flow
from analysis.study_data.populations import members, participant_flow, score_table
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, page_of, results_of, write_manifest, write_study

ERASED = {"none": 3, "gradcam": 0, "placebo": 1}
NOT_STOPPED = """
[[exclusions]]
key = "stopped"
label = "pressed stop"
rule = "participant"
column = "state"
equals = "{state}"
"""


@pytest.fixture
def left(tmp_path):
    """Per arm four who completed, and two who did not; some more had their data erased."""
    folder = write_study(tmp_path / "left", arms=THREE_ARMS, per_arm=4, unfinished=2)
    write_manifest(folder, erased=ERASED)
    return folder


def states(folder):
    people = pd.read_csv(folder / "participants.csv")
    return {arm: own["state"].value_counts() for arm, own in people.groupby("arm")}


def called(folder, old, new):
    """The folder with one word for a state in place of another."""
    frame = pd.read_csv(folder / "participants.csv", dtype="str", keep_default_na=False)
    assert (frame["state"] == old).any()
    edit(folder, "participants.csv", lambda frame: frame.replace({"state": {old: new}}))
    write_manifest(folder, erased=ERASED)
    return folder


def printed(page):
    """The report's table of participants by arm, cells by the arm's label."""
    table = page.partition('<caption id="flow">')[2].partition("</table>")[0]
    assert re.findall('<th scope="col">(.*?)</th>', table)[-3:] == [
        "Stopped",
        "Left silently",
        "Data erased",
    ]
    rows = re.findall('<th scope="row">(.*?)</th>(.*)</tr>', table)
    return {label: re.findall("<td>(.*?)</td>", cells) for label, cells in rows}


def test_who_stopped_is_randomised_and_neither_completed_nor_per_protocol(left):
    data = read_study(left)
    stopped = data.participants["state"] == "stopped"
    assert stopped.sum() == 3
    assert members(data, "randomised")[stopped].all()
    assert not members(data, "completed")[stopped].any()
    assert not members(data, "per_protocol")[stopped].any()
    assert score_table(data).loc[stopped.to_numpy(), "sureness"].notna().all()


def test_the_flow_counts_each_way_of_leaving_by_arm(left):
    data = read_study(left)
    rows = participant_flow(data, score_table(data))
    found = states(left)
    for row in rows:
        counts = found[row.arm]
        assert row.stopped == counts.get("stopped", 0)
        assert row.left_silently == counts.get("started", 0)
        assert (row.erased, row.erased_known) == (ERASED[row.arm], True)
        assert row.randomised == 6 + ERASED[row.arm]
    assert sum(row.stopped for row in rows) == sum(row.left_silently for row in rows) == 3
    flow = study_flow(data, rows)
    assert flow.sets.intention_to_treat == dict.fromkeys(THREE_ARMS, 6)
    assert flow.sets.completed == dict.fromkeys(THREE_ARMS, 4)
    (lost,) = flow.attrition
    assert lost.shares["none"].value == pytest.approx((2 + 3) / (6 + 3))


def test_the_report_says_how_people_left_by_arm_and_nothing_of_early_ends(left):
    results, page = page_of(left)
    assert "nded by the study" not in page
    assert "screened out" not in page
    rows = {row.label: row for row in results.flow}
    table = printed(page)
    for label, row in rows.items():
        told = (row.randomised, row.completed, row.stopped, row.left_silently, row.erased)
        assert table[label] == [str(count) for count in told]
    assert table["All arms"] == ["22", "12", "3", "3", "4"]


def test_an_export_that_does_not_say_who_was_erased_is_not_taken_to_say_nobody(left, tmp_path):
    write_manifest(left)
    _, page = page_of(left)
    assert {cells[-1] for cells in printed(page).values()} == {"–"}
    assert "the data do not contain their number" in page
    assert "Intention to treat: everyone randomised whose data exist" in page


def test_an_export_of_an_earlier_version_gives_the_same_numbers(left):
    now = read_study(left).participants
    # All numbers come from these rows.
    assert read_study(called(left, "stopped", "withdrawn")).participants.equals(now)
    # The control: another state in their place is noticed.
    assert not read_study(called(left, "withdrawn", "completed")).participants.equals(now)


@pytest.mark.parametrize("state", ["withdrawn", "stopped"])
def test_a_plan_may_still_exclude_by_the_former_word(left, state):
    plan = left / "plan.toml"
    plan.write_text(plan.read_text() + NOT_STOPPED.format(state=state))
    (step,) = read_study(left).exclusions.steps
    assert (step.flagged, sum(step.excluded.values())) == (3, 3)


def boxes_of(results):
    """The people in each box of the diagram, from the data beside the figure."""
    drawn = CARRIED[draw_flow(results)]
    return drawn.groupby("box", sort=False)["participants"].sum().to_dict()


def test_each_box_of_the_diagram_is_the_one_above_less_those_who_left_between(left):
    listed = pd.read_csv(left / "participants.csv")["participant"].iloc[:2].tolist()
    plan = left / "plan.toml"
    entry = '\n[[exclusions]]\nkey = "l"\nlabel = "Named"\nrule = "listed"\n'
    plan.write_text(plan.read_text() + f"{entry}participants = {json.dumps(listed)}\n")
    assert boxes_of(results_of(left)) == {
        "Randomised": 22,
        "Data erased": 4,
        "Data exist": 18,
        "Excluded: Named": 2,
        "Remaining": 16,
        "Stopped early": 3,
        "Left silently": 3,
        "Analysed per protocol": 10,
    }


def ended(folder):
    """Two who stopped were ended by the study instead, and nine people had no arm yet."""
    people = pd.read_csv(folder / "participants.csv", dtype="str", keep_default_na=False)
    chosen = people.index[people["state"] == "stopped"][:2]
    people.insert(people.columns.get_loc("state") + 1, "ending", "")
    people.loc[chosen, ["state", "ending"]] = ["ended", "checks"]
    people.to_csv(folder / "participants.csv", index=False)
    book = pd.read_csv(folder / "codebook.csv", dtype="str", keep_default_na=False)
    row = {"file": "participants.csv", "column": "ending", "label": "Ending", "type": "category"}
    book = pd.concat([book, pd.DataFrame([row])]).fillna("")
    book.to_csv(folder / "codebook.csv", index=False)
    write_manifest(folder, erased=ERASED)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["endings"] = [
        {"key": "young", "heading": "Too young", "before_allocation": 9},
        {"key": "checks", "heading": "Checks were missed", "before_allocation": 0},
    ]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return people.loc[chosen, "arm"].value_counts().to_dict()


def test_whom_the_study_ended_is_counted_by_arm_and_reason(left):
    by_arm = ended(left)
    results, page = page_of(left)
    assert {row.arm: row.ended for row in results.flow if row.ended} == by_arm
    early = {one.key: one for one in results.study_flow.early_ends}
    assert early["young"].before_allocation == 9
    assert {arm: n for arm, n in early["checks"].by_arm.items() if n} == by_arm
    assert "Before the allocation, 9 people were screened out: 9 with “Too young”." in page
    assert "Ended by the study: 2 with “Checks were missed”." in page
    assert results.study_flow.sets.per_protocol == dict.fromkeys(THREE_ARMS, 4)
    plan = left / "plan.toml"  # the diagram needs a rule
    plan.write_text(plan.read_text() + NOT_STOPPED.format(state="nothing"))
    boxes = boxes_of(results_of(left))
    assert boxes["Screened out before the allocation: Too young"] == 9
    assert boxes["Ended by the study"] == 2


def test_results_of_before_early_ends_are_those_of_a_study_without(left):
    data = read_study(left)
    rows = participant_flow(data, score_table(data))
    now = {"flow": list(map(asdict, rows)), "study_flow": asdict(study_flow(data, rows))}
    old = json.loads(json.dumps({"schema": 2, "flow": now["flow"], "study_flow": {}}, default=str))
    old["study_flow"] = {"stopped": dict(now["study_flow"]["stopped"])}
    for row in old["flow"]:
        del row["ended"]
    today = in_todays_words(old)
    assert [row["ended"] for row in today["flow"]] == [0, 0, 0]
    assert today["study_flow"]["ended"] == now["study_flow"]["ended"]
    assert today["study_flow"]["early_ends"] == list(now["study_flow"]["early_ends"])
