"""A folder of another study's files, written by each test, with a plan of two arms."""

import pandas as pd
import pytest

from analysis.errors import PlanError, TableError
from analysis.plan.reading import read_plan
from analysis.study_data.study_data import read_study

HEAD = """
title = "Theirs"
arms = {arms}
control = "x"

[[outcomes]]
key = "seen"
label = "Seen"
kind = "trial_mean"
column = "position"

[source]
{source}
"""
TRIALS = """
[[source.tables]]
file = "{file}"
into = "trials"
columns = {{ participant = "pid", arm = "cond", {columns} }}
types = {{ {types} }}
{more}
"""


class Folder:
    """Files of another study, and the plan that maps them."""

    def __init__(self, path):
        self.path = path

    def write(self, **files):
        """Write csv files (`trials="pid,cond\\n…"`), named by the keyword."""
        for name, text in files.items():
            (self.path / f"{name}.csv").write_text(text, encoding="utf-8")
        return self

    def map(self, *tables, source="", arms='["x", "y"]', more=""):
        """Write a plan with these [[source.tables]]."""
        text = HEAD.format(source=source, arms=arms) + "\n".join(tables) + more
        (self.path / "plan.toml").write_text(text, encoding="utf-8")
        return self

    def read(self):
        return read_study(self.path)

    def problems(self):
        with pytest.raises((TableError, PlanError)) as caught:
            self.read()
        return caught.value.problems

    def problem(self):
        (only,) = self.problems()
        return only

    def plan_problem(self):
        with pytest.raises(PlanError) as caught:
            read_plan(self.path / "plan.toml")
        (only,) = caught.value.problems
        return only


def trials(file="trials.csv", columns='position = "nr", yes = "yes"', types='yes = "integer"',
           more=""):  # fmt: skip
    """A [[source.tables]] of trials."""
    return TRIALS.format(file=file, columns=columns, types=types, more=more)


def values(data, column="yes"):
    """The values of a trial column by participant and position."""
    table = data.trials.set_index(["participant", "position"])[column]
    return {key: None if pd.isna(value) else value for key, value in table.items()}


@pytest.fixture
def theirs(tmp_path):
    return Folder(tmp_path)
