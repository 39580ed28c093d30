"""The reference of results.json, from its JSON Schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.reproduction.results_schema import build_schema
from explanations.documents.markdown import table
from studyplatform.reference.markdown import code, page


def write() -> str:
    """Return the page of the objects in results.json, and the keys of each."""
    written = build_schema()
    named = written["$defs"]
    return page(
        "Keys of results.json",
        "Every number of a report is in its `results.json`. The file is an object "
        f"{code(_name(written['$ref']))}; its JSON Schema lies in the analysis package.",
        *(block for name, one in named.items() for block in _object(name, one)),
    )


def _object(name: str, described: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {name}"
    yield " ".join(str(described.get("description", "")).split()).replace("``", "`")
    properties = described.get("properties", {})
    yield table(("key", "value"), ((code(key), _kind(value)) for key, value in properties.items()))


def _kind(value: Mapping[str, Any]) -> str:
    """Return the kind of a value in words, with links to the objects of this page."""
    if "$ref" in value:
        name = _name(value["$ref"])
        return f"[{name}](#{name.lower()})"
    for key in ("anyOf", "oneOf"):
        if key in value:
            return " or ".join(dict.fromkeys(_kind(one) for one in value[key]))
    if "enum" in value:
        return ", ".join(code(str(one)) for one in value["enum"])
    if "const" in value:
        return code(str(value["const"]))
    kind = value.get("type", "anything")
    if kind == "array" and isinstance(value.get("items"), dict):
        return f"list of {_kind(value['items'])}"
    if kind == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"object of {_kind(value['additionalProperties'])}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]
