"""Words that study files used before a renaming, and today's words for them.

A stored study file is frozen by its hash, so the reader accepts the old words for good. This module
replaces them in the values of a whole file, so that two files can be compared.
"""

from collections.abc import Mapping
from typing import Any


def replaced(file: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a valid study file, with old words replaced by today's."""
    return _recruitment(_conditions(dict(file)))


def _conditions(file: dict[str, Any]) -> dict[str, Any]:
    """Replace the arms that a within-subjects file declared by conditions."""
    design: Mapping[str, Any] = file.get("design", {})
    if not design.get("within"):
        return file
    within = [_FACTOR.get(name, name) for name in design["within"]]
    parts = [_with_keys(part) for part in file.get("parts", [])]
    changed = {"design": {**design, "within": within}} | ({"parts": parts} if parts else {})
    return _with_keys(file | changed)


def _recruitment(file: dict[str, Any]) -> dict[str, Any]:
    """Replace the kind "panel", which is "service" today."""
    table: Mapping[str, Any] = file.get("recruitment", {})
    if table.get("kind") != "panel":
        return file
    return file | {"recruitment": {**table, "kind": "service"}}


_FACTOR = {"arm": "condition"}
_TABLE = {"arms": "conditions"}


def _with_keys(table: Mapping[str, Any]) -> dict[str, Any]:
    return {_TABLE.get(key, key): value for key, value in table.items()}
