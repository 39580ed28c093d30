"""Another study's csv files, mapped by the plan: every fault named in the files' own words."""

import json

import pandas as pd
import pytest

from analysis.errors import PlanError, TableError
from analysis.results import to_json
from analysis.run import analyse
from analysis.study_data.study_data import read_study
from tests.analysis.tidy import results_of

PLAN = """
arms = ["plain", "map"]
control = "plain"

[source]
arm_labels = { plain = "No map", map = "Heat map" }
missing = { "-99" = "not_answered" }
complete = { "answers.csv" = 2 }

[source.codes]
arm = { "0" = "plain", "1" = "map" }

[[source.tables]]
file = "log.csv"
into = "trials"
columns = { participant = "pid", arm = "cond", position = "nr", clicks = "Clicks" }
types = { clicks = "number" }

[[source.tables]]
file = "times.csv"
into = "trials"
columns = { participant = "pid", position = "nr", response_time_ms = "ms" }

[[source.tables]]
file = "answers.csv"
into = "answers"
columns = { participant = "who", item = "q", value = "v" }
where = { valid = ["1"] }
constants = { questionnaire = "own" }
codes = { value = { agree = 5, neither = 3, disagree = 1 } }

[[source.items]]
item = "q1"
questionnaire = "own"
scale = "liking"
minimum = 1
maximum = 5

[[source.items]]
item = "q2"
questionnaire = "own"
scale = "liking"
minimum = 1
maximum = 5
reversed = 1
missing = { "9" = "does_not_apply" }

[[outcomes]]
key = "liking"
label = "Liking"
kind = "scale"
scale = "liking"
min_answered = 0.5

[[outcomes]]
key = "clicks"
label = "Clicks"
kind = "trial_mean"
column = "clicks"
"""

CLICKS = '[[outcomes]]\nkey = "clicks"\nlabel = "C"\nkind = "trial_mean"\ncolumn = "clicks"\n'


