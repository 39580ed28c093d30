"""The table [allocation] of a study file, also checked against the arms and the pages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Annotated

from annotated_types import Ge, Le, MinLen

from analysis.toml.document import Document
from analysis.toml.problems import TableProblems, did_you_mean
from analysis.toml.value_types import Count, OneOf, Words
from surveys import questionnaires
from surveys.allocation.drawing import METHODS
from surveys.allocation.strata import Stratum
from surveys.questionnaires.base import WRITTEN, Item
from surveys.questionnaires.reading import QuestionnaireError
from surveys.study_file import declaration, page_kinds

NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
DEFAULT_PLACES = 2000
MOST_PLACES = 100_000


@dataclass(frozen=True)
class StratumTable:
    """The table of a stratification factor, as written."""

    questionnaire: Words
    item: Words
    key: Words = ""
    cuts: tuple[int, ...] = ()
    levels: Mapping[str, Annotated[tuple[str | int, ...], MinLen(1)]] = field(default_factory=dict)


@dataclass(frozen=True)
class AllocationTable:
    """The table [allocation], as written."""

    block_multiples: tuple[Annotated[int, Ge(1), Le(20)], ...] = (1, 2)
    places: Annotated[int, Ge(1), Le(MOST_PLACES)] = DEFAULT_PLACES
    method: Annotated[str, OneOf(tuple(METHODS))] = "permuted_blocks"
    # With a probability of 1, the next arm would be predictable.
    probability: Annotated[float, Ge(0.5), Le(0.99)] = 0.8
    ratios: Mapping[str, Annotated[int, Ge(1), Le(20)]] = field(default_factory=dict)
    quotas: Mapping[str, Annotated[int, Ge(1), Le(MOST_PLACES)]] = field(default_factory=dict)
    strata: tuple[StratumTable, ...] = ()
    hold_minutes: Count = 60


def read_allocation(file: Document, table: AllocationTable, arms: int) -> declaration.Allocation:
    """Return the allocation. ``check_allocation`` checks what depends on other tables."""
    given, at = file.table("allocation"), TableProblems(file.problems, ("allocation",))
    # Keys without effect are refused, because their author expects an effect.
    if table.method != "permuted_blocks" and "block_multiples" in given:
        said = f"there are no blocks in {table.method!r}. Remove block_multiples."
        at.add("block_multiples", said, "method")
    if not table.block_multiples:
        at.add("block_multiples", "block_multiples is empty. List whole numbers from 1 to 20.")
    if table.method != "minimisation" and "probability" in given:
        said = f"{table.method!r} has no probability. Remove it."
        at.add("probability", said, "method")
    if table.places < arms:
        said = f"'places' in [allocation] is {table.places}. It must be at least {arms}."
        at.add("places", said)
    return declaration.Allocation(
        method=table.method,
        block_multiples=table.block_multiples,
        probability=table.probability,
        places=table.places,
        ratios=table.ratios,
        quotas=table.quotas,
        strata=_strata(table, file),
        hold_minutes=table.hold_minutes,
    )


def check_allocation(file: Document, study: declaration.StudyFile) -> None:
    """Report settings that do not fit the study's arms and pages."""
    at = TableProblems(file.problems, ("allocation",))
    plan, arms = study.allocation, [arm.key for arm in study.arms]
    for name in ("ratios", "quotas"):
        for key in sorted(getattr(plan, name).keys() - set(arms)):
            path = (*at.path, name, key)
            file.problems.add(path, f"{name} names {key!r}{did_you_mean(key, arms)}")
    total = sum(plan.quotas.get(key, 0) for key in arms)
    # The default number of places is only a limit, which quotas may stay below.
    is_given = "places" in file.table("allocation")
    if len(plan.quotas) == len(arms) and is_given and plan.places > total:
        at.add(
            "quotas",
            f"the quotas add up to {total}, but places is {plan.places}. Lower places, or raise "
            "the quotas.",
            "places",
        )
    for number, stratum in enumerate(plan.strata):
        path = (*at.path, "strata", number)
        named = [(*path, key) for key in ("questionnaire", "item", "levels", "cuts")]
        for problem in _stratum_problems(stratum, study):
            file.problems.add(path, problem, *named)
    _check_cells(at, study)


