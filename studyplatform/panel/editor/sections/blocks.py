"""The editor's section of blocks and arms: in which blocks a page is shown, and to whom."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import (
    NEW,
    Section,
    Sent,
    Values,
    conditions,
    tables,
    touched,
)
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.pages import described, in_parts, with_text
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited, read, rearranged, value_at
from surveys.study_file.parts import PARTS

IN_BLOCKS = "in_blocks"
"""The field of a page that stands for its keys ``per_block`` and ``blocks`` together."""
LIMITABLE = ("text", "attention")
"""Kinds of pages that can be limited to blocks."""
EVERY = "every"


def _blocks(values: Values) -> list[Entry]:
    number = number_of_blocks(values)
    entries = [
        entry
        for place, part in enumerate(tables(values, "parts"))
        for entry in _of_page(values, place, part, number)
    ]
    if number > 1:
        entries += _addition(number)
    return entries


def number_of_blocks(values: Values) -> int:
    """Return how many blocks of pictures each person sees, as far as the file tells."""
    within = value_at(values, ("design", "within"), [])
    _name, listed = conditions(values)
    if not isinstance(within, list) or not within:
        return 1
    if {"condition", "arm"} & set(map(str, within)):
        return len(listed)
    levels = {
        tuple(str(value_at(one, ("factors", str(factor)))) for factor in within) for one in listed
    }
    return len(levels)


def _of_page(values: Values, place: int, part: Mapping[str, Any], blocks: int) -> Iterator[Entry]:
    group = gettext("Page %(number)d: %(what)s") % {
        "number": place + 1, "what": described(part),
    }  # fmt: skip
    at: Path = ("parts", place)
    kind = str(part.get("kind"))
    if blocks > 1 and kind in LIMITABLE:
        yield Entry(
            (*at, IN_BLOCKS), gettext("In these blocks"), "several",
            gettext("None: once, outside of the blocks, at the place that the page has."),
            group=group, missing=_blocks_of(part, blocks),
            choices=[(str(number), gettext("block %(number)d") % {"number": number})
                     for number in range(1, blocks + 1)],
        )  # fmt: skip
    elif blocks > 1 and kind == "questionnaire":
        yield Entry(
            (*at, "per_block"), gettext("In every block"), "check",
            gettext(
                "Needed if answers are compared between the maps that each person sees. Otherwise "
                "it is asked once."
            ),
            group=group, missing=False,
        )  # fmt: skip
    name, listed = conditions(values)
    is_last = place == len(tables(values, "parts")) - 1
    key = "conditions" if name == "conditions" and "arms" not in part else "arms"
    if (is_last or len(listed) < 2) and key not in part:
        return
    yield Entry(
        (*at, key), gettext("Only for these arms"), "several",
        group=group, missing=[],
        choices=[(str(one["key"]), str(one.get("label", one["key"])))
                 for one in listed if "key" in one],
    )  # fmt: skip


def _blocks_of(part: Mapping[str, Any], blocks: int) -> list[str]:
    """Return the blocks that have the page, as the values of the form."""
    kind = PARTS.get(str(part.get("kind")))
    usual = kind.default_per_block if kind is not None else False
    if not part.get("per_block", usual):
        return []
    named = part.get("blocks") or range(1, blocks + 1)
    return [str(number) for number in named] if not isinstance(named, str) else []


def _addition(blocks: int) -> list[Entry]:
    group = gettext("A text between blocks")
    between = gettext("between block %(before)d and block %(after)d")
    places = [
        (str(number), between % {"before": number - 1, "after": number})
        for number in range(2, blocks + 1)
    ]
    if blocks > 2:
        places.append((EVERY, gettext("between all blocks")))
    return [
        Entry((NEW, "between"), gettext("Place"), "choice", group=group,
              choices=[("", gettext("none is added")), *places]),
        Entry((NEW, "heading"), gettext("Heading"), group=group),
        Entry((NEW, "text"), gettext("Text"), "text", group=group, help=gettext(
            "Such as a pause, or a message after errors. An empty line begins a paragraph."
        )),
    ]  # fmt: skip


def _write_blocks(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    plain = [e for e in entries if e.path[0] != NEW and e.path[-1] != IN_BLOCKS]
    changes = touched(values, sent, plain)
    blocks = number_of_blocks(values)
    for entry in entries:
        if entry.path[-1] == IN_BLOCKS and entry.name in sent:
            chosen = sorted(map(int, sent[entry.name]))
            if chosen != sorted(map(int, entry.missing)):
                changes += _chosen(entry.path[:-1], chosen, blocks, values)
    source = edited(source, changes)
    if between := sent.get(f"{NEW}.between"):
        numbers = list(range(2, blocks + 1)) if between == EVERY else [int(str(between))]
        source = _with_text_between(source, numbers, sent)
    return source


def _chosen(at: Path, chosen: list[int], blocks: int, values: Values) -> list[Change]:
    """Return the changes that show a page in the chosen blocks."""
    if not chosen:
        return [Change((*at, "blocks"), REMOVED), Change((*at, "per_block"), REMOVED)]
    numbers: Any = chosen if chosen != list(range(1, blocks + 1)) else REMOVED
    return [Change((*at, "per_block"), True), Change((*at, "blocks"), numbers)]


def _with_text_between(source: str, numbers: list[int], sent: Sent) -> str:
    """Return the file with a text at the beginning of the blocks, before all of their pages."""
    source = in_parts(source)
    heading, text = str(sent.get(f"{NEW}.heading") or ""), str(sent.get(f"{NEW}.text") or "")
    plain = text.replace("\r\n", "\n").strip()
    source, added = with_text(source, read(source), heading, plain)
    parts = tables(read(source), "parts")
    first = next((number for number, part in enumerate(parts) if _is_in_blocks(part)), len(parts))
    order: list[int | dict[str, Any]] = list(range(len(parts)))
    order.insert(first, added | {"per_block": True, "blocks": numbers})
    return rearranged(source, ("parts",), order)


def _is_in_blocks(part: Mapping[str, Any]) -> bool:
    kind = PARTS.get(str(part.get("kind")))
    return bool(part.get("per_block", kind is not None and kind.default_per_block))


def _note(values: Values) -> str:
    blocks = number_of_blocks(values)
    if blocks > 1:
        return gettext(
            "Each person sees %(blocks)d blocks of images here, one with each map, in a balanced "
            "order. Instructions and images come in every block."
        ) % {"blocks": blocks}
    said = gettext(
        "Each person sees one block of images in this study, because each person is in one arm. "
        "A text between two runs of images is a page of its own."
    )
    if "parts" in values:
        return said
    return (
        said
        + " "
        + gettext(
            "To limit pages to arms, first arrange the pages one by one, under Pages and "
            "questionnaires."
        )
    )


SECTION = Section(
    "blocks",
    _("Blocks and arms"),
    _("In which blocks of images a page is shown, and to whom. No arm ticked: to everybody."),
    _blocks,
    _write_blocks,
    _note,
)
