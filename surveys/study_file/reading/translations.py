"""Reads the other languages of a study's file: [text.de] has every text that people read once more.

A translation is whole or it is refused: half a page in a foreign language helps nobody.
"""

from dataclasses import replace
from gettext import find
from typing import Any

from django.conf import settings
from django.utils.translation import to_locale

from analysis.toml.table import Table
from surveys import questionnaires, quizzes
from surveys.questionnaires.translating import LANGUAGE
from surveys.study_file import declaration
from surveys.study_file.parts import Part
from surveys.study_file.parts.quiz import QuizPart


def read_language(table: Table) -> str:
    """The code of the file's own language."""
    language = table.text("language", "en")
    if language and not LANGUAGE.fullmatch(language):
        table.add("language", f"language is {language!r}. Write a code such as en, de or pt-br.")
    return language


def read_classes(table: Table) -> dict[str, str]:
    """What people read in place of the classes' names."""
    labels = table.mapping("classes", {})
    for name, label in labels.items():
        if not isinstance(label, str) or not label.strip():
            table.add("classes", f"the class {name!r} in {table.name} must be text in quotes.")
    return {name: str(label).strip() for name, label in labels.items()}


def translations(file: Table, original: declaration.StudyFile) -> dict[str, declaration.StudyFile]:
    """The study in each language that the file has under [text], by its code."""
    texts = file.table("text", {})
    found = {}
    for code in texts.values:
        if not LANGUAGE.fullmatch(code) or code == original.language:
            texts.add(
                code,
                f"[text.{code}] must name another language by a code such as de or pt-br, and the "
                f"file's own is {original.language!r}. Correct it, or set language at the top.",
            )
        found[code] = _translated(texts.table(code), code, original)
    return found


def _translated(own: Table, code: str, original: declaration.StudyFile) -> declaration.StudyFile:
    consent, debrief, parts = own.table("consent"), own.table("debrief"), own.table("parts", {})
    found = replace(
        original,
        language=code,
        title=own.text("title"),
        consent=replace(original.consent, text=consent.text("text")),
        debrief=declaration.Debrief(debrief.text("text")),
        classes=read_classes(own),
        parts=tuple(_part(parts, part) for part in original.parts),
    )
    if len(found.title) > declaration.LONGEST_TITLE:
        own.add("title", f"the title in {own.name} is too long. Shorten it.")
    for table in (consent, debrief, parts, own):
        table.finish()
    return found


def _part(parts: Table, part: Part) -> Part:
    """The part in the other language; only parts with texts of their own have an entry."""
    if not part.texts:
        return part
    own = parts.table(part.key)
    texts: dict[str, Any] = {name: own.text(name) for name in part.texts}
    found = replace(part, **texts)
    own.finish()
    return found


def check_languages(table: Table, study: declaration.StudyFile) -> None:
    """Report to the file's outermost table the languages in which it cannot be shown as a whole."""
    for code in study.languages:
        place = ("text", code) if code in study.translations else ("language",)
        for problem in _lacking(study, code):
            table.problems.add(place, f"{problem} See docs/languages.md.")


def _lacking(study: declaration.StudyFile, code: str) -> list[str]:
    lacking = []
    if not has_words(code):
        lacking.append(f"the pages' own words are not there in {code!r}: no locale/{code}.")
    for key in study.questionnaires:
        if not questionnaires.get(key).speaks(code):
            lacking.append(f"the questionnaire {key!r} does not speak {code!r}.")
    if any(isinstance(part, QuizPart) for part in study.parts):
        for method in dict.fromkeys(shown.method for shown in study.conditions):
            if not quizzes.speaks(method, code):
                lacking.append(
                    f"the comprehension check on {method or 'no map'!r} has no text in {code!r}."
                )
    return lacking


def has_words(code: str) -> bool:
    """Whether there is a catalogue of the pages' own words; English needs none."""
    if code.partition("-")[0] == "en":
        return True
    locale = to_locale(code)
    return any(find("django", str(path), [locale]) for path in settings.LOCALE_PATHS)
