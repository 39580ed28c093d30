"""The table [recruitment] of a study file, read with all its problems."""

import re
from dataclasses import dataclass, field, make_dataclass
from functools import cache
from typing import Annotated, Any

from annotated_types import Ge, Le, MaxLen

from analysis.toml.document import Document
from analysis.toml.problems import Problems, TableProblems
from analysis.toml.typed import read_as
from analysis.toml.value_types import OneOf, Stripped, Words
from surveys.study_file import exit_addresses
from surveys.study_file.recruitment import Exit, Outcome, Recruitment, Replaced
from surveys.study_file.recruitment_kinds import KINDS, OLD_NAMES, Kind, get

CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
CURRENCY = re.compile(r"[A-Z]{3}")
REMEMBER_DAYS = 365
MOST_DAYS = 3650
SHORTEST_PAUSE, LONGEST_PAUSE = 20, 3600
OURS = frozenset(("rehearsal", "lang", "language"))
"""Parameters of the platform's own links, whose names a service's id may not take."""


@dataclass(frozen=True)
class KindTable:
    """The key on which every other key of [recruitment] depends."""

    kind: Annotated[str, OneOf((*(kind.key for kind in KINDS), *OLD_NAMES))] = "open"


@cache
def table_type(kind: Kind) -> type[Any]:
    """Return the class whose fields are the keys that [recruitment] has for the kind."""
    # Built per kind, so that a key without effect for the kind is reported as unknown.
    keys: list[tuple[str, Any, Any]] = [
        ("pay", Annotated[float, Ge(0)], 0.0),
        ("currency", Stripped, ""),
    ]
    if kind.outcomes or kind.types_id:
        keys += [
            ("exclude", tuple[Words, ...], ()),
            ("remember_days", Annotated[int, Ge(0), Le(MOST_DAYS)], REMEMBER_DAYS),
        ]
    if kind.outcomes:
        keys += [
            ("failed_checks", Annotated[int, Ge(1)], 2),
            ("replace", tuple[Annotated[str, OneOf(_ways(kind))], ...], ()),
            ("return_after", Annotated[int, Ge(0), Le(LONGEST_PAUSE)], 0),
        ]
        exits = make_dataclass("Exits", [_exit_key(outcome) for outcome in kind.outcomes])
        keys.append(("codes" if kind.address else "urls", exits, None))
    if kind.outcomes and not kind.label:
        keys.append(("name", Annotated[Words, MaxLen(40)], None))
    if kind.outcomes and not kind.session_parameter:
        keys.append(("id_parameter", Words, kind.id_parameter or None))
    if kind.study_parameter:
        keys.append(("study_id", Stripped, ""))
    needed = [(name, hint) for name, hint, default in keys if default is None]
    optional = [
        (name, hint, field(default=default)) for name, hint, default in keys if default is not None
    ]
    return make_dataclass(
        "RecruitmentTable", [*needed, ("kind", str, field(default="open")), *optional], frozen=True
    )


def _ways(kind: Kind) -> tuple[str, ...]:
    """Return the ways of leaving that can give a place back. Only Prolific tells its statuses."""
    ways = tuple(Replaced) if kind.session_parameter else (Replaced.WITHDRAWN,)
    return tuple(str(way) for way in ways)


def _exit_key(outcome: Outcome) -> tuple[str, Any] | tuple[str, Any, Any]:
    """Return the key of an outcome. Only the exit of complete participations must be declared."""
    if outcome is Outcome.COMPLETE:
        return outcome.value, Words
    return outcome.value, Stripped, field(default="")


