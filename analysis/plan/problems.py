"""What is wrong with the tables of a plan that stand beside its outcomes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from analysis.plan.plan import ANALYSES, EXPLORATORY, KINDS, MEASURES, RULES, Outcome, Plan
from analysis.plan.tables import MISSING_KINDS, Exclusion
from analysis.plan.typed_toml import is_number, is_whole, problems_in, suggest

Document = Mapping[str, Any]


def extra_problems(document: Document) -> list[str]:
    """What the file alone can show, beyond the types of the values."""
    return [
        problem
        for key, check in CHECKS.items()
        if isinstance(document.get(key), dict)
        for problem in check(document[key], document)
    ]


def _bayes(table: Document, document: Document) -> list[str]:
    scale = table.get("scale", 1)
    if is_number(scale) and scale <= 0:
        return [f"bayes: scale must be above 0, got {scale!r}."]
    return []


def _mediation(table: Document, document: Document) -> list[str]:
    mediators = table.get("mediators")
    mediators = mediators if isinstance(mediators, list) else []
    problems = []
    if "mediators" in table and not 1 <= len(mediators) <= 3:
        problems.append(f"mediation: name one to three mediators, got {mediators}.")
    named = [one for one in [table.get("outcome"), *mediators] if isinstance(one, str)]
    problems += _unknown("mediation", named, document)
    if len(set(named)) < len(named):
        problems.append(f"mediation: {named} names an outcome twice. Remove one.")
    runs = table.get("runs", 5000)
    if is_whole(runs) and not 200 <= runs <= 100_000:
        problems.append(f"mediation: runs must be 200 to 100000, got {runs}.")
    return problems


def _multiverse(table: Document, document: Document) -> list[str]:
    outcomes = table.get("outcomes", [])
    named = [one for one in outcomes if isinstance(one, str)] if isinstance(outcomes, list) else []
    problems = _unknown("multiverse", named, document)
    shares = table.get("min_answered", [])
    shares = shares if isinstance(shares, list) else []
    if any(is_number(one) and not 0 < one <= 1 for one in shares):
        problems.append(f"multiverse: min_answered must be above 0 and at most 1, got {shares}.")
    return problems


def _meeting(table: Document, document: Document) -> list[str]:
    outcomes = table.get("outcomes", [])
    named = [one for one in outcomes if isinstance(one, str)] if isinstance(outcomes, list) else []
    problems = _unknown("meeting", named, document)
    if table.get("measures") == []:
        problems.append("meeting: measures names none. Name some, or leave it out.")
    return problems


def _unknown(name: str, keys: list[str], document: Document) -> list[str]:
    outcomes = document.get("outcomes", [])
    known = [one.get("key") for one in outcomes if isinstance(one, dict)]
    unknown = [key for key in keys if key not in known]
    return [f"{name}: {unknown} are not keys of outcomes {known}. Name some."] if unknown else []


CHECKS: Mapping[str, Callable[[Document, Document], list[str]]] = {
    "bayes": _bayes,
    "mediation": _mediation,
    "multiverse": _multiverse,
    "meeting": _meeting,
}


KEY = re.compile(r"[a-z][a-z0-9_-]{0,60}")
SCORE_COLUMNS = ("participant", "arm", "state", "simulated")  # of scores.csv, besides the outcomes


def plan_problems(document: Mapping[str, Any]) -> list[str]:
    entry = {"title": "", **document}
    problems = _top_problems(entry) + _arm_problems(document)
    outcomes = document.get("outcomes", [])
    if not _tables(outcomes):
        problems.append("outcomes must be one or more [[outcomes]] tables.")
    else:
        problems += _repeated("outcome", outcomes)
        problems += [line for one in outcomes for line in _outcome_problems(one)]
        problems += [line for one in outcomes for line in _asked_problems(one, document)]
    problems += extra_problems(document)
    source = document.get("source")
    problems += _kind_problems(source) if isinstance(source, dict) else []
    for key, check in (("exclusions", _exclusion_problems), ("contrasts", _contrast_problems)):
        entries = document.get(key, [])
        if _tables(entries):
            problems += _repeated(key.removesuffix("s"), entries)
            problems += [line for one in entries for line in check(one, document)]
    return problems


def _top_problems(entry: Mapping[str, Any]) -> list[str]:
    """All keys of the plan but its outcomes and what depends on several keys."""
    problems = [
        problem
        for problem in problems_in(Plan, {**entry, "outcomes": []}, "the plan")
        if not problem.startswith(("the plan: arms", "the plan: alpha", "the plan: title"))
    ]
    if "outcomes" not in entry:
        problems.append("the plan lacks 'outcomes'. Add it.")
    alpha = entry.get("alpha", 0.05)
    if not isinstance(alpha, float) or not 0 < alpha < 0.5:
        problems.append(f"alpha must be a number above 0 and below 0.5, got {alpha!r}.")
    if not isinstance(entry["title"], str):
        problems.append(f"title must be text, got {entry['title']!r}.")
    goal = entry.get("sample_goal")
    if isinstance(goal, dict) and ("d" in goal) == ("f" in goal):
        problems.append("sample_goal needs one effect, d or f.")
    return problems


def _arm_problems(document: Mapping[str, Any]) -> list[str]:
    arms = document.get("arms", [])
    texts = isinstance(arms, list) and all(isinstance(arm, str) and arm for arm in arms)
    if not texts or len(arms) < 2 or len(set(arms)) < len(arms):
        return [f"arms must list two or more different arm keys, got {arms!r}."]
    return [
        f"{key} {document[key]!r} is not among the arms {arms}. Name one."
        for key in ("control", "ai_only", "human_alone")
        if key in document and document[key] not in arms
    ]


def _outcome_problems(entry: Mapping[str, Any]) -> list[str]:
    name = f"outcome {entry.get('key', '(without key)')!r}"
    problems = problems_in(Outcome, entry, name) + _key_problems(name, entry)
    problems += _unlisted(name, entry, "kind", [kind.key for kind in KINDS])
    problems += _unlisted(name, entry, "analysis", [analysis.key for analysis in ANALYSES])
    problems += _unlisted(name, entry, "fallback", [analysis.key for analysis in ANALYSES])
    problems += _unlisted(name, entry, "measure", [measure.key for measure in MEASURES])
    needs = [("kind", kind.key, kind.needs) for kind in KINDS]
    needs += [("analysis", analysis.key, analysis.needs) for analysis in ANALYSES]
    problems += [
        f"{name}: {what} {key!r} needs {field!r}. Add it."
        for what, key, fields_needed in needs
        if entry.get(what) == key
        for field in fields_needed
        if field not in entry
    ]
    share = entry.get("min_answered", 1)
    if is_number(share) and not 0 < share <= 1:
        problems.append(f"{name}: min_answered must be above 0 and at most 1, got {share!r}.")
    effect = entry.get("smallest_effect", 1)
    if is_number(effect) and effect <= 0:
        problems.append(f"{name}: smallest_effect must be above 0, got {effect!r}.")
    strays = set(_list(entry, "slopes")) - set(_list(entry, "random") or Outcome.random)
    if strays:
        problems.append(f"{name}: slopes {sorted(strays)} are not among the random factors. Add.")
    if "fallback" in entry and entry["fallback"] == entry.get("analysis"):
        problems.append(f"{name}: the fallback is the analysis itself. Name another.")
    if entry.get("role") != EXPLORATORY and entry.get("family") == EXPLORATORY:
        problems.append(f"{name}: the family {EXPLORATORY!r} needs role = {EXPLORATORY!r}.")
    return problems


def _asked_problems(entry: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    name = f"outcome {entry.get('key', '(without key)')!r}"
    asked, arms = entry.get("asked_in", []), document.get("arms", [])
    if not asked or not isinstance(asked, list):
        return []
    unknown = [arm for arm in asked if arm not in arms]
    if unknown:
        return [f"{name}: asked_in names {unknown}, not among the arms {arms}. Name arms of them."]
    if document.get("control") not in asked or len(set(asked)) < 2:
        return [
            f"{name}: asked_in must hold the control {document.get('control')!r} and another arm, "
            f"to compare them, got {asked}."
        ]
    return []


def _kind_problems(source: Mapping[str, Any]) -> list[str]:
    """Codes of missing cells must name one of the three kinds."""
    items = source.get("items", [])
    named = [
        ("source", source),
        *((f"source, item {i.get('item')!r}", i) for i in items if _tables([i])),
    ]
    return [
        f"{name}: missing {cell!r} = {kind!r} is none of {list(MISSING_KINDS)}."
        for name, entry in named
        if isinstance(entry.get("missing", {}), dict)
        for cell, kind in entry.get("missing", {}).items()
        if kind not in MISSING_KINDS
    ]


def _exclusion_problems(entry: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    name = f"exclusion {entry.get('key', '(without key)')!r}"
    problems = _key_problems(name, entry)
    problems += _unlisted(name, entry, "rule", [rule.key for rule in RULES])
    rule = next((rule for rule in RULES if rule.key == entry.get("rule")), None)
    if rule is None:
        return problems
    problems += [
        f"{name}: rule {rule.key!r} needs {field!r}. Add it."
        for field in rule.needs
        if field not in entry
    ]
    conditions = ("below", "above", "equals", "other_than", "differs_from")
    given = [key for key in conditions if key in entry]
    if {"column", "item"} & set(rule.needs) and len(given) != 1:
        problems.append(f"{name}: give one of {list(conditions)}, got {given or 'none'}.")
    allowed = {*rule.needs, "key", "label", "rule", "scope", "at_least", "alike"}
    idle = [field.name for field in fields(Exclusion) if field.name in entry]
    idle = [key for key in idle if key not in allowed and key not in given]
    if idle:
        problems.append(f"{name}: the rule {rule.key!r} has no use for {idle}. Remove them.")
    return problems


def _contrast_problems(entry: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    name = f"contrast {entry.get('key', '(without key)')!r}"
    weights = entry.get("weights", {})
    if not isinstance(weights, dict) or not all(is_number(one) for one in weights.values()):
        return []  # said already
    problems = []
    unknown = [arm for arm in weights if arm not in document.get("arms", [])]
    if unknown:
        problems.append(f"{name}: {unknown} are not among the arms. Name arms of the plan.")
    if sum(bool(weight) for weight in weights.values()) < 2 or abs(sum(weights.values())) > 1e-9:
        problems.append(f"{name}: the weights must sum to 0 over two or more arms, got {weights}.")
    return problems


def _key_problems(name: str, entry: Mapping[str, Any]) -> list[str]:
    """A key becomes a column of scores.csv and a part of file names."""
    key = entry.get("key")
    if not isinstance(key, str) or (KEY.fullmatch(key) and key not in SCORE_COLUMNS):
        return []
    return [
        f"{name}: the key must be small letters, digits, _ and -, start with a letter, and be none "
        f"of {list(SCORE_COLUMNS)}. Rename it."
    ]


def _repeated(what: str, entries: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = [entry.get("key") for entry in entries]
    repeated = sorted({str(key) for key in keys if keys.count(key) > 1 and key is not None})
    if not repeated:
        return []
    return [f"the {what} keys {repeated} stand more than once. Rename one of each."]


def _unlisted(name: str, entry: Mapping[str, Any], key: str, known: Sequence[str]) -> list[str]:
    value = entry.get(key)
    if value is None or value in known:
        return []
    return [f"{name}: unknown {key} {value!r}{suggest(str(value), known)}. Known: {list(known)}."]


def _list(entry: Mapping[str, Any], key: str) -> list[str]:
    value = entry.get(key, [])
    return value if isinstance(value, list) and all(isinstance(one, str) for one in value) else []


def _tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(e, dict) for e in value)
