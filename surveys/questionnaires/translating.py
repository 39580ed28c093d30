"""Reading of a questionnaire's other languages: [text.de] repeats every text in German.

An incomplete translation is refused: half a page in a foreign language helps nobody.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from analysis.toml.table import Table
from surveys.questionnaires.base import Item, Questionnaire, Scale
from surveys.questionnaires.itemreading import one_of, read_anchors

LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
WORDINGS = ("own", "verbatim")


def translations(file: Table, original: Questionnaire) -> dict[str, Questionnaire]:
    """Return the questionnaire in each language that the file has under [text], by its code."""
    texts = file.table("text", {})
    found = {}
    for code in texts.values:
        if not LANGUAGE.fullmatch(code) or code == original.language:
            texts.add(
                code,
                f"[text.{code}] must name another language by a code such as de or pt-br; the "
                f"file's own language is {original.language!r}. Correct the code, or set language "
                "at the top.",
            )
        found[code] = _translated(texts.table(code), file, code, original)
    return found


def _translated(own: Table, file: Table, code: str, original: Questionnaire) -> Questionnaire:
    scale = _rescaled(own, original.scale, "scale" in file.values)
    does_not_apply = _if_original(own, "does_not_apply", "does_not_apply" in file.values)
    items = own.table("items")
    found = replace(
        original,
        language=code,
        title=own.text("title"),
        instructions=_if_original(own, "instructions", bool(original.instructions)),
        # A validated translation has its own authors and its own licence.
        source=own.text("source", original.source),
        wording=one_of(own, "wording", WORDINGS, original.wording),
        licence=own.text("licence", original.licence),
        scale=scale,
        items=tuple(
            _item(_entry(items, item.id), declared.values, item, scale, does_not_apply)
            for item, declared in zip(original.items, file.tables("items"), strict=True)
        ),
    )
    items.finish()
    own.finish()
    return found


def _entry(items: Table, key: str) -> Table:
    """Return the item's entry: a table, or its text alone."""
    if isinstance(items.values.get(key, ""), str):
        return Table({"text": items.text(key)}, (*items.path, key), items.problems)
    return items.table(key)


def _item(
    own: Table,
    declared: Mapping[str, Any],
    item: Item,
    scale: Scale | None,
    does_not_apply: str,
) -> Item:
    """Return the item in the other language; ``declared`` is its entry in the original."""
    named = "scale" in declared or "anchors" in declared
    inherits = bool(item.does_not_apply) and "does_not_apply" not in declared
    label = _if_original(own, "does_not_apply", "does_not_apply" in declared)
    found = replace(
        item,
        text=own.values["text"] if own.values.get("text") == "" else own.text("text"),
        hint=_if_original(own, "hint", bool(item.hint)),
        scale=_rescaled(own, item.scale, named) if named else item.scale and scale,
        options=_options(own, item),
        does_not_apply=does_not_apply if inherits else label,
    )
    own.mapping("anchors", {})
    own.finish()
    return found


def _rescaled(own: Table, scale: Scale | None, named: bool) -> Scale | None:
    """Return the scale with the other language's anchors at the same points."""
    if scale is None or not named:
        return scale
    if "anchors" not in own.values:
        own.mapping("anchors")
        return scale
    anchors = read_anchors(own, scale)
    if anchors.keys() != scale.anchors.keys():
        own.add(
            "anchors",
            f"the anchors in {own.name} label the points {sorted(anchors)}, but those of the file "
            f"label {sorted(scale.anchors)}. Label the same points.",
        )
    return replace(scale, anchors=anchors)


def _options(own: Table, item: Item) -> Mapping[str, str]:
    if not item.options:
        return item.options
    labels = own.mapping("options")
    if labels and list(labels) != list(item.options):
        own.add(
            "options",
            f"the options in {own.name} are {list(labels)}, but those of the file are "
            f"{list(item.options)}. Translate only the labels.",
        )
    for value, label in labels.items():
        if not isinstance(label, str) or not label.strip():
            own.add("options", f"the label of {value!r} in {own.name} must be text in quotes.")
    return {value: str(label).strip() for value, label in labels.items()}


def _if_original(own: Table, key: str, is_there: bool) -> str:
    """Return the text of the key if the original has one; otherwise the key is unknown."""
    return own.text(key) if is_there else ""
