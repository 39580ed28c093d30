"""The door: what is wrong with a folder is said at once, with its place and the cure."""

import json
import shutil
from hashlib import sha256

import pytest

from analysis.errors import PlanError, TableError
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import ARMS, PLAN, edit, write_manifest, write_study


def setter(column, row, value):
    def change(frame):
        frame.loc[row, column] = value
        return frame

    return change


def problems(folder):
    with pytest.raises(TableError) as caught:
        read_study(folder)
    return caught.value.problems


def the_problem(folder):
    found = problems(folder)
    assert len(found) == 1, found
    return found[0]


def test_a_good_folder_is_read_into_typed_tables(folder):
    data = read_study(folder)
    assert len(data.participants) == 12
    assert data.trials["probability"].dtype == "Float64"
    assert data.trials["decision_correct"].isin([0, 1]).all()
    assert data.simulated
    assert data.labels == THREE_ARMS
    assert set(data.hashes) >= {"participants.csv", "plan.toml"}


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(PlanError, match=r"plan\.toml does not exist"):
        read_study(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["participants.csv", "trials.csv", "answers.csv", "codebook.csv"])
def test_a_missing_file_is_named_with_the_cure(folder, name):
    (folder / name).unlink()
    assert name in the_problem(folder)
    assert "export_study" in the_problem(folder)


def test_every_missing_file_and_column_is_reported_in_one_go(folder):
    (folder / "answers.csv").unlink()
    edit(folder, "participants.csv", lambda frame: frame.drop(columns=["arm", "state"]))
    found = problems(folder)
    assert any("answers.csv is missing" in line for line in found)
    assert any("lacks the columns 'arm', 'state'" in line for line in found)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'a,b\n"open,1\n'])
def test_a_file_that_is_no_csv_is_one_clear_line(folder, content):
    (folder / "trials.csv").write_bytes(content)
    assert the_problem(folder).startswith("trials.csv ")


@pytest.mark.parametrize(
    ("name", "column", "value", "rule"),
    [
        ("participants.csv", "sequence", "first", "must be a whole number"),
        ("participants.csv", "sequence", "0", "must be at least 1"),
        ("participants.csv", "state", "finished", "must be one of started, completed, stopped"),
        ("participants.csv", "simulated", "yes", "must be a whole number"),
        ("participants.csv", "simulated", "2", "must be one of 0, 1"),
        ("participants.csv", "arm", "", "must not be empty"),
        ("participants.csv", "consented_at", "yesterday", "must be an ISO date and time"),
        ("trials.csv", "probability", "1.2", "must be at least 0 and at most 1"),
        ("trials.csv", "probability", "nan", "must be a number"),
        ("trials.csv", "probability", "inf", "must be a number"),
        ("trials.csv", "agreed", "maybe", "must be a whole number"),
        ("trials.csv", "sureness", "6", "must be at least 1 and at most 5"),
        ("trials.csv", "response_time_ms", "-3", "must be at least 0"),
        ("answers.csv", "value", "8", "codebook.csv does not allow"),
        ("answers.csv", "value", "3.5", "codebook.csv does not allow"),
        ("answers.csv", "value", "=cmd()", "codebook.csv does not allow"),
        ("answers.csv", "item", "trust99", "codebook.csv has no row for"),
        ("answers.csv", "participant", "Pffffffff", "participants.csv does not contain"),
        ("trials.csv", "arm", "lime", "does not have the arm 'lime'"),
        ("trials.csv", "prediction_correct", None, "must be 1 where true_class equals"),
    ],
)
def test_a_bad_cell_is_named_by_column_line_and_rule(folder, name, column, value, rule):
    def damage(frame):
        bad = value if value is not None else str(1 - int(frame.loc[2, column]))
        frame.loc[2, column] = bad
        return frame

    found = [line for line in problems(edit(folder, name, damage)) if rule in line]
    assert len(found) == 1
    assert "line 4" in found[0]
    assert f"column {column}" in found[0]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("participants.csv", "columns participant"),
        ("trials.csv", "columns participant + position"),
        ("answers.csv", "columns participant + questionnaire + item"),
    ],
)
def test_a_row_that_stands_twice_is_refused(folder, name, columns):
    def double(frame):
        frame.loc[len(frame)] = frame.loc[0]
        return frame

    assert columns in the_problem(edit(folder, name, double))
    assert "line" in the_problem(folder)


