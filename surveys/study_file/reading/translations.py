"""The other languages of a study file, of which [text.de] repeats every text that participants
read.

An incomplete translation is refused: half a page in a foreign language helps nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from gettext import find
from typing import Annotated, Any, TypeVar

from annotated_types import MaxLen
from django.conf import settings
from django.utils.translation import to_locale

from analysis.toml.problems import Problems, TableProblems, did_you_mean
from analysis.toml.value_types import Words
from surveys import questionnaires, quizzes
from surveys.questionnaires.translating import LANGUAGE
from surveys.study_file import declaration
from surveys.study_file.consent import ConsentText, translated
from surveys.study_file.endings import Ending
from surveys.study_file.parts import Part
from surveys.study_file.parts.quiz import QuizPart
from surveys.study_file.sessions import Session

Titled = TypeVar("Titled", Ending, Session)


@dataclass(frozen=True)
class PartTexts:
    """The texts of a part or of an ending in another language."""

    heading: Words
    text: Words


@dataclass(frozen=True)
class Translation:
    """The table [text.de]: the study's texts in another language."""

    title: Annotated[Words, MaxLen(declaration.LONGEST_TITLE)]
    consent: ConsentText
    debrief: declaration.Debrief
    classes: Mapping[str, Words] = field(default_factory=dict)
    parts: Mapping[str, PartTexts] = field(default_factory=dict)
    stated: Mapping[str, Words] = field(default_factory=dict)
    endings: Mapping[str, PartTexts] = field(default_factory=dict)
    sessions: Mapping[str, PartTexts] = field(default_factory=dict)


def translations(
    written: Mapping[str, Translation], original: declaration.StudyFile, problems: Problems
) -> dict[str, declaration.StudyFile]:
    """Return the study in each language that the file has under [text], by its code."""
    if original.language and not LANGUAGE.fullmatch(original.language):
        said = f"language is {original.language!r}. Write a code such as en, de or pt-br."
        problems.add(("language",), said)
    for code in written:
        if not LANGUAGE.fullmatch(code) or code == original.language:
            problems.add(
                ("text", code),
                f"[text.{code}] must name another language by a code such as de or pt-br, and the "
                f"file's own is {original.language!r}. Correct it, or set language at the top.",
            )
    return {
        code: _translated(translation, code, original, problems)
        for code, translation in written.items()
    }


def _translated(
    own: Translation, code: str, original: declaration.StudyFile, problems: Problems
) -> declaration.StudyFile:
    at = TableProblems(problems, ("text", code, "stated"))
    stating = [condition.key for condition in original.conditions if condition.stated]
    for key in own.stated:
        if key not in stating:
            at.add(key, f"unknown key {key!r} in [text.{code}.stated]{did_you_mean(key, stating)}")
    for key in stating:
        if key not in own.stated:
            at.add(key, f"{key!r} in [text.{code}.stated] is missing. Add it, as a text.")
    shown = [part.key for part in original.parts if part.texts]
    _check_keys(TableProblems(problems, ("text", code, "parts")), code, own.parts, shown)
    ends = [ending.key for ending in original.endings]
    _check_keys(TableProblems(problems, ("text", code, "endings")), code, own.endings, ends)
    later = [session.key for session in original.sessions]
    _check_keys(TableProblems(problems, ("text", code, "sessions")), code, own.sessions, later)
    return replace(
        original,
        language=code,
        conditions=tuple(
            replace(condition, stated=own.stated[condition.key])
            if condition.stated and condition.key in own.stated
            else condition
            for condition in original.conditions
        ),
        title=own.title,
        consent=translated(
            own.consent,
            original.consent,
            TableProblems(problems, ("text", code, "consent")),
        ),
        debrief=own.debrief,
        classes=own.classes,
        parts=tuple(_part(own, part) for part in original.parts),
        endings=tuple(
            _in_own_words(ending, own.endings.get(ending.key)) for ending in original.endings
        ),
        sessions=tuple(
            _in_own_words(session, own.sessions.get(session.key)) for session in original.sessions
        ),
    )


def _check_keys(
    at: TableProblems, code: str, own: Mapping[str, PartTexts], known: Sequence[str]
) -> None:
    """Report texts of what the study does not have, and texts that are missing."""
    table = f"[text.{code}.{at.path[-1]}]"
    for key in own:
        if key not in known:
            at.add(key, f"unknown key {key!r} in {table}{did_you_mean(key, known)}")
    for key in known:
        if key not in own:
            at.add(key, f"{key!r} in {table} is missing. Add it, as a table.")


def _in_own_words(entry: Titled, texts: PartTexts | None) -> Titled:
    """Return the ending or session in the other language."""
    return replace(entry, heading=texts.heading, text=texts.text) if texts else entry


def _part(own: Translation, part: Part) -> Part:
    """Return the part in the other language. Only parts with texts differ."""
    if not part.texts or part.key not in own.parts:
        return part
    texts: dict[str, Any] = {name: getattr(own.parts[part.key], name) for name in part.texts}
    return replace(part, **texts)


def check_languages(problems: Problems, study: declaration.StudyFile) -> None:
    """Report the languages in which the study cannot be shown completely."""
    for code in study.languages:
        place = ("text", code) if code in study.translations else ("language",)
        for problem in _lacking(study, code):
            problems.add(place, f"{problem} See docs/languages.md.")


def _lacking(study: declaration.StudyFile, code: str) -> list[str]:
    lacking = []
    if not has_words(code):
        lacking.append(
            f"the pages' own texts are not translated into {code!r}: there is no locale/{code}."
        )
    for key in study.questionnaires:
        if not questionnaires.get(key).speaks(code):
            lacking.append(f"the questionnaire {key!r} is not translated into {code!r}.")
    if any(isinstance(part, QuizPart) for part in study.parts):
        for method in dict.fromkeys(shown.method for shown in study.conditions):
            if not quizzes.speaks(method, code):
                lacking.append(
                    f"the comprehension check on {method or 'no map'!r} has no text in {code!r}."
                )
    return lacking


def has_words(code: str) -> bool:
    """Check whether the pages' own texts are translated. English needs no translation."""
    if code.partition("-")[0] == "en":
        return True
    locale = to_locale(code)
    return any(find("django", str(path), [locale]) for path in settings.LOCALE_PATHS)