@pytest.fixture
def foreign(tmp_path):
    """Six people, two trials each; the answers as words, an option 9, a missing click."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    people = [f"x{n}" for n in range(6)]
    log = [(p, n % 2, t, 3 * n + t) for n, p in enumerate(people) for t in (1, 2)]
    frame = pd.DataFrame(log, columns=["pid", "cond", "nr", "Clicks"])
    frame.loc[0, "Clicks"] = -99
    frame.to_csv(folder / "log.csv", index=False)
    times = [(p, 1, 900 + n) for n, p in enumerate(people)]
    pd.DataFrame(times, columns=["pid", "nr", "ms"]).to_csv(folder / "times.csv", index=False)
    words = ["agree", "neither", "disagree", "agree", "neither", "agree"]
    answers = [(p, "q1", word, 1) for p, word in zip(people, words, strict=True)]
    answers += [(p, "q2", value, 1) for p, value in zip(people, "214391", strict=True)]
    answers += [(people[0], "q3", "other", 0)]
    pd.DataFrame(answers, columns=["who", "q", "v", "valid"]).to_csv(
        folder / "answers.csv", index=False
    )
    (folder / "plan.toml").write_text(PLAN)
    return folder


def test_files_are_joined_translated_and_typed(foreign):
    data = read_study(foreign)
    assert data.labels == {"plain": "No map", "map": "Heat map"}
    assert (data.participants["state"] == "completed").all()
    assert data.trials["clicks"].isna().sum() == 1
    assert data.trials["response_time_ms"].notna().sum() == 6
    assert data.answers["value"].dropna().astype(int).between(1, 5).all()
    assert set(data.hashes) == {"log.csv", "times.csv", "answers.csv", "plan.toml"}


def test_what_a_join_leaves_open_was_not_asked_where_the_file_has_it_for_nobody(foreign):
    kinds = read_study(foreign).missing["trials.csv"]
    second = (read_study(foreign).trials["position"] == 2).to_numpy()
    assert (kinds.loc[second, "response_time_ms"] == "not_asked").all()
    assert kinds.loc[~second, "response_time_ms"].isna().all()


def test_an_option_of_its_own_is_no_number(foreign):
    data = read_study(foreign)
    q2 = data.answers["item"] == "q2"
    assert (data.missing["answers.csv"]["value"][q2] == "does_not_apply").sum() == 1


@pytest.mark.every_section
def test_it_is_analysed_to_a_report_without_the_sections_that_it_cannot_have(foreign, tmp_path):
    results = analyse(foreign, tmp_path / "out")
    scores = pd.read_csv(tmp_path / "out" / "scores.csv").set_index("participant")
    assert scores.loc["x0", "liking"] == (5 + 4) / 2  # q2 = 2 is reversed: 4
    assert scores.loc["x4", "liking"] == 3  # q2 does not apply
    assert scores.loc["x0", "clicks"] == 2
    assert results.agreement == ()
    assert results.behaviour is None
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Heat map" in report
    assert 'href="#agreement"' not in report


def problems(folder, **changes):
    for old, new in changes.items():
        plan = folder / "plan.toml"
        text = plan.read_text()
        assert old in text
        plan.write_text(text.replace(old, new))
    with pytest.raises(TableError) as caught:
        read_study(folder)
    return caught.value.problems


def change(folder, name, function):
    frame = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
    function(frame).to_csv(folder / name, index=False)


def put(column, row, value):
    def function(frame):
        frame.loc[row, column] = value
        return frame

    return function


@pytest.mark.parametrize(
    ("name", "column", "value", "words"),
    [
        ("log.csv", "Clicks", "many", ["column Clicks", "line 4", "must be a number", "[source]"]),
        ("log.csv", "Clicks", "inf", ["column Clicks", "line 4", "must be a number"]),
        ("log.csv", "nr", "0", ["column nr", "line 4", "must be at least 1"]),
        ("log.csv", "pid", "", ["column pid", "line 4", "must not be empty"]),
        ("times.csv", "ms", "-4", ["column ms", "line 4", "must be at least 0"]),
        ("answers.csv", "v", "7", ["answers.csv, column v", "line 4", "does not allow '7'"]),
        ("answers.csv", "v", "Agree", ["answers.csv, column v", "line 4", "'Agree'"]),
        ("answers.csv", "q", "q9", ["answers.csv", "line 4", "[[source.items]]"]),
    ],
)
def test_a_bad_cell_is_named_by_its_own_file_column_line_and_cure(
    foreign, name, column, value, words
):
    change(foreign, name, put(column, 2, value))
    found = [line for line in problems(foreign) if all(word in line for word in words)]
    assert len(found) == 1
    assert found[0].startswith(name)


def test_rows_outside_where_do_not_count(foreign):
    change(foreign, "answers.csv", put("valid", 12, "1"))
    (problem,) = problems(foreign)
    assert "answers.csv, line 14: the items 'q3' are not in [[source.items]]" in problem


def test_a_row_that_stands_twice_is_refused_until_the_plan_says_what_to_do(foreign):
    change(foreign, "log.csv", lambda frame: pd.concat([frame, frame.iloc[[3]]]))
    (problem,) = problems(foreign)
    assert "log.csv, columns pid + nr, lines 5, 14" in problem
    assert "repeats" in problem
    plan = foreign / "plan.toml"
    plan.write_text(
        plan.read_text().replace(
            'types = { clicks = "number" }', 'types = { clicks = "number" }\nrepeats = "keep_last"'
        )
    )
    assert len(read_study(foreign).trials) == 12


def test_rows_that_differ_in_a_column_not_mapped_are_not_identical(foreign):
    plan = foreign / "plan.toml"
    plan.write_text(
        plan.read_text().replace(
            'types = { clicks = "number" }',
            'types = { clicks = "number" }\nrepeats = "drop_identical"',
        )
    )
    change(foreign, "log.csv", lambda frame: pd.concat([frame, frame.iloc[[3]]]))
    assert len(read_study(foreign).trials) == 12
    change(foreign, "log.csv", lambda f: pd.concat([f, f.iloc[[3]]]).assign(at=range(14)))
    (problem,) = problems(foreign)
    assert "log.csv, columns pid + nr" in problem


def test_a_column_that_the_file_lacks_is_named_with_those_it_has(foreign):
    (problem,) = problems(foreign, **{'clicks = "Clicks"': 'clicks = "klicks"'})
    assert problem.startswith("log.csv lacks the columns 'klicks'. It has 'pid'")


def test_a_person_in_two_arms_or_in_none_is_named(foreign):
    change(foreign, "log.csv", put("cond", 1, "1"))
    assert any("'x0' has more than one arm" in line for line in problems(foreign))
    change(foreign, "log.csv", put("cond", 1, "0"))
    change(foreign, "times.csv", put("pid", 0, "y9"))
    assert any("no file contains the arm of 'y9'" in line for line in problems(foreign))


def test_an_arm_code_without_translation_is_named(foreign):
    found = problems(foreign, **{'"1" = "map"': '"2" = "map"'})
    assert any("do not include '1'" in line for line in found)


def test_another_encoding_is_read_where_the_plan_names_it_and_refused_where_not(foreign):
    text = (foreign / "log.csv").read_text().replace("x1", "Zoë")
    (foreign / "log.csv").write_text(text, encoding="latin-1")
    for name in ("times.csv", "answers.csv"):
        path = foreign / name
        path.write_text(path.read_text().replace("x1", "Zoë"), encoding="latin-1")
    found = problems(foreign)
    assert len(found) == 3
    assert all(
        "cannot be read as a CSV table in UTF-8" in line and "encoding" in line for line in found
    )
    plan = foreign / "plan.toml"
    plan.write_text(plan.read_text().replace("[source]\n", '[source]\nencoding = "latin-1"\n'))
    assert "Zoë" in set(read_study(foreign).participants["participant"])


def test_one_file_alone_can_be_the_table(foreign):
    plan = PLAN[: PLAN.index('[[source.tables]]\nfile = "times')]
    plan = plan.replace('complete = { "answers.csv" = 2 }', "")
    plan += CLICKS
    (foreign / "plan.toml").write_text(plan)
    data = read_study(foreign / "log.csv")
    assert len(data.participants) == 6


def test_a_file_without_positions_is_numbered_in_its_own_order(foreign):
    plan = foreign / "plan.toml"
    text = PLAN[: PLAN.index('[[source.tables]]\nfile = "times')]
    text = text.replace('complete = { "answers.csv" = 2 }', "") + CLICKS
    plan.write_text(text.replace('position = "nr", clicks', "clicks"))
    assert read_study(foreign).trials["position"].tolist() == [1, 2] * 6


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('into = "answers"', 'into = "anwers"', "is 'anwers': did you mean 'answers'?"),
        ('file = "log.csv"\n', "", "'file' in [[source.tables]] is missing"),
        (
            "minimum = 1\n",
            'minimum = "one"\n',
            "'minimum' in [[source.items]] 'q1' is 'one'. It must be a number.",
        ),
        (
            "columns = {",
            "colums = {",
            "unknown key 'colums' in [[source.tables]] 'log.csv': did you mean 'columns'?",
        ),
        (
            '"does_not_apply"',
            '"dna"',
            "'9' in missing of [[source.items]] 'q2' is 'dna'. Known: not_asked,",
        ),
        (
            '"-99" = "not_answered"',
            '"-99" = "gone"',
            "'-99' in [source.missing] is 'gone'. Known: not_asked,",
        ),
    ],
)
def test_a_mistake_in_the_mapping_is_named(foreign, old, new, message):
    plan = foreign / "plan.toml"
    plan.write_text(plan.read_text().replace(old, new, 1))
    with pytest.raises(PlanError) as caught:
        read_study(foreign)
    assert any(message in line for line in caught.value.problems)


@pytest.mark.nightly
@pytest.mark.every_section
def test_two_runs_give_the_same_json(foreign):
    first, second = (to_json(results_of(foreign)) for _ in range(2))
    assert first == second
    assert json.loads(first)["plan"]["source"]["tables"][0]["file"] == "log.csv"
