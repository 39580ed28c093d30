"""Reading of a questionnaire's items and scales from its file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from annotated_types import Ge, Le

from analysis.toml.problems import TableProblems, did_you_mean
from analysis.toml.value_types import Count, OneOf, Stripped, Words
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


@dataclass(frozen=True)
class ScaleTable:
    """The table of a scale, as written. The points of ``anchors`` are texts there."""

    minimum: Count
    maximum: Count
    anchors: Mapping[str, Words]
    step: Annotated[int, Ge(1)] = 1


@dataclass(frozen=True)
class RangeTable:
    """The range of numbers that an item of kind "number" accepts."""

    minimum: float
    maximum: float
    decimals: Annotated[int, Ge(0), Le(6)] = 0


@dataclass(frozen=True)
class ItemTable:
    """The table of an item, as written."""

    id: Words
    text: Words
    kind: Annotated[str, OneOf(KINDS)] = KINDS[0]
    subscale: Stripped = ""
    reversed: bool = False
    required: bool | None = None
    scale: ScaleTable | None = None
    anchors: Mapping[str, Words] = field(default_factory=dict)
    options: Mapping[str, Words] = field(default_factory=dict)
    maximum_length: Annotated[int, Ge(1)] | None = None
    hint: Stripped = ""
    range: RangeTable | None = None
    does_not_apply: Stripped | None = None
    exclusive: tuple[Words, ...] = ()


def read_item(
    written: ItemTable,
    table: Mapping[str, Any],
    at: TableProblems,
    scale: Scale | None,
    *,
    optional: bool,
    does_not_apply: str,
) -> Item:
    """Return the item. ``scale``, ``optional`` and ``does_not_apply`` are the questionnaire's
    defaults.
    """
    key, kind = written.id, written.kind
    if not NAME.fullmatch(key) or key in RESERVED:
        at.add(
            "id",
            f"the item id {key!r} must consist of small letters, digits, - and _, and must not be "
            f"one of {', '.join(RESERVED)}.",
        )
    _check_misplaced(table, at, key, kind)
    _check_options(written, at)
    # Free text is optional by default: nobody should have to invent a comment.
    is_required = not optional and kind not in WRITTEN
    label = written.does_not_apply
    return Item(
        id=key,
        text=written.text,
        kind=kind,
        subscale=written.subscale,
        reversed=written.reversed,
        required=is_required if written.required is None else written.required,
        scale=_item_scale(written, table, at, scale),
        options=written.options,
        maximum_length=written.maximum_length or (200 if kind == "short_text" else 2000),
        hint=written.hint,
        range=_range(written, at) if kind == "number" else None,
        does_not_apply=(does_not_apply if kind == "scale" else "") if label is None else label,
        exclusive=_exclusive(written, at),
    )


def read_scale(written: ScaleTable, at: TableProblems) -> Scale:
    """Return the scale whose table is ``at``."""
    minimum, maximum, step = written.minimum, written.maximum, written.step
    if minimum >= maximum:
        said = (
            f"the scale runs from {minimum} to {maximum}. Its maximum must be greater than its "
            "minimum."
        )
        at.add("maximum", said, "minimum")
    elif (maximum - minimum) % step:
        said = f"steps of {step} do not lead from {minimum} to {maximum}."
        at.add("step", said, "minimum", "maximum")
    # Anchors of a faulty scale are not judged: their messages would only repeat its fault.
    faulty = any(map(at.is_faulty, ("minimum", "maximum", "step")))
    scale = Scale(minimum, maximum, {}, step)
    anchors = {} if faulty else read_anchors(written.anchors, at, scale)
    return Scale(minimum, maximum, anchors, step)


def read_anchors(written: Mapping[str, str], at: TableProblems, scale: Scale) -> dict[int, str]:
    """Return the labels by point in the table ``at`` of anchors. Both ends need an anchor."""
    anchors: dict[int, str] = {}
    for point, label in written.items():
        inside = re.fullmatch(r"-?\d+", point) and int(point) in scale.points
        if not inside:
            at.problems.add(
                (*at.path, "anchors", point),
                f"the anchor {point} = {label!r} must be a text at a point of "
                f"the scale, {scale.minimum} to {scale.maximum}.",
            )
            continue
        anchors[int(point)] = label
    # An unreadable anchor may belong to an end of the scale.
    is_read = not at.problems.faults_below((*at.path, "anchors"))
    if is_read and not {scale.minimum, scale.maximum} <= anchors.keys():
        said = f"both ends of the scale, {scale.minimum} and {scale.maximum}, need an anchor."
        at.add("anchors", said)
    return dict(sorted(anchors.items()))


def _check_misplaced(table: Mapping[str, Any], at: TableProblems, key: str, kind: str) -> None:
    """Report keys that an item of this kind does not have."""
    for name in {name for names in KEYS.values() for name in names} & table.keys():
        kinds = [other for other, names in KEYS.items() if name in names]
        if kind not in kinds:
            at.add(
                name,
                f"the item {key!r}: {name!r} belongs to kind {' or '.join(map(repr, kinds))}, but "
                f"this item is of kind {kind!r}. Remove it, or change the kind.",
                "kind",
            )


def _check_options(written: ItemTable, at: TableProblems) -> None:
    key = written.id
    if written.kind in ("choice", "multiple") and len(written.options) < 2:
        said = f"the item {key!r} needs two or more 'options'. Add [items.options]."
        below = at.problems.faults_below((*at.path, "options"))
        at.problems.add(
            (*at.path, "options"), said, *((*at.path, "options", *one) for one in below)
        )
    for value in written.options:
        if not VALUE.fullmatch(value) or value == DOES_NOT_APPLY:
            at.problems.add(
                (*at.path, "options", value),
                f"the item {key!r}: the option {value!r} must consist of letters, digits, -, . and "
                f"_ (no {SEPARATOR!r}), and must not be {DOES_NOT_APPLY!r}, which has its own key.",
            )


def _exclusive(written: ItemTable, at: TableProblems) -> tuple[str, ...]:
    for number, value in enumerate(written.exclusive):
        if value not in written.options:
            hint = did_you_mean(value, list(written.options))
            path = (*at.path, "exclusive", number)
            said = f"the item {written.id!r}: {value!r} is not an option{hint}"
            at.problems.add(path, said, (*at.path, "options"))
    return written.exclusive


def _item_scale(
    written: ItemTable, table: Mapping[str, Any], at: TableProblems, scale: Scale | None
) -> Scale | None:
    """Return the item's own scale or the questionnaire's, possibly with the item's own anchors."""
    used = scale
    if written.scale is not None:
        used = read_scale(written.scale, TableProblems(at.problems, (*at.path, "scale")))
    if written.kind not in MOST_POINTS:
        return None
    if used is None:
        said = f"the item {written.id!r} has no scale. Add a [scale] to the questionnaire."
        at.add("id", said, "scale", "kind")
        return None
    # An item may label the questionnaire's scale differently without repeating its points.
    if "anchors" in table and not at.is_faulty("anchors"):
        used = Scale(
            used.minimum,
            used.maximum,
            read_anchors(written.anchors, at, used),
            used.step,
        )
    if len(used.points) > MOST_POINTS[written.kind]:
        at.add(
            "kind" if "kind" in table else "id",
            f"the item {written.id!r} has {len(used.points)} points. Kind {written.kind!r} allows "
            f"{MOST_POINTS[written.kind]} at most: use a slider, or a greater step.",
        )
    return used


def _range(written: ItemTable, at: TableProblems) -> Range:
    if written.range is None:
        said = f"the item {written.id!r} has no range. Add range = {{ minimum = 0, maximum = 9 }}."
        at.add("id", said, "range", "kind")
        return Range(0, 1)
    limits = Range(written.range.minimum, written.range.maximum, written.range.decimals)
    if limits.minimum >= limits.maximum:
        said = (
            f"the range runs from {limits.minimum:g} to {limits.maximum:g}. Its maximum must be "
            "greater than its minimum."
        )
        inside = TableProblems(at.problems, (*at.path, "range"))
        inside.add("maximum", said, "minimum")
    return limits
