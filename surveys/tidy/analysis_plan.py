"""The analysis plan as run_analysis reads it: plan.toml."""

import json
from collections.abc import Mapping
from typing import Any

from surveys.study_file.declaration import StudyFile


def plan_of(study: StudyFile) -> dict[str, Any]:
    """The study's [analysis], with the study's title, and its arms where the table names none."""
    arms = list(dict.fromkeys(arm.key for arm in study.arms))
    return {"title": study.title, "arms": arms, **study.analysis}


def toml_text(document: Mapping[str, Any]) -> str:
    """TOML of a table that holds plain values, lists of them, and lists of tables of them.

    Raises TypeError for anything else, such as a date: plans have none.
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
    raise TypeError(f"{value!r} is neither text, number, list nor table.")
