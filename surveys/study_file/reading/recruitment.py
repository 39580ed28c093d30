"""Reads [recruitment] of a study file, with every problem collected on the way."""

import re

from analysis.toml.problems import did_you_mean
from analysis.toml.table import Table
from surveys.study_file import exit_addresses
from surveys.study_file.recruitment import Exit, Outcome, Recruitment
from surveys.study_file.recruitment_kinds import KINDS, Kind, get

CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
OURS = frozenset(("rehearsal", "lang", "language"))
"""Parts of our own links, whose names a recruitment service's id may not take."""


def read(table: Table) -> Recruitment:
    """What the table declares; problems are reported to it."""
    kinds = [kind.key for kind in KINDS]
    key = table.text("kind", "open")
    key = "service" if key == "panel" else key  # the kind's name in older files
    if key not in kinds:
        table.add("kind", f"unknown kind of recruitment {key!r}{did_you_mean(key, kinds)}")
        for name in table.values:
            table.mark(name)
        return Recruitment()
    kind = get(key)
    found = Recruitment(
        kind=key,
        name=_name(table, kind) if kind.outcomes else "",
        id_parameter=_id_parameter(table, kind),
        service_study=_service_study(table) if kind.study_parameter else "",
        exits=_codes(table, kind) if kind.address else _urls(table, kind),
        failed_checks=table.integer("failed_checks", 2, minimum=1) if kind.outcomes else 2,
        exclude=tuple(table.list_of("exclude", str, [])) if kind.outcomes else (),
    )
    table.finish()
    return found


def check(table: Table, recruitment: Recruitment, *, slug: str, attention_checks: int) -> None:
    """Report what does not fit the rest of the study."""
    if slug in recruitment.exclude:
        table.add("exclude", f"exclude names this study itself, {slug!r}. Remove it.")
    if Outcome.FAILED_ATTENTION in recruitment.exits and (
        recruitment.failed_checks > attention_checks
    ):
        table.add(
            "failed_checks",
            f"nobody can fail {recruitment.failed_checks} attention checks: the study asks "
            f"{attention_checks}. Lower failed_checks, add [[parts]] of the kind 'attention', or "
            "remove failed_attention.",
        )


def _name(table: Table, kind: Kind) -> str:
    name = kind.label or table.text("name")
    if len(name) > 40:
        table.add("name", "the service's name has more than 40 characters. Shorten it.")
    return name


def _id_parameter(table: Table, kind: Kind) -> str:
    if not kind.outcomes or kind.session_parameter:
        return kind.id_parameter
    name = table.text("id_parameter", kind.id_parameter or None)
    if name and (not PARAMETER.fullmatch(name) or name in OURS):
        table.add(
            "id_parameter",
            f"id_parameter is {name!r}. It is the name in the link before a person's id: letters, "
            f"digits and _, and none of {sorted(OURS)}.",
        )
    return name


def _service_study(table: Table) -> str:
    study = table.text("study_id", "")
    if study and not get("prolific").id_pattern.fullmatch(study):
        table.add(
            "study_id",
            f"study_id is {study!r}. Prolific's id of a study has 24 characters, 0-9 and a-f; "
            "it stands in the address of the study's page there.",
        )
    return study


def _codes(table: Table, kind: Kind) -> dict[Outcome, Exit]:
    """Completion codes, as the recruitment service shows them, by outcome."""
    codes = table.table("codes")
    found: dict[Outcome, Exit] = {}
    for outcome in kind.outcomes:
        code = _exit(codes, outcome)
        if not code:
            continue
        if not CODE.fullmatch(code):
            codes.add(
                outcome.value,
                f"the code for {outcome} is {code!r}. Copy it from the study's page on "
                f"{kind.label}: letters, digits, - and _.",
            )
        elif code in {other.code for other in found.values()}:
            codes.add(outcome.value, f"two outcomes have the code {code!r}. Give each its own.")
        else:
            found[outcome] = Exit(kind.address.format(code=code), code)
    codes.finish()
    return found


def _urls(table: Table, kind: Kind) -> dict[Outcome, Exit]:
    """Address templates by outcome."""
    if not kind.outcomes:
        return {}
    urls = table.table("urls")
    found: dict[Outcome, Exit] = {}
    for outcome in kind.outcomes:
        template = _exit(urls, outcome)
        needs_id = outcome is Outcome.COMPLETE and kind.key == "sona"
        problem = exit_addresses.problem_with(template, needs_id) if template else ""
        if problem:
            urls.add(outcome.value, f"the address for {outcome} {problem}: {template!r}.")
        elif template:
            found[outcome] = Exit(template)
    urls.finish()
    return found


def _exit(table: Table, outcome: Outcome) -> str:
    return table.text(outcome.value, None if outcome is Outcome.COMPLETE else "")