def _strata(table: AllocationTable, file: Document) -> tuple[Stratum, ...]:
    strata: list[Stratum] = []
    for number, entry in enumerate(table.strata):
        at = TableProblems(file.problems, ("allocation", "strata", number))
        stratum = _stratum(entry, at)
        if stratum.key in [earlier.key for earlier in strata]:
            at.add("key", f"two strata have the key {stratum.key!r}. Rename one.", "item")
        strata.append(stratum)
    return tuple(strata)


def _stratum(table: StratumTable, at: TableProblems) -> Stratum:
    key = table.key or table.item
    if not NAME.fullmatch(key):
        said = f"the key {key!r} must hold small letters, digits and _, 30 at most."
        at.add("key", said, "item")
    cuts = list(table.cuts)
    if cuts != sorted(set(cuts)):
        at.add("cuts", f"cuts is {cuts}. List each number once, the smallest first.")
    if table.cuts and table.levels:
        at.add("levels", "a stratum has cuts or levels. Remove one of the two.")
    levels = {name: tuple(map(str, answers)) for name, answers in table.levels.items()}
    return Stratum(key, table.questionnaire, table.item, table.cuts, levels)


def _stratum_problems(stratum: Stratum, study: declaration.StudyFile) -> list[str]:
    before = _asked_before(study)
    if stratum.questionnaire not in before:
        return [
            f"the stratum {stratum.key!r} needs an answer of {stratum.questionnaire!r}, which is "
            "not asked before the first page that differs between arms. "
            + (f"Asked before: {', '.join(before)}." if before else "Ask it before that page.")
        ]
    try:
        items = {item.id: item for item in questionnaires.get(stratum.questionnaire).items}
    except QuestionnaireError:
        return []  # reported at the part that asks it
    if stratum.item not in items:
        hint = did_you_mean(stratum.item, list(items))
        return [f"{stratum.questionnaire!r} has no item {stratum.item!r}{hint}"]
    return _answer_problems(stratum, items[stratum.item])


def _answer_problems(stratum: Stratum, item: Item) -> list[str]:
    if item.kind in (*WRITTEN, "multiple"):
        return [
            f"the item {item.id!r} takes free text or several answers ({item.kind}). Stratify by "
            "an item with a single answer from a list, or by a number."
        ]
    if stratum.cuts and not item.is_number:
        return [f"the answers to {item.id!r} are not numbers. Use levels instead of cuts."]
    listed = item.kind in ("scale", "choice")
    if not listed and not stratum.cuts:
        return [f"the item {item.id!r} takes any number. Add cuts, such as cuts = [30, 50]."]
    given = [answer for answers in stratum.levels.values() for answer in answers]
    unknown = sorted({answer for answer in given if not item.accepts(answer)})
    twice = sorted({answer for answer in given if given.count(answer) > 1})
    problems = [
        f"levels must list answers to {item.id!r} only. Remove from it: {', '.join(unknown)}."
    ] * bool(unknown)
    return problems + [
        f"each answer can be in only one of the levels. Listed more than once: {', '.join(twice)}."
    ] * bool(twice)


def _asked_before(study: declaration.StudyFile) -> list[str]:
    """Return the questionnaires before the first page that needs an arm."""
    keys: list[str] = []
    for step in study.steps:
        if page_kinds.needs_arm(step):
            break
        if step.questionnaire:
            keys.append(step.questionnaire)
    return keys


def _check_cells(at: TableProblems, study: declaration.StudyFile) -> None:
    """Report strata with too many cells, because blocks balance arms only within well-filled
    cells.
    """
    plan = study.allocation
    cells = prod(_levels_of(stratum) for stratum in plan.strata)
    block = sum(plan.ratios.get(arm.key, 1) for arm in study.arms)
    if plan.method == "permuted_blocks" and plan.strata and cells * block > plan.places:
        at.add(
            "strata",
            f"the strata make {cells} cells, and a block of each needs {block} people: more than "
            f'the {plan.places} places. Use fewer strata or levels, or method = "minimisation".',
        )


def _levels_of(stratum: Stratum) -> int:
    if stratum.levels:
        return len(stratum.levels)
    if stratum.cuts:
        return len(stratum.cuts) + 1
    try:
        items: Sequence[Item] = questionnaires.get(stratum.questionnaire).items
    except QuestionnaireError:
        return 1
    values: list[Mapping[str, str]] = [item.values for item in items if item.id == stratum.item]
    return max((len(value) for value in values), default=1)
