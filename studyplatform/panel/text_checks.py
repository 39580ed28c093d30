"""Texts for participants that are unfinished, or that mention what the study does not have.

A design's texts are written for its own arms and pictures. Whoever removes an arm has to look for
every sentence that counts or names it, in each language.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from explanations import catalogue
from surveys.study_file.declaration import StudyFile
from surveys.study_file.endings import Ending
from surveys.study_file.parts.instructions import TextPart
from surveys.study_file.sessions import Session

BRACKETS = re.compile(r"\[[^\[\]\n]{2,200}\](?!\()")  # [words](address) is a link
DEMONSTRATION = re.compile(r"\b(?:demonstration study|Demonstrationsstudie)\b", re.IGNORECASE)
PLACEBO = re.compile(r"\bplacebo", re.IGNORECASE)
NUMBERS: Mapping[str, int] = {
    word: number
    for number, words in enumerate(
        (
            "two zwei zweien",
            "three drei dreien",
            "four vier vieren",
            "five fünf",
            "six sechs",
            "seven sieben",
            "eight acht",
            "nine neun",
            "ten zehn",
        ),
        start=2,
    )
    for word in words.split()
}
_COUNT = rf"(\d+|{'|'.join(NUMBERS)})"
METHODS = re.compile(rf"\b{_COUNT} (?:methods|Verfahren|Methoden)\b", re.IGNORECASE)
PICTURES = re.compile(rf"\b{_COUNT} (?:pictures|images|Bildern?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class TextRemark:
    """A sentence on a text for participants, and the editor's section and field with the text."""

    sentence: str
    field: str
    section: str = "texts"


@dataclass(frozen=True)
class _Text:
    place: str
    language: str
    words: str
    field: str
    section: str = "texts"


def unfinished_texts(declared: StudyFile) -> Iterator[TextRemark]:
    """Yield the texts in which square brackets mark a gap that somebody has to fill."""
    for text in _texts(declared):
        if gaps := BRACKETS.findall(text.words):
            sentence = gettext(
                "The %(place)s in the language “%(language)s” still contains %(gaps)s. Replace "
                "the square brackets by your own words."
            ) % {
                "place": text.place,
                "language": text.language,
                "gaps": ", ".join(dict.fromkeys(gaps)),
            }
            yield TextRemark(sentence, text.field, text.section)


def stale_texts(declared: StudyFile) -> Iterator[TextRemark]:
    """Yield each mention that contradicts the study's arms or pictures."""
    methods = {condition.method for condition in declared.conditions if condition.method}
    for text in _texts(declared):
        at = {"place": text.place, "language": text.language}
        for sentence in _mentions(declared, methods, text.words):
            where = gettext("The %(place)s in the language “%(language)s”") % at
            yield TextRemark(f"{where} {sentence}", text.field, text.section)


def _mentions(declared: StudyFile, methods: set[str], words: str) -> Iterator[str]:
    if found := DEMONSTRATION.search(words):
        yield gettext("says “%(words)s”. Write what your own study is.") % {"words": found[0]}
    if PLACEBO.search(words) and not any(catalogue.get(key).is_placebo for key in methods):
        yield gettext("mentions a placebo, and no arm has one. Delete the mention.")
    labels = {catalogue.get(key).label for key in methods}
    for label in dict.fromkeys(method.label for method in catalogue.METHODS):
        is_named = re.search(rf"\b{re.escape(label)}\b", words)
        if is_named and not any(label in there or there in label for there in labels):
            yield gettext("mentions %(method)s, and no arm shows its maps.") % {"method": label}
    shown = sum(not catalogue.get(key).is_placebo for key in methods)
    for found in METHODS.finditer(words):
        if _number(found[1]) != shown:
            yield ngettext(
                "says “%(words)s”, and the arms show maps of %(count)d method.",
                "says “%(words)s”, and the arms show maps of %(count)d methods.",
                shown,
            ) % {"words": found[0], "count": shown}
    yield from _pictures(declared, words)


def _pictures(declared: StudyFile, words: str) -> Iterator[str]:
    """Yield a sentence for each number of pictures that is neither a part's nor the total."""
    blocks = declared.blocks
    parts = declared.trial_parts
    tried = [part.trials_per_block for part in parts if not part.is_practice]
    practised = [part.trials_per_block for part in parts if part.is_practice]
    total = sum(tried) * blocks
    right = {count for part in parts for count in (part.right, part.wrong)}
    known = {*tried, *practised, sum(tried), total, total + sum(practised) * blocks, *right}
    for found in PICTURES.finditer(words):
        if tried and _number(found[1]) not in known:
            yield gettext("says “%(words)s”, and each person judges %(count)d.") % {
                "words": found[0],
                "count": total,
            }


def _number(word: str) -> int:
    return int(word) if word.isdecimal() else NUMBERS[word.lower()]


def _texts(declared: StudyFile) -> Iterator[_Text]:
    for code in declared.languages:
        text = declared.in_language(code)
        is_own = code == declared.language
        at = "" if is_own else f"text.{code}."
        yield _Text(gettext("title"), code, text.title, f"{at}title")
        yield _Text(gettext("consent"), code, text.consent.words, f"{at}consent.text")
        yield _Text(gettext("debrief"), code, text.debrief.text, f"{at}debrief.text")
        for number, part in enumerate(text.parts):
            if isinstance(part, TextPart):
                place = gettext("text “%(key)s”") % {"key": part.key}
                field = f"parts.{number}.text" if is_own else f"{at}parts.{part.key}.text"
                yield _Text(place, code, f"{part.heading}\n{part.text}", field)
        early = gettext("page of the ending “%(key)s”")
        later = gettext("invitation to the session “%(key)s”")
        pages: list[tuple[str, str, Sequence[Ending | Session]]] = [
            ("endings", early, text.endings), ("sessions", later, text.sessions),
        ]  # fmt: skip
        for name, words, entries in pages:
            for number, entry in enumerate(entries):
                field = f"{name}.{number}" if is_own else f"{at}{name}.{entry.key}"
                said = f"{entry.heading}\n{entry.text}"
                yield _Text(words % {"key": entry.key}, code, said, f"{field}.text", name)
