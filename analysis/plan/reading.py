"""Reading of plan.toml as a Plan, with all problems reported at once and with their lines."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.errors import PlanError
from analysis.plan import old_words
from analysis.plan.plan import KINDS, Plan
from analysis.plan.problems import check_plan
from analysis.toml import document as toml
from analysis.toml.positions import Path as Place
from analysis.toml.problems import FileProblemsError, Problem, Problems
from analysis.toml.typed import read_as

__all__ = [
    "PlanFile",
    "judge_plan",
    "parse_plan",
    "plan_hash",
    "read_document",
    "read_plan",
    "read_plan_file",
]


@dataclass(frozen=True)
class PlanFile:
    """A plan as plain tables, with the lines of its problems.

    ``lines`` is empty for a plan that was stored as JSON. ``mistakes`` contains the values that are
    not valid TOML. ``name`` is the name of the file, or empty for a plan without a file.
    """

    document: dict[str, Any]
    lines: Mapping[Place, int] = field(default_factory=dict)
    mistakes: Problems = field(default_factory=Problems)
    name: str = ""

    def plan(self) -> Plan:
        """Return the plan, or raise PlanError with every problem that the file alone can show."""
        problems = deepcopy(self.mistakes)
        plan = judge_plan(self.document, problems)
        self.raise_problems(problems)
        return plan

    def told(self, problems: Iterable[Problem]) -> list[str]:
        """Return the sentences of these problems with the name of the file and their lines."""
        collected = Problems()
        for path, sentence in problems:
            collected.add(old_words.path_as_written(path, self.document), sentence)
        return _in_file(self.name, collected.sentences(self.lines))

    def raise_problems(self, problems: Problems) -> None:
        """Raise PlanError if there is any problem, each with its line."""
        if problems:
            listed = _in_file(self.name, problems.sentences(self.lines))
            raise PlanError(listed, tuple(problems))


def _in_file(name: str, sentences: Sequence[str]) -> list[str]:
    """Return the sentences with the name of the file before their lines."""
    if not name:
        return list(sentences)
    return [f"{name}{', ' if text.startswith('line ') else ': '}{text}" for text in sentences]


def read_plan(path: Path) -> Plan:
    """Return the plan in the file, or raise PlanError with every problem that the file can show."""
    return read_plan_file(path).plan()


def read_document(path: Path) -> dict[str, Any]:
    """Return the plan in the file as plain tables, or raise PlanError if it is not valid."""
    file = read_plan_file(path)
    file.plan()
    return file.document


def read_plan_file(path: Path) -> PlanFile:
    """Return the plan of a plan file, of a study file, or of a registered.json."""
    try:
        text = path.read_text(encoding="utf-8")
        file = _from_json(text) if path.suffix == ".json" else _from_toml(text)
    except FileNotFoundError as error:
        raise PlanError(
            [f"{path.name} does not exist. Write this file, or name another with --plan."]
        ) from error
    except FileProblemsError as error:
        raise PlanError(_in_file(path.name, error.problems)) from error
    except (ValueError, RecursionError) as error:
        kind, cure = (
            ("JSON", "Make it again with manage.py preregister.")
            if path.suffix == ".json"
            else ("UTF-8 text", "Save the file as UTF-8.")
        )
        raise PlanError([f"{path.name} cannot be read as {kind} ({error}). {cure}"]) from error
    if not isinstance(file.document, dict):
        raise PlanError(
            [f"{path.name} must contain a table with a plan's keys. Name another file."]
        )
    return _of_study(replace(file, name=path.name))


def _from_json(text: str) -> PlanFile:
    return PlanFile(json.loads(text))


def _from_toml(text: str) -> PlanFile:
    document = toml.read(text, "The plan", FileProblemsError)
    return PlanFile(document.values, document.lines, document.problems)


def _of_study(file: PlanFile) -> PlanFile:
    """Return the plan in the table [analysis] of a study file, or any other file unchanged."""
    document = file.document
    if "outcomes" in document or not isinstance(document.get("analysis"), dict):
        return file
    file.raise_problems(file.mistakes)
    if "conditions" in document and "arms" not in document["analysis"]:
        said = (
            "the study has a within-subjects design, so its arms are orders of its conditions, "
            "which the study file does not list. Analyse the plan.toml of its export."
        )
        raise PlanError(_in_file(file.name, [said]))
    arms = list(dict.fromkeys(arm["key"] for arm in document.get("arms", []) if "key" in arm))
    plan = {"title": document.get("title", ""), "arms": arms, **document["analysis"]}
    inside = {path[1:]: line for path, line in file.lines.items() if path[0] == "analysis"}
    return replace(file, document=plan, lines=inside)


def plan_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the plan's content, independent of key order, spacing and comments.

    The table [preregistration] is excluded, because its address is known only afterwards.
    """
    said = {key: value for key, value in document.items() if key != "preregistration"}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def parse_plan(document: Mapping[str, Any]) -> Plan:
    """Return the plan that the parsed TOML describes, or raise PlanError with every problem."""
    return PlanFile(dict(document)).plan()


def judge_plan(document: Mapping[str, Any], problems: Problems) -> Plan:
    """Return the plan as far as it can be read, and report every problem of it."""
    if not old_words.RENAMED.keys() & document.keys():
        return _judge(document, problems)
    # Rules use today's keys, but each problem is reported at the key that the file has.
    today = Problems()
    for path in problems.faults_below(()):
        today.fault(old_words.path_today(path))
    for key, sentence in old_words.doubled(document):
        today.add((key,), sentence)
    plan = _judge(old_words.replaced(document), today)
    for path, sentence in today:
        problems.add(old_words.path_as_written(path, document), sentence)
    for path in today.faults_below(()):
        problems.fault(old_words.path_as_written(path, document))
    return plan


def _judge(document: Mapping[str, Any], problems: Problems) -> Plan:
    outcomes = document.get("outcomes")
    if isinstance(outcomes, list):
        document = {**document, "outcomes": [_with_defaults(entry) for entry in outcomes]}
    arms = document.get("arms")
    # With a single arm there is nothing to compare it with, so it need not be named twice.
    alone = {"control": arms[0]} if isinstance(arms, list) and len(arms) == 1 else {}
    plan = read_as(Plan, {"title": "", **alone, **document}, problems)
    check_plan(plan, problems)
    return plan


def _with_defaults(entry: Any) -> Any:
    """Add the default population of the outcome's kind if the outcome declares none."""
    if not isinstance(entry, dict):
        return entry
    populations = {kind.key: kind.population for kind in KINDS}
    kind = entry.get("kind")
    known = isinstance(kind, str) and kind in populations
    return {"population": populations[str(kind)], **entry} if known else entry
