"""Reading of a questionnaire's other languages, of which [text.de] repeats every text in German.

An incomplete translation is refused: half a page in a foreign language helps nobody.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from analysis.toml.document import Document
from analysis.toml.problems import TableProblems
from analysis.toml.typed import read_as
from analysis.toml.value_types import OneOf, Words
from surveys.questionnaires.base import Item, Questionnaire, Scale
from surveys.questionnaires.itemreading import read_anchors

LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
WORDINGS = ("own", "verbatim")


@dataclass(frozen=True)
class ItemWords:
    """An item's texts in another language, each of which exists if the original has it."""

    text: Words
    hint: Words | None = None
    anchors: Mapping[str, Words] | None = None
    options: Mapping[str, Words] | None = None
    does_not_apply: Words | None = None


@dataclass(frozen=True)
class TextTable:
    """The table [text.de]: a questionnaire's texts in another language."""

    title: Words
    items: Mapping[str, ItemWords]
    instructions: Words | None = None
    does_not_apply: Words | None = None
    anchors: Mapping[str, Words] | None = None
    # A validated translation has its own authors and its own licence.
    source: Words | None = None
    wording: Annotated[str, OneOf(WORDINGS)] | None = None
    licence: Words | None = None


def translations(file: Document, original: Questionnaire) -> dict[str, Questionnaire]:
    """Return the questionnaire in each language that the file has under [text], by its code."""
    by_code = {}
    for code, table in file.table("text").items():
        if not LANGUAGE.fullmatch(code) or code == original.language:
            file.problems.add(
                ("text", code),
                f"[text.{code}] must name another language by a code such as de or pt-br; the "
                f"file's own language is {original.language!r}. Correct the code, or set language "
                "at the top.",
            )
        written = read_as(TextTable, _with_tables(table), file.problems, ("text", code))
        by_code[code] = _translated(written, file, code, original)
    return by_code


def _with_tables(table: Any) -> Any:
    """Return the table with a table for each item, which may be its text alone."""
    if not isinstance(table, dict) or not isinstance(table.get("items"), dict):
        return table
    items = {
        key: {"text": value} if isinstance(value, str) else value
        for key, value in table["items"].items()
    }
    return {**table, "items": items}


def _translated(
    own: TextTable, file: Document, code: str, original: Questionnaire
) -> Questionnaire:
    at = TableProblems(file.problems, ("text", code))
    in_items = TableProblems(file.problems, ("text", code, "items"))
    _check_pair(at, "instructions", own.instructions, bool(original.instructions))
    _check_pair(at, "does_not_apply", own.does_not_apply, "does_not_apply" in file.values)
    known = [item.id for item in original.items]
    for key in own.items:
        if key not in known:
            in_items.add(
                key, f"unknown key {key!r} in [text.{code}.items]. Known: {', '.join(known)}."
            )
    # Only labels are translated: points and values must stay equal for the data to be pooled.
    scale = _rescaled(own.anchors, original.scale, "scale" in file.values, at)
    items = []
    for item, declared in zip(original.items, file.tables("items"), strict=True):
        if item.id in own.items:
            inside = TableProblems(file.problems, (*in_items.path, item.id))
            label = own.does_not_apply or ""
            items.append(_item(own.items[item.id], declared, item, scale, label, inside))
        else:
            said = f"{item.id!r} in [text.{code}.items] is missing. Add it, as text in quotes."
            in_items.add(item.id, said)
    return replace(
        original,
        language=code,
        title=own.title,
        instructions=own.instructions or "",
        source=own.source or original.source,
        wording=own.wording or original.wording,
        licence=own.licence or original.licence,
        scale=scale,
        items=tuple(items),
    )


def _item(
    own: ItemWords,
    declared: Mapping[str, Any],
    item: Item,
    scale: Scale | None,
    does_not_apply: str,
    at: TableProblems,
) -> Item:
    """Return the item in the other language. ``declared`` is its entry in the original."""
    # What the item inherits from the questionnaire is translated there, not once more here.
    named = "scale" in declared or "anchors" in declared
    inherits = bool(item.does_not_apply) and "does_not_apply" not in declared
    _check_pair(at, "does_not_apply", own.does_not_apply, "does_not_apply" in declared)
    _check_pair(at, "hint", own.hint, bool(item.hint))
    _check_pair(at, "options", own.options, bool(item.options))
    return replace(
        item,
        text=own.text,
        hint=own.hint or "",
        scale=_rescaled(own.anchors, item.scale, named, at) if named else item.scale and scale,
        options=_options(own, item, at),
        does_not_apply=does_not_apply if inherits else own.does_not_apply or "",
    )


def _rescaled(
    written: Mapping[str, str] | None, scale: Scale | None, named: bool, at: TableProblems
) -> Scale | None:
    """Return the scale with the other language's anchors at the original points."""
    _check_pair(at, "anchors", written, scale is not None and named)
    if scale is None or not named or written is None:
        return scale
    anchors = read_anchors(written, at, scale)
    if anchors.keys() != scale.anchors.keys():
        at.add(
            "anchors",
            f"the anchors in {_called(at)} label the points {_list(anchors)}, but the file's own "
            f"anchors label {_list(scale.anchors)}. Label the same points.",
        )
    return replace(scale, anchors=anchors)


def _options(own: ItemWords, item: Item, at: TableProblems) -> Mapping[str, str]:
    labels = own.options or {}
    if labels and list(labels) != list(item.options):
        at.add(
            "options",
            f"the options in {_called(at)} are {', '.join(labels)}, but the file's own options are "
            f"{', '.join(item.options)}. Translate only the labels.",
        )
    return labels


def _check_pair(at: TableProblems, key: str, words: object, is_original: bool) -> None:
    """Report texts that the original has but the translation lacks, and the reverse."""
    if is_original and words is None:
        kind = "a table" if key in ("options", "anchors") else "text in quotes"
        at.add(key, f"{key!r} in {_called(at)} is missing. Add it, as {kind}.")
    elif words is not None and not is_original:
        said = f"unknown key {key!r} in {_called(at)}: the original has none. Remove it."
        at.add(key, said)


def _called(at: TableProblems) -> str:
    return f"[{'.'.join(map(str, at.path))}]"


def _list(points: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(points)))
