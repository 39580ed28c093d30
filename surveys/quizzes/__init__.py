"""Comprehension checks on the meaning of a map, each a TOML file that lists its methods."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from analysis.toml import document
from analysis.toml.problems import FileProblemsError
from analysis.toml.typed import read_as
from analysis.toml.value_types import Words
from explanations import catalogue
from surveys.questionnaires.base import Item
from surveys.questionnaires.translating import LANGUAGE

FOLDER = Path(__file__).resolve().parent
NO_MAP = "none"
OWN = "en"
"""The language of the files' own texts. Other languages are listed under their codes."""


class QuizError(FileProblemsError):
    """A quiz whose file is faulty."""


@dataclass(frozen=True)
class QuestionWords:
    """The texts of a question, in a single language."""

    text: Words
    why: Words
    options: Mapping[str, Words]


@dataclass(frozen=True)
class QuestionTable:
    """The table of a question in the file's own language. Its other keys are codes of languages."""

    id: Words
    right: Words
    text: Words
    why: Words
    options: Mapping[str, Words]


@dataclass(frozen=True)
class QuizTable:
    """A quiz's file: its questions, and the methods that they concern."""

    methods: tuple[Words, ...]
    questions: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Question:
    """A comprehension question.

    ``right`` is the key of the right option, and ``why`` is shown to anyone who chose another
    option.
    """

    id: str
    text: str
    options: Mapping[str, str]
    right: str
    why: str

    @property
    def item(self) -> Item:
        """Return the question as an item of a page."""
        return Item(self.id, self.text, kind="choice", options=self.options)


@cache
def questions(method: str, language: str = "en") -> tuple[Question, ...]:
    """Return the questions for a method. An empty key means a condition without a map.

    Variants of a method share its questions unless a quiz names the variant. Raises KeyError for a
    method without any.
    """
    return tuple(_in_language(entry, language) for entry in _entries(method or NO_MAP))


def speaks(method: str, language: str) -> bool:
    """Return whether the questions for a method can be asked in the language."""
    entries = _entries(method or NO_MAP)
    return all({language, _general(language)} & {OWN, *entry} for entry in entries)


@cache
def _entries(method: str) -> tuple[Mapping[str, Question], ...]:
    """Return the questions for a method, each by the codes of its languages."""
    by_method = {
        key: entries
        for methods, entries in map(_read, sorted(FOLDER.glob("*.toml")))
        for key in methods
    }
    # Another drawing of a method has other colours and lines, and needs questions of its own.
    method = catalogue.without_amount(method)
    if method in by_method:
        return by_method[method]
    base = catalogue.base_of(method)
    return by_method[base if base in by_method else catalogue.read_like(base)]


def _general(language: str) -> str:
    """Return the general language of a code: de for de-at."""
    return language.partition("-")[0]


def _in_language(entry: Mapping[str, Question], language: str) -> Question:
    return entry.get(language) or entry.get(_general(language)) or entry[OWN]


@cache
def _read(path: Path) -> tuple[tuple[str, ...], tuple[Mapping[str, Question], ...]]:
    """Return the methods of a quiz's file, and its questions by language."""
    return read(path.read_text(encoding="utf-8"), f"The quiz {path.stem!r}")


def read(text: str, name: str) -> tuple[tuple[str, ...], tuple[Mapping[str, Question], ...]]:
    """Return the methods and the questions by language.

    Raises QuizError with every problem of the text.
    """
    file = document.read(text, name, QuizError)
    written = read_as(QuizTable, file.values, file.problems)
    entries = tuple(
        _question(table, file, number) for number, table in enumerate(file.tables("questions"))
    )
    file.raise_problems(name, QuizError)
    return written.methods, entries


def _question(
    table: Mapping[str, Any], file: document.Document, number: int
) -> Mapping[str, Question]:
    path = ("questions", number)
    # Every other key that looks like a language's code is taken for a translation.
    keys = {key_field.name for key_field in fields(QuestionTable)}
    codes = [key for key in table if key not in keys and LANGUAGE.fullmatch(key)]
    in_own_language = {key: value for key, value in table.items() if key not in codes}
    written = read_as(QuestionTable, in_own_language, file.problems, path)
    words = {OWN: QuestionWords(written.text, written.why, written.options)}
    for code in codes:
        words[code] = read_as(QuestionWords, table[code], file.problems, (*path, code))
    for code, spoken in words.items():
        if written.right not in spoken.options:
            place = (*path, "right") if code == OWN else (*path, code, "options")
            options = ", ".join(spoken.options)
            said = f"the right option {written.right!r} is not an option. Name one of {options}."
            file.problems.add(place, said, (*path, "right"), (*place[:-1], "options"))
    return {
        code: Question(written.id, spoken.text, spoken.options, written.right, spoken.why)
        for code, spoken in words.items()
    }


@cache
def right_answers() -> dict[tuple[str, frozenset[str]], str]:
    """Return the right option of every question, by the question's id and options, whose order
    differs between participants.
    """
    return {
        (entry[OWN].id, frozenset(entry[OWN].options)): entry[OWN].right
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in _read(path)[1]
    }