def read(file: Document) -> Recruitment:
    """Return what [recruitment] declares, and report problems to the file."""
    values, path = file.table("recruitment"), ("recruitment",)
    named = {key: value for key, value in values.items() if key == "kind"}
    key = read_as(KindTable, named, file.problems, path).kind
    at = TableProblems(file.problems, path)
    if at.is_faulty("kind"):  # the other keys depend on it
        return Recruitment()
    kind = get(key)
    table = read_as(table_type(kind), values, file.problems, path)
    _check_pay(table, at)
    if kind.types_id:
        return Recruitment(
            kind=kind.key,
            id_parameter=kind.id_parameter,
            exclude=table.exclude,
            remember_days=table.remember_days,
            pay=table.pay,
            currency=table.currency,
        )
    if not kind.outcomes:
        return Recruitment(kind=kind.key, pay=table.pay, currency=table.currency)
    _check_id_parameter(table, kind, at)
    if 0 < table.return_after < SHORTEST_PAUSE:
        at.add(
            "return_after",
            f"return_after is {table.return_after}. Nobody can read the debrief in that time: "
            f"write {SHORTEST_PAUSE} seconds or more, or 0 for no return without the button.",
        )
    _check_service_study(table, kind, at)
    return Recruitment(
        kind=kind.key,
        name=kind.label or table.name,
        id_parameter=kind.id_parameter if kind.session_parameter else table.id_parameter,
        service_study=table.study_id if kind.study_parameter else "",
        exits=_codes(table, kind, file.problems) if kind.address else _urls(table, kind, file),
        failed_checks=table.failed_checks,
        exclude=table.exclude,
        remember_days=table.remember_days,
        replace=tuple(map(Replaced, table.replace)),
        pay=table.pay,
        currency=table.currency,
        return_after=table.return_after,
    )


def check(
    problems: Problems, recruitment: Recruitment, *, slug: str, attention_checks: int
) -> None:
    """Report settings that do not fit the rest of the study."""
    at = TableProblems(problems, ("recruitment",))
    if slug in recruitment.exclude:
        at.add("exclude", f"exclude names this study itself, {slug!r}. Remove it.")
    if Outcome.FAILED_ATTENTION in recruitment.exits and (
        recruitment.failed_checks > attention_checks
    ):
        at.add(
            "failed_checks",
            f"nobody can fail {recruitment.failed_checks} attention checks: the study asks "
            f"{attention_checks}. Lower failed_checks, add [[parts]] of the kind 'attention', or "
            "remove failed_attention.",
        )


def _check_pay(table: Any, at: TableProblems) -> None:
    if table.currency and not CURRENCY.fullmatch(table.currency):
        at.add(
            "currency",
            f"currency is {table.currency!r}. Write its code of three capital letters, such as "
            "EUR, GBP or USD.",
        )
    elif table.pay and not table.currency:
        at.add("pay", 'pay has no currency. Add one, such as currency = "EUR".')


def _check_id_parameter(table: Any, kind: Kind, at: TableProblems) -> None:
    if kind.session_parameter:
        return
    name = table.id_parameter
    if not PARAMETER.fullmatch(name) or name in OURS:
        at.add(
            "id_parameter",
            f"id_parameter is {name!r}. It must be the name before a person's id in the link, of "
            f"letters, digits and _. These names are taken: {', '.join(sorted(OURS))}.",
        )


def _check_service_study(table: Any, kind: Kind, at: TableProblems) -> None:
    study = table.study_id if kind.study_parameter else ""
    if study and not kind.id_pattern.fullmatch(study):
        at.add(
            "study_id",
            f"study_id is {study!r}. Prolific's id of a study has 24 characters, 0-9 and a-f; "
            "it is part of the URL of the study's page there.",
        )


def _codes(table: Any, kind: Kind, problems: Problems) -> dict[Outcome, Exit]:
    """Return the completion codes by outcome, as the recruitment service shows them."""
    at = TableProblems(problems, ("recruitment", "codes"))
    codes: dict[Outcome, Exit] = {}
    for outcome in kind.outcomes:
        code = getattr(table.codes, outcome.value)
        if not code:
            continue
        if not CODE.fullmatch(code):
            at.add(
                outcome.value,
                f"the code for {outcome} is {code!r}. Copy it from the study's page on "
                f"{kind.label}: letters, digits, - and _.",
            )
        # The service tells outcomes apart only by their codes.
        elif code in {other.code for other in codes.values()}:
            at.add(outcome.value, f"two outcomes have the code {code!r}. Give each its own.")
        else:
            codes[outcome] = Exit(kind.address.format(code=code), code)
    return codes


def _urls(table: Any, kind: Kind, file: Document) -> dict[Outcome, Exit]:
    """Return the URL templates by outcome."""
    at = TableProblems(file.problems, ("recruitment", "urls"))
    exits: dict[Outcome, Exit] = {}
    for outcome in kind.outcomes:
        template = getattr(table.urls, outcome.value)
        needs_id = outcome is Outcome.COMPLETE and kind.key == "sona"
        problem = exit_addresses.problem_with(template, needs_id) if template else ""
        if problem:
            at.add(outcome.value, f"the URL for {outcome} {problem}: {template!r}.")
        elif template:
            exits[outcome] = Exit(template)
    return exits
