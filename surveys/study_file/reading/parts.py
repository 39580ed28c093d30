"""The sequence of a study, from its [[parts]] or the short form with [questionnaires]."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any

from analysis.toml.document import Document
from analysis.toml.positions import Path
from analysis.toml.problems import TableProblems, did_you_mean
from analysis.toml.typed import read_as
from analysis.toml.value_types import Count, OneOf, Stripped, Words
from surveys.study_file.parts import PARTS, Part, QuestionnairePart, TrialsPart
from surveys.study_file.parts.instructions import InstructionsPart
from surveys.study_file.parts.questionnaire import check_questionnaire

DEFAULT_TRIALS = "trials"


@dataclass(frozen=True)
class Entry:
    """The keys that all of the [[parts]] share. The other keys of a part are the fields of its
    kind.
    """

    kind: Annotated[str, OneOf(tuple(PARTS))]
    key: Words = ""
    per_block: bool | None = None
    arms: tuple[Words, ...] = ()
    conditions: tuple[Words, ...] = ()
    blocks: tuple[Count, ...] = ()
    after: Stripped = ""


COMMON = tuple(one.name for one in fields(Entry))


@dataclass(frozen=True)
class Asked:
    """The table [questionnaires] of the short form: questionnaires before and after the trials."""

    before: tuple[Words, ...] = ()
    after: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Shown:
    """The predictions that the short form shows, which it declares under [images]."""

    right: Count
    wrong: Count


SHORT_FORM = tuple(one.name for one in fields(Shown))


@dataclass(frozen=True)
class DeclaredParts:
    """The parts in their order, and the place in the file where each is declared."""

    parts: tuple[Part, ...]
    places: Mapping[str, Path] = field(default_factory=dict)

    def place_of(self, part: Part) -> Path:
        """Return the path of the part's table."""
        return self.places.get(part.key, ("parts",))


def read_parts(file: Document, asked: Asked) -> DeclaredParts:
    """Return the parts of the file, and report problems to it.

    The short form asks some questionnaires before and some after a single run of trials, whose
    ``right`` and ``wrong`` are keys of [images].
    """
    if "parts" not in file.values:
        return DeclaredParts(_short_form(file, asked))
    if "questionnaires" in file.values:
        file.problems.add(
            ("questionnaires",),
            "the file has both [questionnaires] and [[parts]]. Declare each questionnaire as one "
            'of the [[parts]], kind = "questionnaire", and remove [questionnaires].',
        )
    parts: dict[str, tuple[TableProblems, Part]] = {}
    followed = {}
    for number, table in enumerate(file.tables("parts")):
        at = TableProblems(file.problems, ("parts", number))
        # An unknown kind has unknown keys, so that nothing else in the table can be judged.
        common = {key: value for key, value in table.items() if key in COMMON}
        entry = read_as(Entry, common, file.problems, at.path)
        if at.is_faulty("kind"):
            continue
        part = _part(entry, table, at)
        if part.key in parts:
            at.add("key", f"two parts have the key {part.key!r}. Rename one.")
            continue
        parts[part.key] = at, part
        followed[part.key] = entry.after
    ordered = _ordered(file, list(parts.values()), followed)
    return DeclaredParts(ordered, {key: at.path for key, (at, _) in parts.items()})


def _part(entry: Entry, table: Mapping[str, Any], at: TableProblems) -> Part:
    declared = PARTS[entry.kind]
    per_block = declared.default_per_block if entry.per_block is None else entry.per_block
    of_kind = {key: value for key, value in table.items() if key not in COMMON}
    values = {
        **of_kind,
        "key": entry.key or _default_key(table, entry.kind),
        "per_block": per_block,
        "conditions": list(_conditions(entry, table, at)),
        "blocks": list(entry.blocks),
    }
    return read_as(declared, values, at.problems, at.path, also=COMMON).checked(at)


def limited_by(file: Document, place: Path) -> str:
    """Return the key that limits the part at the place: "arms" or "conditions".

    In a within-subjects file it is "conditions". Files from before that key use "arms" there, too.
    """
    table = file.tables("parts")[int(place[1])] if len(place) > 1 else {}
    return "conditions" if "conditions" in table else "arms"


def _conditions(entry: Entry, table: Mapping[str, Any], at: TableProblems) -> tuple[str, ...]:
    """Return the keys of the conditions that have the part, also if the file limits it by arms."""
    named = {"arms": entry.arms, "conditions": entry.conditions}
    for key, names in named.items():
        if not names and key in table:
            at.add(
                key,
                f"{key} is empty, so that nobody would see the part. Name {key}, or leave it out.",
            )
    if entry.arms and entry.conditions:
        at.add(
            "conditions",
            "the part is limited by both arms and conditions. Keep conditions in a study with "
            "[design] within, and arms in any other.",
        )
    return entry.conditions or entry.arms


def _default_key(table: Mapping[str, Any], kind: str) -> str:
    named = table.get("questionnaire")
    is_named = kind == "questionnaire" and isinstance(named, str) and named.strip()
    return str(named) if is_named else kind


def _ordered(
    file: Document, parts: Sequence[tuple[TableProblems, Part]], followed: dict[str, str]
) -> tuple[Part, ...]:
    """Return the parts in the file's order, with each ``after`` part directly after its target."""
    by_key = {part.key: part for _, part in parts}
    for at, part in parts:
        after = followed[part.key]
        if after and after not in by_key:
            at.add("after", f"after names {after!r}{did_you_mean(after, list(by_key))}")
            followed[part.key] = ""
    # A circle is searched for first, since the placing below would never end in it.
    graph = {key: {after} if after else set() for key, after in followed.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " after ".join(reversed(error.args[1]))
        file.problems.add(
            ("parts",), f"the parts wait for each other: {circle}. Remove one 'after'."
        )
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


def _short_form(file: Document, asked: Asked) -> tuple[Part, ...]:
    repeated = {
        key for key in (*asked.before, *asked.after) if (*asked.before, *asked.after).count(key) > 1
    }
    for key in sorted(repeated):
        said = f"the questionnaire {key!r} is asked twice. Remove one."
        file.problems.add(("questionnaires",), said)
    at = TableProblems(file.problems, ("images",))
    images = {key: value for key, value in file.table("images").items() if key in SHORT_FORM}
    shown = read_as(Shown, images, file.problems, at.path) if file.table("images") else Shown(1, 0)
    trials = TrialsPart(DEFAULT_TRIALS, True, right=shown.right, wrong=shown.wrong)
    trials.check(at)
    before, after = _usable(file, "before", asked.before), _usable(file, "after", asked.after)
    return (
        *(QuestionnairePart(f"before:{key}", False, questionnaire=key) for key in before),
        InstructionsPart("instructions", True),
        trials,
        *(QuestionnairePart(f"after:{key}", False, questionnaire=key) for key in after),
    )


def _usable(file: Document, key: str, named: Sequence[str]) -> list[str]:
    """Return the questionnaires that can be asked, and report all others where they are named."""
    at = TableProblems(file.problems, ("questionnaires", key))
    return [name for number, name in enumerate(named) if check_questionnaire(at, number, name)]
