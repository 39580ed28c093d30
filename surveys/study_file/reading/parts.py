"""Reads the sequence of a study: its [[parts]], or the short form with [questionnaires]."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from analysis.toml.positions import Path
from analysis.toml.problems import did_you_mean
from analysis.toml.table import Table
from surveys.study_file.parts import PARTS, Part, QuestionnairePart, TrialsPart
from surveys.study_file.parts.instructions import InstructionsPart
from surveys.study_file.parts.questionnaire import check_questionnaire

DEFAULT_TRIALS = "trials"


def read_parts(table: Table, images: Table) -> tuple[Part, ...]:
    """The parts in the order in which they come; problems go to the table.

    The short form asks some questionnaires before and some after one run of trials, whose
    ``right`` and ``wrong`` stand under [images].
    """
    if "parts" not in table.values:
        return _short_form(table, images)
    if "questionnaires" in table.values:
        table.table("questionnaires")
        table.add(
            "questionnaires",
            "the file has both [questionnaires] and [[parts]]. Declare each questionnaire as one "
            'of the [[parts]], kind = "questionnaire", and remove [questionnaires].',
        )
    parts, followed = [], {}
    for entry in table.tables("parts"):
        part = _part(entry)
        after = entry.text("after", "")
        entry.finish()
        if part is None:
            continue
        if part.key in followed:
            entry.add("key", f"two parts have the key {part.key!r}. Rename one.")
            continue
        parts.append((entry, part))
        followed[part.key] = after
    return _ordered(table, parts, followed)


def place_of(table: Table, part: Part) -> Path:
    """Where in the file, whose outermost table it is, the part is declared."""
    entry = _entry_of(table, part)
    return entry.path if entry else ("parts",)


def _part(table: Table) -> Part | None:
    kind = table.text("kind")
    if kind and kind not in PARTS:
        table.add("kind", f"unknown kind of part {kind!r}{did_you_mean(kind, list(PARTS))}")
    declared = PARTS.get(kind)
    key = table.text("key", _default_key(table, kind))
    if not declared:
        for name in table.values:
            table.mark(name)
        return None
    common: dict[str, Any] = {
        "key": key,
        "per_block": table.flag("per_block", declared.default_per_block),
        "conditions": _conditions(table),
    }
    part = declared.read(table, common)
    if isinstance(part, TrialsPart) and not part.per_block:
        table.add("per_block", "trials belong to the blocks. Remove per_block = false.")
    return part


def limited_by(table: Table, part: Part) -> str:
    """Return the key that limits the part, "arms" or "conditions", in the file's outermost table.

    In a within-subjects file it is "conditions"; files from before that key have "arms" there, too.
    """
    entry = _entry_of(table, part)
    return "conditions" if entry and "conditions" in entry.values else "arms"


def _entry_of(table: Table, part: Part) -> Table | None:
    for entry in table.tables("parts", []):
        if entry.values.get("key", _default_key(entry, entry.values.get("kind"))) == part.key:
            return entry
    return None


def _conditions(table: Table) -> tuple[str, ...]:
    """Return the keys of the conditions, or of the arms that show one each, that have the part."""
    named = {key: table.list_of(key, str, []) for key in ("arms", "conditions")}
    for key, names in named.items():
        if not names and key in table.values:
            table.add(
                key,
                f"{key} is empty, so that nobody would see the part. Name {key}, or leave it out.",
            )
    if named["arms"] and named["conditions"]:
        table.add(
            "conditions",
            "the part is limited by both arms and conditions. Keep conditions in a study with "
            "[design] within, and arms in any other.",
        )
    return tuple(named["conditions"] or named["arms"])


def _default_key(table: Table, kind: Any) -> str:
    named = table.values.get("questionnaire")
    return named if kind == "questionnaire" and isinstance(named, str) else str(kind)


def _ordered(
    table: Table, parts: Sequence[tuple[Table, Part]], followed: dict[str, str]
) -> tuple[Part, ...]:
    """The file's order, except that a part with ``after`` comes directly after the one it names."""
    by_key = {part.key: part for _, part in parts}
    for entry, part in parts:
        after = followed[part.key]
        if after and after not in by_key:
            entry.add("after", f"after names {after!r}{did_you_mean(after, list(by_key))}")
            followed[part.key] = ""
    graph = {key: {after} if after else set() for key, after in followed.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " after ".join(reversed(error.args[1]))
        table.add("parts", f"the parts wait for each other: {circle}. Remove one 'after'.")
        return tuple(by_key.values())
    order: list[str] = []

    def place(key: str) -> None:
        order.append(key)
        for later, after in followed.items():
            if after == key:
                place(later)

    for key in followed:
        if not followed[key]:
            place(key)
    return tuple(by_key[key] for key in order)


def _short_form(table: Table, images: Table) -> tuple[Part, ...]:
    asked = table.table("questionnaires", {})
    before, after = _questionnaires(asked, "before"), _questionnaires(asked, "after")
    asked.finish()
    repeated = {key for key in (*before, *after) if (*before, *after).count(key) > 1}
    for key in sorted(repeated):
        table.add("questionnaires", f"the questionnaire {key!r} is asked twice. Remove one.")
    trials = TrialsPart(
        DEFAULT_TRIALS, True, right=images.integer("right"), wrong=images.integer("wrong")
    )
    trials.check(images)
    return (
        *(QuestionnairePart(f"before:{key}", False, questionnaire=key) for key in before),
        InstructionsPart("instructions", True),
        trials,
        *(QuestionnairePart(f"after:{key}", False, questionnaire=key) for key in after),
    )


def _questionnaires(table: Table, key: str) -> list[str]:
    named = table.list_of(key, str, [])
    return [name for name in named if check_questionnaire(table, key, name)]
