"""The mistakes of a study file at the fields of the editor's forms in which they can be mended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext

from analysis.toml.positions import line_numbers
from studyplatform.panel.editor.base import Section, Values
from studyplatform.panel.editor.catalogue import SECTIONS
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections import trials
from studyplatform.panel.study_texts import PlacedProblem
from surveys.study_checks.images_and_weights import FEWER
from surveys.study_file.reading.branching import NO_COMPARISON


@dataclass(frozen=True)
class Mistake:
    """A mistake, with the section and the field that mend it, or neither.

    ``line`` is its line from 1, or 0 if it belongs to no line.
    """

    line: int
    sentence: str
    section: Section | None = None
    field: str = ""
    label: str | Promise = ""


def mistakes(source: str, values: Values, problems: Sequence[PlacedProblem]) -> list[Mistake]:
    """Return the problems of the source, whose ``values`` are given, with their fields."""
    if not problems:
        return []
    lines = line_numbers(source)
    entries: dict[int, list[tuple[Section, Entry]]] = {}
    for section in SECTIONS:
        for entry in section.entries(values):
            if (line := lines.get(entry.mends or entry.path)) is not None:
                entries.setdefault(line, []).append((section, entry))
    return [
        _mistake(problem, entries.get(problem.line, _mending(problem, values)))
        for problem in problems
    ]


def _mending(problem: PlacedProblem, values: Values) -> list[tuple[Section, Entry]]:
    """Return the field that mends a mistake whose own line has none: too few images for what the
    trials show."""
    if not problem.sentence.endswith(FEWER):
        return []
    section = trials.SECTION
    numbers = [entry for entry in section.entries(values) if entry.path[-1] == "wrong"]
    return [(section, entry) for entry in numbers[-1:]]


def by_field(found: Sequence[Mistake], section: Section) -> Mapping[str, list[str]]:
    """Return the sentences by the names of the section's fields."""
    sentences: dict[str, list[str]] = {}
    for mistake in found:
        if mistake.section is section and mistake.field:
            sentences.setdefault(mistake.field, []).append(mistake.sentence)
    return sentences


def _mistake(problem: PlacedProblem, there: Sequence[tuple[Section, Entry]]) -> Mistake:
    # An inline table has several values on one line: the sentence then has to name the key.
    fitting = there if len({entry.path for _section, entry in there}) == 1 else [
        (section, entry) for section, entry in there if repr(entry.path[-1]) in problem.sentence
    ]  # fmt: skip
    if len({entry.path for _section, entry in fitting}) != 1:
        return Mistake(problem.line, problem.sentence)
    section, entry = fitting[0]
    # The form writes a new condition before its answers are chosen. The reader's sentence names
    # keys of the file, which whoever fills in the form has not seen.
    is_begun = f"by {NO_COMPARISON}" in problem.sentence
    sentence = problem.sentence
    if is_begun:
        sentence = gettext("Choose the answers for which the condition holds, and save.")
    return Mistake(problem.line, sentence, section, entry.name, entry.label)