def test_problems_of_all_kinds_come_together(folder):
    edit(folder, "participants.csv", setter("state", 0, "gone"))
    edit(folder, "trials.csv", setter("agreed", 1, "2"))
    edit(folder, "trials.csv", setter("position", 2, "x"))
    assert len(problems(folder)) == 3


def test_many_bad_rows_are_counted_not_listed(folder):
    edit(folder, "trials.csv", lambda frame: frame.assign(probability="?"))
    assert "(144 in all)" in the_problem(folder)


def test_an_arm_that_the_plan_does_not_know_is_refused(folder):
    plan = PLAN.format(title="T", control="none", arms=json.dumps(["none", "gradcam"]))
    (folder / "plan.toml").write_text(plan)
    assert "the plan's arms 'none', 'gradcam' do not include 'placebo'" in the_problem(folder)


def test_an_arm_with_two_labels_is_refused(folder):
    edit(folder, "participants.csv", setter("arm_label", 0, "Another label"))
    assert "has the labels" in the_problem(folder)


def test_a_scale_item_without_range_is_refused(folder):
    edit(folder, "codebook.csv", lambda frame: frame.assign(minimum=""))
    assert "minimum below maximum" in the_problem(folder)


def test_simulated_and_real_people_are_not_mixed(folder):
    edit(folder, "participants.csv", setter("simulated", 0, "0"))
    assert "11 simulated and 1 real participants" in the_problem(folder)


def test_the_plan_may_allow_the_mixture(folder):
    edit(folder, "participants.csv", setter("simulated", 0, "0"))
    plan = folder / "plan.toml"
    plan.write_text("mix_simulated_and_real = true\n" + plan.read_text())
    assert read_study(folder).simulated


def test_a_file_changed_after_its_export_is_refused(folder):
    with (folder / "answers.csv").open("a") as answers:
        answers.write("\n")
    assert "answers.csv is not the file that manifest.json describes" in the_problem(folder)


def test_a_folder_of_another_study_needs_no_manifest(folder):
    (folder / "manifest.json").unlink()
    (folder / "study.toml").unlink()
    assert read_study(folder).manifest == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"files": {"trials.csv": 3}}'])
def test_a_broken_manifest_is_one_clear_line(folder, text):
    (folder / "manifest.json").write_text(text)
    assert "manifest.json cannot be read" in the_problem(folder)


def test_a_further_column_that_the_codebook_describes_can_be_an_outcome(folder):
    def add_row(frame):
        row = dict.fromkeys(frame.columns, "") | {
            "file": "trials.csv",
            "column": "clicks",
            "type": "number",
        }
        frame.loc[len(frame)] = row
        return frame

    edit(folder, "trials.csv", lambda frame: frame.assign(clicks="2.5"))
    edit(folder, "codebook.csv", add_row)
    assert (read_study(folder).trials["clicks"] == 2.5).all()


def test_empty_cells_where_nothing_was_answered_are_missing_not_zero(folder):
    edit(folder, "trials.csv", setter("agreed", 0, ""))
    assert read_study(folder).trials["agreed"].isna().sum() == 1
    assert read_study(folder).trials["decision_correct"].isna().sum() == 1


def test_another_plan_can_be_named(folder, tmp_path):
    other = tmp_path / "other.toml"
    shutil.copy(folder / "plan.toml", other)
    (folder / "plan.toml").unlink()
    assert read_study(folder, other).hashes["plan.toml"] == sha256(other.read_bytes()).hexdigest()


def test_people_without_trials_or_answers_are_no_error(tmp_path):
    folder = write_study(tmp_path / "data", per_arm=2, unfinished=1)
    edit(folder, "trials.csv", lambda frame: frame.iloc[:0])
    edit(folder, "answers.csv", lambda frame: frame.iloc[:0])
    write_manifest(folder)
    assert len(read_study(folder).participants) == 3 * len(ARMS)
