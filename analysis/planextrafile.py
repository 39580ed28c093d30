"""What is wrong with the tables of a plan that stand beside its outcomes."""

from collections.abc import Callable, Mapping
from typing import Any

from analysis.tomlclass import is_number

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


CHECKS: Mapping[str, Callable[[Document, Document], list[str]]] = {"bayes": _bayes}
