"""A fault in any key of a study file is told with the line of that key."""

from dataclasses import field, fields, make_dataclass
from typing import Any, get_type_hints

import pytest

from analysis.toml import document
from analysis.toml.value_types import Words
from surveys.study_file import declaration
from surveys.study_file.designs import Condition
from surveys.study_file.parts import PARTS
from surveys.study_file.reading import conditions, parts, recruitment, study
from surveys.study_file.recruitment_kinds import KINDS
from tests.planted import FAULT, Line, entry_lines, every_value, lines_of, missed

APART = ("images", "analysis", "arms", "conditions", "parts", "recruitment")
"""Tables whose keys depend on others; the files below have every key of each."""
CONDITION = [*conditions._choices()]


def joined(*classes: Any, more: Any = (), without: Any = ()) -> Any:
    """A class with the fields of all."""
    hints = {
        one.name: get_type_hints(cls, include_extras=True)[one.name]
        for cls in classes
        for one in fields(cls)
        if one.name not in without
    }
    named = [*hints.items(), *((name, Words) for name in more)]
    return make_dataclass("Joined", [(name, hint, field(default=None)) for name, hint in named])


def told(text: str) -> list[str]:
    """The problems of a study file's text."""
    try:
        study.read(text)
    except declaration.StudyFileError as refused:
        return list(refused.problems)
    return []


def static(*, without: tuple[str, ...] = ()) -> list[Line]:
    return lines_of(study.FileTable, leave_out=(*APART, *without))


def of_parts() -> list[Line]:
    entries = [
        entry_lines(joined(parts.Entry, declared), "parts", {"kind": kind})
        for kind, declared in PARTS.items()
    ]
    return [line for lines in entries for line in lines]


def with_conditions(word: str) -> list[Line]:
    return [
        *static(without=("questionnaires",)),
        *entry_lines(joined(declaration.Images, study.Retired), "images", is_list=False),
        *entry_lines(joined(Condition, more=CONDITION), word),
        *of_parts(),
    ]


FILES = {
    "arms": with_conditions("arms"),
    "conditions": with_conditions("conditions"),
    "short form": [
        *static(),
        *entry_lines(
            joined(declaration.Images, study.Retired, parts.Shown), "images", is_list=False
        ),
    ],
    **{
        kind.key: entry_lines(
            recruitment.table_type(kind), "recruitment", {"kind": kind.key}, is_list=False
        )
        for kind in KINDS
    },
}


@pytest.mark.parametrize("name", [name for name in FILES if name != "conditions"])
def test_a_fault_in_every_key_of_a_study_file_is_told_with_its_line(name):
    assert missed(FILES[name], told) == []


def test_a_fault_in_every_key_of_a_condition_is_told_with_its_line():
    """The other tables are those of the file with arms."""
    own = [line for line in FILES["conditions"] if line not in FILES["arms"]]
    assert len(own) > len(CONDITION)
    assert missed([*static(without=("questionnaires",)), *own], told) == []


@pytest.mark.nightly
def test_a_fault_in_every_key_of_a_whole_file_with_conditions_is_told_with_its_line():
    assert missed(FILES["conditions"], told) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.nightly if name == "arms" else ())
        for name in FILES
        if name != "conditions"
    ],
)
@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.nightly)])
def test_no_value_of_any_key_breaks_the_reader(name, step):
    """Any other error than the file's own is raised here, and fails. By day, every seventh one."""
    texts = list(every_value(FILES[name]))[::step]
    assert sum(bool(told(text)) for text in texts) == len(texts)


def test_the_files_have_every_key():
    """A table that is read apart must be among the files above, or be the plan."""
    whole = {one.name for one in fields(study.FileTable)}
    planted = {line.path[0] for lines in FILES.values() for line in lines}
    assert whole - planted == {"analysis"}
    assert len(FILES["arms"]) > 80


@pytest.mark.parametrize("name", FILES)
def test_the_files_themselves_have_no_value_of_a_wrong_type(name):
    text = "\n".join(line.text for line in FILES[name])
    assert FAULT not in text
    assert [one for one in told(text) if "must be text" in one or "must be a " in one] == []


@pytest.mark.nightly
def test_a_reader_that_knows_only_the_lines_of_tables_is_caught(monkeypatch):
    def headers(text):
        return {
            path: line
            for path, line in line_numbers(text).items()
            if text.split("\n")[line - 1].startswith("[")
        }

    line_numbers = document.line_numbers
    monkeypatch.setattr(document, "line_numbers", headers)
    short = FILES["short form"]
    keys = [line for line in short if not line.is_header]
    assert [line for line, _ in missed(short, told)] == keys
