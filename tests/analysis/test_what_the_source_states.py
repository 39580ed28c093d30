"""Of another study the report claims allocation and completion only where its source states it."""

import json
import re

import pytest

from analysis.errors import PlanError, TableError
from analysis.plan.reading import read_plan
from analysis.results import to_json
from tests.analysis.tidy import page_of

PLAN = """
title = "Theirs"
arms = ["x", "y"]
control = "x"
covariates = ["age"]
{top}

[[outcomes]]
key = "score"
label = "Score"
kind = "trial_mean"
column = "score"

[[outcomes]]
key = "other"
label = "Other"
kind = "trial_mean"
column = "agreed"

[source]
{source}

[[source.tables]]
file = "trials.csv"
into = "trials"
columns = {{ participant = "pid", arm = "cond", position = "nr", score = "s", agreed = "a" }}
types = {{ score = "number" }}

[[source.tables]]
file = "people.csv"
into = "participants"
columns = {{ participant = "pid", age = "age"{people} }}
types = {{ age = "number" }}

[mediation]
outcome = "score"
mediators = ["other"]
runs = 200

[multiverse]
"""
CLAIMS = re.compile(
    r"randomi|complet|dropp|left silently|stopped|intention|\blost\b|attrition", re.IGNORECASE
)
DENIALS = re.compile(r"does not state|do not state|do not show|not known|not stated")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    trials, people = ["pid,cond,nr,s,a"], ["pid,age,done"]
    for n in range(24):
        people.append(f"p{n},{20 + n % 5},{['yes', 'no', 'quit'][n % 3]}")
        seen = 2 if n % 4 else 1
        trials += [f"p{n},{'xy'[n % 2]},{t},{(3 * n + t) % 7},{(n // 2 + t) % 2}"
                   for t in range(1, seen + 1)]  # fmt: skip
    (folder / "trials.csv").write_text("\n".join(trials) + "\n")
    (folder / "people.csv").write_text("\n".join(people) + "\n")
    return folder


@pytest.fixture
def report(folder):
    def made(source="", people="", top=""):
        plan = PLAN.format(source=source, people=people, top=top)
        (folder / "plan.toml").write_text(plan)
        found, page = page_of(folder)
        results = json.loads(to_json(found))
        # What the data checks look for is no claim about these data.
        checks = r"<table(?:(?!</table>).)*Straight-lining.*?</table>"
        left_out = rf"<style>.*?</style>|<script>.*?</script>|{checks}"
        text = re.sub(left_out, " ", page, flags=re.S)
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
        return text, results

    return made


def claims(text):
    """Each sentence of the report about allocation or completion."""
    return [said.strip() for said in re.split(r"(?<=[.;])\s", text) if CLAIMS.search(said)]


@pytest.mark.whole_report
def test_nothing_is_claimed_that_the_source_does_not_state(report):
    text, results = report()
    assert "24 participants in 2 arms; the source does not state whether they were randomised." in (
        text
    )
    assert "The data do not show who completed the study." in text
    for said in claims(text):
        assert re.search(r"does not state|do not state|do not show|not known|not stated", said), (
            said
        )
    flow, rows = results["study_flow"], results["flow"]
    assert (flow["allocation"], flow["completion"]) == ("not_stated", "unknown")
    assert flow["sets"]["completed"] is flow["stopped"] is flow["left_silently"] is None
    assert flow["attrition"] == []
    assert {row[key] for row in rows for key in ("completed", "stopped", "left_silently")} == {None}
    assert sum(row["analysed"]["score"] for row in rows) == 24


def test_randomisation_is_claimed_if_the_plan_states_it(report):
    text, results = report("randomised = true")
    assert "24 participants were randomised to 2 arms." in text
    assert "because the arms were randomised and any difference is due to chance" in text
    assert "Participants were randomised to the arms, not to the mediators." in text
    assert results["study_flow"]["allocation"] == "randomised"


def test_a_study_that_did_not_randomise_is_called_so(report):
    text, results = report("randomised = false")
    assert "24 participants in 2 arms, to which they were not randomised." in text
    assert "The participants were not randomised, so arms may differ by more than chance" in text
    assert "due to chance" not in text
    assert results["study_flow"]["allocation"] == "not_randomised"


def test_completion_by_rows_counts_who_lacks_rows_and_nobody_as_stopped(report):
    text, results = report('complete = { "trials.csv" = 2 }')
    assert "18 of them completed the study." in text
    assert "Not complete: fewer rows in a file than the plan requires" in text
    assert "Stopped" not in text
    assert "Left silently" not in text
    assert results["flow"][0]["left_silently"] == 6
    assert results["flow"][0]["stopped"] is None
    (lost,) = results["study_flow"]["attrition"]
    assert lost["lost"] == "did not complete"


def test_states_of_a_column_are_reported_as_they_are(report):
    codes = '[source.codes]\nstate = { yes = "completed", no = "started", quit = "stopped" }'
    text, results = report(codes, people=', state = "done"')
    assert "8 of them completed the study." in text
    assert sum(row["stopped"] for row in results["flow"]) == 8
    assert sum(row["left_silently"] for row in results["flow"]) == 8
    assert "Both are in the set of all." in text


def test_a_state_without_translation_or_a_person_without_one_is_named(folder, report):
    with pytest.raises(TableError, match=r"people\.csv, column done, lines .* must be one of"):
        report(people=', state = "done"')
    text = (folder / "people.csv").read_text().replace("p3,", "p99,")
    (folder / "people.csv").write_text(text)
    codes = '[source.codes]\nstate = { yes = "completed", no = "started", quit = "stopped" }'
    with pytest.raises(TableError) as caught:
        report(codes, people=', state = "done"')
    assert any("has no row for 'p3'" in one or "the arm of 'p99'" in one
               for one in caught.value.problems)  # fmt: skip


@pytest.mark.parametrize(
    "rule", ['rule = "not_completed"', 'rule = "participant"\ncolumn = "state"\nequals = "started"']
)
def test_a_rule_on_completion_needs_a_source_that_shows_it(folder, rule):
    text = PLAN.format(source="", people="", top="")
    text += f'[[exclusions]]\nkey = "e"\nlabel = "E"\n{rule}\n'
    path = folder / "plan.toml"
    path.write_text(text)
    with pytest.raises(PlanError, match=r"do not show who completed the study\. Map the column"):
        read_plan(path)
    path.write_text(text.replace("[source]\n", '[source]\ncomplete = { "trials.csv" = 2 }\n'))
    assert read_plan(path).states == "by_rows"
