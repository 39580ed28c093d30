"""Reading of a questionnaire's items and scales from its file."""

import re
from typing import Any

from analysis.toml.problems import did_you_mean
from analysis.toml.table import Table
from surveys.questionnaires.base import (
    DOES_NOT_APPLY,
    KINDS,
    SEPARATOR,
    WRITTEN,
    Item,
    Range,
    Scale,
)

NAME = re.compile(r"[a-z][a-z0-9_-]{0,60}")
VALUE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
RESERVED = ("step", "response_time_ms", "csrfmiddlewaretoken")
KEYS = {
    "scale": ("scale", "anchors", "does_not_apply", "subscale", "reversed"),
    "slider": ("scale", "anchors", "subscale", "reversed"),
    "choice": ("options", "does_not_apply"),
    "multiple": ("options", "exclusive"),
    "number": ("range",),
    "short_text": ("maximum_length",),
    "text": ("maximum_length",),
}
"""For each kind of item, the keys that only some kinds have."""
MOST_POINTS = {"scale": 21, "slider": 1001}


def read_item(table: Table, scale: Scale | None, *, optional: bool, does_not_apply: str) -> Item:
    """Return the item; ``scale``, ``optional`` and ``does_not_apply`` are the questionnaire's
    defaults.
    """
    key, kind = table.text("id"), one_of(table, "kind", KINDS, KINDS[0])
    if key and (not NAME.fullmatch(key) or key in RESERVED):
        table.add(
            "id",
            f"the item id {key!r} must consist of small letters, digits, - and _, and must not be "
            f"one of {', '.join(RESERVED)}.",
        )
    _misplaced(table, key, kind)
    options = _options(table, key, kind)
    return _finished(
        table,
        Item(
            id=key,
            text=table.text("text"),
            kind=kind,
            subscale=table.text("subscale", ""),
            reversed=table.flag("reversed", False),
            required=table.flag("required", not optional and kind not in WRITTEN),
            scale=_item_scale(table, key, kind, scale),
            options=options,
            maximum_length=table.integer(
                "maximum_length", 200 if kind == "short_text" else 2000, minimum=1
            ),
            hint=table.text("hint", ""),
            range=_range(table, key) if kind == "number" else None,
            does_not_apply=table.text("does_not_apply", does_not_apply if kind == "scale" else ""),
            exclusive=_exclusive(table, key, options),
        ),
    )


def read_scale(table: Table) -> Scale:
    minimum, maximum = table.integer("minimum"), table.integer("maximum")
    step = table.integer("step", 1, minimum=1)
    if minimum >= maximum:
        table.add(
            "maximum",
            f"the scale runs from {minimum} to {maximum}. Its maximum must be greater than its "
            "minimum.",
        )
    elif (maximum - minimum) % step:
        table.add("step", f"steps of {step} do not lead from {minimum} to {maximum}.")
    scale = Scale(minimum, maximum, {}, step)
    anchors = read_anchors(table, scale)
    table.finish()
    return Scale(minimum, maximum, anchors, step)


def read_anchors(table: Table, scale: Scale) -> dict[int, str]:
    """Return the table's anchors, point → label; both ends need an anchor."""
    anchors: dict[int, str] = {}
    for point, label in table.mapping("anchors").items():
        inside = re.fullmatch(r"-?\d+", point) and int(point) in scale.points
        if not inside or not isinstance(label, str) or not label.strip():
            table.add(
                "anchors",
                f"the anchor {point} = {label!r} must be a text at a point of "
                f"the scale, {scale.minimum} to {scale.maximum}.",
            )
            continue
        anchors[int(point)] = label.strip()
    if scale.minimum not in anchors or scale.maximum not in anchors:
        table.add(
            "anchors",
            f"both ends of the scale, {scale.minimum} and {scale.maximum}, need an anchor.",
        )
    return dict(sorted(anchors.items()))


def one_of(table: Table, key: str, known: tuple[str, ...], default: str | None = None) -> str:
    value = table.text(key, default)
    if value and value not in known:
        table.add(key, f"unknown {key} {value!r}{did_you_mean(value, known)}")
    return value


def _misplaced(table: Table, key: str, kind: str) -> None:
    """Report keys that an item of this kind does not have."""
    for name in {name for names in KEYS.values() for name in names} & table.values.keys():
        kinds = [other for other, names in KEYS.items() if name in names]
        if kind in KEYS and kind not in kinds:
            table.add(
                name,
                f"the item {key!r}: {name!r} belongs to kind {' or '.join(map(repr, kinds))}, but "
                f"this item is of kind {kind!r}. Remove it, or change the kind.",
            )


def _finished(table: Table, item: Item) -> Item:
    # Keys of other kinds were reported as misplaced and must not be reported as unknown as well.
    for name in ("scale", "anchors", "range"):
        table.mapping(name, {})
    table.finish()
    return item


def _options(table: Table, key: str, kind: str) -> dict[str, str]:
    options: dict[str, Any] = table.mapping("options", {})
    if kind in ("choice", "multiple") and len(options) < 2:
        table.add("options", f"the item {key!r} needs two or more 'options'. Add [items.options].")
    for value, label in options.items():
        if not VALUE.fullmatch(value) or value == DOES_NOT_APPLY:
            table.add(
                "options",
                f"the item {key!r}: the option {value!r} must consist of letters, digits, -, . and "
                f"_ (no {SEPARATOR!r}), and must not be {DOES_NOT_APPLY!r}, which has its own key.",
            )
        if not isinstance(label, str) or not label.strip():
            table.add("options", f"the item {key!r}: every option's label must be text in quotes.")
    return {value: str(label).strip() for value, label in options.items()}


def _exclusive(table: Table, key: str, options: dict[str, str]) -> tuple[str, ...]:
    exclusive = table.list_of("exclusive", str, [])
    for value in exclusive:
        if value not in options:
            hint = did_you_mean(value, list(options))
            table.add("exclusive", f"the item {key!r}: {value!r} is not an option{hint}")
    return tuple(exclusive)


def _item_scale(table: Table, key: str, kind: str, scale: Scale | None) -> Scale | None:
    """Return the item's own scale, or the questionnaire's, possibly with the item's own anchors."""
    own = read_scale(table.table("scale")) if "scale" in table.values else scale
    if kind not in MOST_POINTS:
        return None
    if own is None:
        table.add("id", f"the item {key!r} has no scale. Add a [scale] to the questionnaire.")
        return None
    if "anchors" in table.values:
        own = Scale(own.minimum, own.maximum, read_anchors(table, own), own.step)
    if len(own.points) > MOST_POINTS[kind]:
        table.add(
            "kind" if "kind" in table.values else "id",
            f"the item {key!r} has {len(own.points)} points. Kind {kind!r} allows "
            f"{MOST_POINTS[kind]} at most: use a slider, or a greater step.",
        )
    return own


def _range(table: Table, key: str) -> Range:
    if "range" not in table.values:
        table.add(
            "id", f"the item {key!r} has no range. Add range = {{ minimum = 0, maximum = 9 }}."
        )
        return Range(0, 1)
    own = table.table("range")
    found = Range(own.number("minimum"), own.number("maximum"), own.integer("decimals", 0))
    if found.minimum >= found.maximum:
        own.add(
            "maximum",
            f"the range runs from {found.minimum:g} to {found.maximum:g}. Its maximum must be "
            "greater than its minimum.",
        )
    if found.decimals > 6:
        own.add("decimals", f"decimals is {found.decimals}. It must be 6 or less.")
    own.finish()
    return found
