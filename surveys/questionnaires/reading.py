"""From a questionnaire's TOML file to a Questionnaire: everything wrong in it is said at once."""

import re

from surveys.questionnaires.base import KINDS, Item, Questionnaire, Scale
from surveys.tomltable import FileProblemsError, Table, did_you_mean, document

WORDINGS = ("own", "verbatim")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,60}")


class QuestionnaireError(FileProblemsError):
    """A questionnaire that does not exist or whose file is faulty."""


def read(questionnaire_id: str, text: str) -> Questionnaire:
    """The questionnaire in the text; raises QuestionnaireError with every problem found."""
    name = f"The questionnaire {questionnaire_id!r}"
    table = document(text, name, QuestionnaireError)
    scale = _scale(table.table("scale")) if "scale" in table.values else None
    if table.text("id") != questionnaire_id:
        table.add("id", f"id must be {questionnaire_id!r}, like the file's name.")
    questionnaire = Questionnaire(
        id=questionnaire_id,
        title=table.text("title"),
        instructions=table.text("instructions", ""),
        construct=table.text("construct"),
        source=table.text("source"),
        wording=_one_of(table, "wording", WORDINGS),
        licence=table.text("licence"),
        scale=scale,
        items=_items(table.tables("items"), scale),
    )
    table.mapping("scale", {})
    table.finish()
    if problems := table.problems.sentences():
        raise QuestionnaireError(name, problems)
    return questionnaire


def _items(tables: list[Table], scale: Scale | None) -> tuple[Item, ...]:
    items: list[Item] = []
    for table in tables:
        item = _item(table, scale)
        if item.id in [other.id for other in items]:
            table.add("id", f"the item id {item.id!r} stands more than once. Rename one.")
        items.append(item)
    return tuple(items)


def _item(table: Table, scale: Scale | None) -> Item:
    key, kind = table.text("id"), _one_of(table, "kind", KINDS, KINDS[0])
    if key and not NAME.fullmatch(key):
        table.add("id", f"the item id {key!r} must be small letters, digits, - and _ alone.")
    own = _scale(table.table("scale")) if "scale" in table.values else scale
    table.mapping("scale", {})
    options = table.mapping("options", {})
    if kind == "scale" and own is None:
        table.add("id", f"the item {key!r} has no scale. Add a [scale] to the questionnaire.")
    if (kind == "choice") != (len(options) > 1):
        table.add("options", f"the item {key!r}: 'options', two or more, belong to kind 'choice'.")
    if not all(isinstance(label, str) for label in options.values()):
        table.add("options", f"the item {key!r}: every option's label must be text in quotes.")
    item = Item(
        id=key,
        text=table.text("text"),
        kind=kind,
        subscale=table.text("subscale", ""),
        reversed=table.flag("reversed", False),
        required=table.flag("required", kind != "text"),
        scale=own if kind == "scale" else None,
        options=options,
        maximum_length=table.integer("maximum_length", 2000, minimum=1),
    )
    if (item.subscale or item.reversed) and kind != "scale":
        table.add("kind", f"the item {key!r}: only kind 'scale' has a subscale or is reversed.")
    table.finish()
    return item


def _scale(table: Table) -> Scale:
    minimum, maximum = table.integer("minimum"), table.integer("maximum")
    if minimum >= maximum:
        table.add("maximum", f"the scale runs from {minimum} to {maximum}. Let it rise.")
    anchors: dict[int, str] = {}
    for point, label in table.mapping("anchors").items():
        inside = point.isdigit() and minimum <= int(point) <= maximum
        if not inside or not isinstance(label, str):
            table.add(
                "anchors",
                f"the anchor {point} = {label!r} must be a text at a point of "
                f"the scale, {minimum} to {maximum}.",
            )
            continue
        anchors[int(point)] = label
    if minimum not in anchors or maximum not in anchors:
        table.add("anchors", f"both ends of the scale, {minimum} and {maximum}, need an anchor.")
    table.finish()
    return Scale(minimum, maximum, dict(sorted(anchors.items())))


def _one_of(table: Table, key: str, known: tuple[str, ...], default: str | None = None) -> str:
    value = table.text(key, default)
    if value and value not in known:
        table.add(key, f"unknown {key} {value!r}{did_you_mean(value, known)}")
    return value
