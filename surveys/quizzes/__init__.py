"""Comprehension checks on the meaning of a map: one TOML file each, found by the method's key."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from explanations import catalogue
from surveys.questionnaires.base import Item

FOLDER = Path(__file__).resolve().parent
NO_MAP = "none"
OWN = "en"
"""The language of the files' own texts; other languages are listed under their codes."""


@dataclass(frozen=True)
class Question:
    """A comprehension question.

    ``right`` is the key of the right option; ``why`` is shown to anyone who chose another.
    """

    id: str
    text: str
    options: dict[str, str]
    right: str
    why: str

    @property
    def item(self) -> Item:
        """Return the question as an item of a page."""
        return Item(self.id, self.text, kind="choice", options=self.options)


@cache
def questions(method: str, language: str = "en") -> tuple[Question, ...]:
    """Return the questions for a method; an empty key means a condition without a map.

    Variants of a method share its questions. Raises KeyError for a method without any.
    """
    return tuple(_question(entry, language) for entry in _entries(method or NO_MAP))


def speaks(method: str, language: str) -> bool:
    """Return whether the questions for a method can be asked in the language."""
    entries = _entries(method or NO_MAP)
    return all({language, _general(language)} & {OWN, *entry} for entry in entries)


@cache
def _entries(method: str) -> list[dict[str, Any]]:
    wanted = catalogue.base_of(method)
    for path in sorted(FOLDER.glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        if wanted in document["methods"]:
            entries: list[dict[str, Any]] = document["questions"]
            return entries
    raise KeyError(wanted)


def _general(language: str) -> str:
    """Return the general language of a code: de for de-at."""
    return language.partition("-")[0]


def _question(entry: dict[str, Any], language: str) -> Question:
    words = {**entry, **entry.get(language, entry.get(_general(language), {}))}
    return Question(entry["id"], words["text"], words["options"], entry["right"], words["why"])


@cache
def right_answers() -> dict[tuple[str, tuple[str, ...]], str]:
    """Return the right option of every question, by the question's id and options."""
    documents = [tomllib.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.toml")]
    return {
        (entry["id"], tuple(entry["options"])): entry["right"]
        for document in documents
        for entry in document["questions"]
    }
