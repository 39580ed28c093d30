"""The analysis plan of a study as plan.toml, which run_analysis reads."""

import json
from collections.abc import Mapping
from typing import Any

from analysis.plan.catalogues.signal_rules import PROGRAM_RULES
from surveys.study_file.declaration import StudyFile


def plan_of(study: StudyFile) -> dict[str, Any]:
    """Return the study's [analysis] table with the title, and with the arms if it names none.

    A study that counts how answers come about has the section on it in its report.
    """
    arms = list(dict.fromkeys(arm.key for arm in study.arms))
    signals = {"signals": {"rules": _rules(study)}} if study.signals.count else {}
    return {"title": study.title, "arms": arms, **signals, **study.analysis}


def _rules(study: StudyFile) -> list[str]:
    """Return the rules that find programs, without those that the pages give nothing to count."""
    absent = set() if study.signals.hides_instruction else {"hidden"}
    if not any(step.kind == "perception" for step in study.steps):
        absent.add("perception")
    return [key for key in PROGRAM_RULES if key not in absent]


def toml_text(document: Mapping[str, Any]) -> str:
    """Return the document as TOML: plain values, lists of them, and lists of tables of them.

    Raises TypeError for any other value, such as a date, which plans do not contain.
    """
    tables = {key: value for key, value in document.items() if _is_tables(value)}
    lines = [_line(key, value) for key, value in document.items() if key not in tables]
    for key, entries in tables.items():
        for entry in entries:
            lines += ["", f"[[{_key(key)}]]"]
            lines += [_line(name, value) for name, value in entry.items()]
    return "\n".join(lines) + "\n"


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _line(key: str, value: object) -> str:
    return f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    return key if key.replace("-", "_").isidentifier() and key.isascii() else _value(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        inside = ", ".join(_line(key, entry) for key, entry in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    raise TypeError(f"{value!r} is not a text, number, list or table.")
