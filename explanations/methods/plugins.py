"""Explanation methods of other packages, found by their entry points without importing torch.

A package declares, in its ``pyproject.toml``::

    [project.entry-points."explanation_studies.methods"]
    my_method = "my_package.entry:METHOD"

``METHOD`` is an entry of the catalogue (``explanations.catalogue.Method``) with the key
``my_method``, or a function without arguments that returns one. Its module is imported by the web
process and must not import torch; the method's class, which does, belongs into another module,
which ``path`` names.
"""

from collections.abc import Set
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

Entry = TypeVar("Entry")


def methods(group: str, kind: type[Entry], taken: Set[str]) -> tuple[list[Entry], dict[str, str]]:
    """Return the methods of installed packages, and by key a sentence for each that is left out.

    A faulty package must not keep the platform from starting, because running studies do not need
    it. Its method is unknown, and the message that says so contains the sentence.
    """
    found: dict[str, Entry] = {}
    faulty: dict[str, str] = {}
    for point in sorted(entry_points(group=group), key=lambda point: (point.name, _package(point))):
        if point.name in taken or point.name in found:
            faulty[f"{point.name} of {_package(point)}"] = (
                f"The package {_package(point)} declares the method {point.name!r}, whose key is "
                "taken. Its author must choose another key."
            )
            continue
        method, problem = _loaded(point, kind)
        if method is not None:
            found[point.name] = method
        else:
            faulty[point.name] = f"The package {_package(point)} declares it, but {problem}"
    return list(found.values()), faulty


def _loaded(point: EntryPoint, kind: type[Entry]) -> tuple[Entry | None, str]:
    try:
        value = point.load()
        value = value() if callable(value) else value
    except Exception as error:  # importing another package may raise anything
        words = " ".join(str(error).split())[:300].rstrip(".")
        return None, f"importing it raised {type(error).__name__}: {words}. Repair the package."
    if not isinstance(value, kind):
        return None, f"its entry point is a {type(value).__name__}, not a {kind.__name__}."
    key = getattr(value, "key", None)
    if key != point.name:
        return None, f"its method has the key {key!r}, which must be the entry point's name."
    return _of_package(value, _package(point)), ""


def _of_package(method: Entry, package: str) -> Entry:
    changed: Entry = replace(method, package=package)  # type: ignore[type-var]
    return changed


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unnamed package"
