"""From plan.toml to a Plan: everything wrong in it is said at once."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.errors import PlanError
from analysis.plan.plan import KINDS, Plan
from analysis.plan.problems import plan_problems
from analysis.plan.typed_toml import build

__all__ = [
    "parse_plan",
    "plan_hash",
    "read_document",
    "read_plan",
]


def read_plan(path: Path) -> Plan:
    """The plan in the file; raises PlanError with every problem that the file alone can show."""
    return parse_plan(read_document(path))


def read_document(path: Path) -> dict[str, Any]:
    """The plan as plain tables: of a plan file, of a study file, or of a registered.json."""
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError as error:
        raise PlanError([f"{path.name} does not exist. Write it, or use --plan."]) from error
    except (ValueError, UnicodeDecodeError) as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise PlanError([f"{path.name} is not a {kind} file: {error}."]) from error
    if not isinstance(document, dict):
        raise PlanError([f"{path.name} must hold a table of a plan's keys."])
    if "outcomes" in document or not isinstance(document.get("analysis"), dict):
        return document
    arms = list(dict.fromkeys(arm["key"] for arm in document.get("arms", []) if "key" in arm))
    return {"title": document.get("title", ""), "arms": arms, **document["analysis"]}


def plan_hash(document: Mapping[str, Any]) -> str:
    """SHA-256 of what the plan says: the same for another order of keys, spacing or comments.

    The table [preregistration] is left out, since its address is known only afterwards.
    """
    said = {key: value for key, value in document.items() if key != "preregistration"}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def parse_plan(document: Mapping[str, Any]) -> Plan:
    """The plan that the parsed TOML describes, or PlanError."""
    problems = plan_problems(document)
    if problems:
        raise PlanError(problems)
    outcomes = [_with_defaults(entry) for entry in document["outcomes"]]
    return build(Plan, {"title": "", **document, "outcomes": outcomes})


def _with_defaults(entry: Mapping[str, Any]) -> dict[str, Any]:
    kind = next(kind for kind in KINDS if kind.key == entry["kind"])
    return {"population": kind.population, **entry}
