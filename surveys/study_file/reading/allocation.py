"""Reads [allocation] of a study file, and checks it against the arms and the pages."""

import re
from collections.abc import Mapping, Sequence
from math import prod

from analysis.toml.problems import did_you_mean
from analysis.toml.table import Table
from surveys import questionnaires
from surveys.allocation.drawing import METHODS
from surveys.allocation.strata import Stratum
from surveys.questionnaires.base import WRITTEN, Item
from surveys.questionnaires.reading import QuestionnaireError
from surveys.study_file import declaration, page_kinds

NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
DEFAULT_PLACES = 2000
MOST_PLACES = 100_000
MOST_MULTIPLE = 20
MOST_RATIO = 20
PROBABILITIES = (0.5, 0.99)


def read_allocation(table: Table, arms: int) -> declaration.Allocation:
    """The table's values; what hangs on other tables is checked by ``check_allocation``."""
    method = table.text("method", "permuted_blocks")
    if method not in METHODS:
        table.add("method", f"unknown method {method!r}{did_you_mean(method, list(METHODS))}")
        method = "permuted_blocks"
    found = declaration.Allocation(
        method=method,
        block_multiples=_multiples(table, method),
        probability=_probability(table, method),
        places=_places(table, arms),
        ratios=_counts(table, "ratios", MOST_RATIO),
        quotas=_counts(table, "quotas", MOST_PLACES),
        strata=_strata(table),
        hold_minutes=table.integer("hold_minutes", 60),
    )
    table.finish()
    return found


def check_allocation(table: Table, study: declaration.StudyFile) -> None:
    """Report to the table of [allocation] what does not fit the study's arms and pages."""
    plan, arms = study.allocation, [arm.key for arm in study.arms]
    for name in ("ratios", "quotas"):
        for key in sorted(getattr(plan, name).keys() - set(arms)):
            table.add(name, f"{name} names {key!r}{did_you_mean(key, arms)}")
    total = sum(plan.quotas.get(key, 0) for key in arms)
    if len(plan.quotas) == len(arms) and "places" in table.values and plan.places > total:
        table.add(
            "quotas",
            f"the quotas add up to {total}, and places is {plan.places}. Lower places, or raise "
            "the quotas.",
        )
    for number, stratum in enumerate(plan.strata):
        for problem in _stratum_problems(stratum, study):
            table.problems.add((*table.path, "strata", number), problem)
    _check_cells(table, study)


def _multiples(table: Table, method: str) -> tuple[int, ...]:
    if method != "permuted_blocks" and "block_multiples" in table.values:
        table.add("block_multiples", f"there are no blocks in {method!r}. Remove block_multiples.")
    multiples = table.list_of("block_multiples", int, [1, 2])
    if not multiples or min(multiples) < 1 or max(multiples) > MOST_MULTIPLE:
        table.add(
            "block_multiples",
            f"block_multiples is {multiples}. List whole numbers from 1 to {MOST_MULTIPLE}: a "
            "block holds each arm that many times.",
        )
    return tuple(multiples)


def _probability(table: Table, method: str) -> float:
    probability = table.number("probability", 0.8)
    if method != "minimisation" and "probability" in table.values:
        table.add("probability", f"{method!r} has no probability. Remove it.")
    elif not PROBABILITIES[0] <= probability <= PROBABILITIES[1]:
        table.add(
            "probability",
            f"probability is {probability:g}. It must be from 0.5, which follows the balance "
            "weakly, to 0.99: with 1 the next arm could be foretold.",
        )
    return probability


def _places(table: Table, arms: int) -> int:
    places = table.integer("places", DEFAULT_PLACES, minimum=max(arms, 1))
    if places > MOST_PLACES:
        table.add("places", f"places is {places}. At most {MOST_PLACES} people are allocated.")
    return places


def _counts(table: Table, key: str, most: int) -> dict[str, int]:
    """Whole numbers from 1 by arm."""
    found = {}
    for arm, count in table.mapping(key, {}).items():
        if type(count) is not int or not 1 <= count <= most:
            table.add(key, f"{key} of {arm!r} is {count!r}. It must be from 1 to {most}.")
        else:
            found[arm] = count
    return found


def _strata(table: Table) -> tuple[Stratum, ...]:
    found = [_stratum(entry) for entry in table.tables("strata", [])]
    for number, stratum in enumerate(found):
        if stratum.key in [earlier.key for earlier in found[:number]]:
            place = (*table.path, "strata", number, "key")
            table.problems.add(place, f"two strata have the key {stratum.key!r}. Rename one.")
    return tuple(found)


def _stratum(table: Table) -> Stratum:
    questionnaire, item = table.text("questionnaire"), table.text("item")
    key = table.text("key", item)
    if key and not NAME.fullmatch(key):
        table.add("key", f"the key {key!r} must hold small letters, digits and _, 30 at most.")
    cuts = table.list_of("cuts", int, [])
    if cuts != sorted(set(cuts)):
        table.add("cuts", f"cuts is {cuts}. List each number once, the smallest first.")
    levels = _levels(table)
    if cuts and levels:
        table.add("levels", "a stratum has cuts or levels. Remove one of the two.")
    table.finish()
    return Stratum(key, questionnaire, item, tuple(cuts), levels)


def _levels(table: Table) -> dict[str, tuple[str, ...]]:
    levels = {}
    for name, answers in table.mapping("levels", {}).items():
        if not isinstance(answers, list) or not answers:
            table.add("levels", f"the level {name!r} is {answers!r}. List its answers in [ ].")
        else:
            levels[name] = tuple(str(answer) for answer in answers)
    return levels


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
        return []  # reported where it is asked
    if stratum.item not in items:
        hint = did_you_mean(stratum.item, list(items))
        return [f"{stratum.questionnaire!r} has no item {stratum.item!r}{hint}"]
    return _answer_problems(stratum, items[stratum.item])


def _answer_problems(stratum: Stratum, item: Item) -> list[str]:
    if item.kind in (*WRITTEN, "multiple"):
        return [
            f"the item {item.id!r} is answered freely or several times ({item.kind}). Stratify by "
            "an item with one answer of a list, or by a number."
        ]
    if stratum.cuts and not item.is_number:
        return [f"the answers to {item.id!r} are no numbers. Use levels in place of cuts."]
    listed = item.kind in ("scale", "choice")
    if not listed and not stratum.cuts:
        return [f"the item {item.id!r} takes any number. Add cuts, such as cuts = [30, 50]."]
    given = [answer for answers in stratum.levels.values() for answer in answers]
    unknown = sorted({answer for answer in given if not item.accepts(answer)})
    twice = sorted({answer for answer in given if given.count(answer) > 1})
    problems = [f"{item.id!r} has no answers {unknown}. Remove them from levels."] * bool(unknown)
    return problems + [f"the answers {twice} stand in two levels. Keep each in one."] * bool(twice)


def _asked_before(study: declaration.StudyFile) -> list[str]:
    """The questionnaires before the first page that needs an arm."""
    found: list[str] = []
    for step in study.steps:
        if page_kinds.needs_arm(step):
            break
        if step.questionnaire:
            found.append(step.questionnaire)
    return found


def _check_cells(table: Table, study: declaration.StudyFile) -> None:
    """Blocks balance arms in each cell of the strata: with too few people in each, nowhere."""
    plan = study.allocation
    cells = prod(_levels_of(stratum) for stratum in plan.strata)
    block = sum(plan.ratios.get(arm.key, 1) for arm in study.arms)
    if plan.method == "permuted_blocks" and plan.strata and cells * block > plan.places:
        table.add(
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
