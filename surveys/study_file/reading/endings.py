"""Checks of [[endings]]: each can be reached, and leads back to the recruitment service."""

import re

from analysis.toml.document import Document
from analysis.toml.problems import TableProblems
from surveys.study_file import exit_addresses
from surveys.study_file.declaration import StudyFile
from surveys.study_file.endings import Ending
from surveys.study_file.reading.branching import Asker, check_rules
from surveys.study_file.reading.recruitment import CODE
from surveys.study_file.recruitment import Outcome
from surveys.study_file.recruitment_kinds import get
from surveys.study_file.sessions import Session

WayOut = Ending | Session
KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")


def check_endings(file: Document, study: StudyFile) -> None:
    """Report endings that nobody can reach, that are declared twice, or without a way back."""
    keys: list[str] = []
    codes = {exit_.code for exit_ in study.recruitment.exits.values()} - {""}
    for number, ending in enumerate(study.endings):
        at = TableProblems(file.problems, ("endings", number))
        if ending.key and not KEY.fullmatch(ending.key):
            at.add(
                "key",
                f"key is {ending.key!r}. It appears in the data: use small letters, digits, - and "
                "_.",
            )
        if ending.key in keys:
            at.add("key", f"two endings have the key {ending.key!r}. Rename one.")
        keys.append(ending.key)
        asker = Asker(f"the ending {ending.key!r}")
        check_rules(TableProblems(file.problems, (*at.path, "when")), study, asker, ending.when)
        _check_reason(at, study, ending)
        check_way_back(at, study, ending, f"the ending {ending.key!r}", codes)
        codes.add(ending.code)


def _check_reason(at: TableProblems, study: StudyFile, ending: Ending) -> None:
    reasons = [name for name in ("when", "failed_attention", "failed_quizzes")
               if getattr(ending, name)]  # fmt: skip
    if len(reasons) != 1:
        at.add(
            "key",
            f"the ending {ending.key!r} comes by {' and '.join(reasons) or 'nothing'}. Write one "
            "of when, failed_attention and failed_quizzes.",
            "when",
        )
    fewest = {
        "failed_attention": min(
            (_checks(study, arm.key, "attention") for arm in study.arms), default=0
        ),
        "failed_quizzes": max((_checks(study, arm.key, "quiz") for arm in study.arms), default=0),
    }
    kinds = {"failed_attention": "attention", "failed_quizzes": "comprehension"}
    for name, number in fewest.items():
        asked = getattr(ending, name)
        if asked > number:
            at.add(
                name,
                f"{name} is {asked}, and an arm has {number} {kinds[name]} checks. Lower it, or "
                "add checks.",
            )


def _checks(study: StudyFile, arm: str, kind: str) -> int:
    """Count the checks of the kind in an arm. Two attempts at a quiz are one check."""
    steps = [step for step in study.steps_of(arm) if step.kind == kind]
    return len({(step.part, step.block, step.key if kind == "attention" else "") for step in steps})


def check_way_back(
    at: TableProblems, study: StudyFile, ending: WayOut, named: str, taken: set[str]
) -> None:
    """Report a code or URL that the recruitment service cannot use, or that is lacking."""
    kind = get(study.recruitment.kind)
    has_codes = bool(kind.address)
    wanted, other = ("code", "url") if has_codes else ("url", "code")
    if not kind.outcomes:
        wanted, other = "", "code" if ending.code else "url"
    if getattr(ending, other):
        cure = f"Use {wanted}" if wanted else "Remove it"
        at.add(
            other,
            f"{named} has a {other}, and recruitment of the kind {kind.key!r} has none. {cure}.",
        )
        return
    if not wanted:
        return
    value = getattr(ending, wanted)
    if not value:
        fallback = Outcome.SCREENED_OUT if isinstance(ending, Ending) else None
        if fallback not in study.recruitment.exits:
            at.add(
                "key",
                f"{named} has no way back to the recruitment service. Add "
                f"{wanted}{f', or screened_out to [recruitment.{wanted}s]' if fallback else ''}.",
            )
    elif has_codes and not CODE.fullmatch(value):
        at.add(
            "code",
            f"the code of {named} is {value!r}. Copy it from the study's page "
            f"on {kind.label}: letters, digits, - and _.",
        )
    elif has_codes and value in taken:
        at.add(
            "code",
            f"the code {value!r} of {named} is that of another end. Give each "
            "its own, by which the service tells them apart.",
        )
    elif not has_codes and (problem := exit_addresses.problem_with(value)):
        at.add("url", f"the url of {named} {problem}: {value!r}.")
