"""JSON Schema of results.json, generated from the result classes so that it cannot fall behind.

It ships as analysis/reproduction/results.schema.json and is part of every bundle. After a change of
a result class, run: python -m analysis.reproduction.results_schema
"""

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from jsonschema import Draft202012Validator

from analysis.errors import ReportError
from analysis.outcomes.finding import OutcomeFinding
from analysis.plan.catalogues.optional_sections import OPTIONAL_SECTIONS
from analysis.plan.plan import ANALYSES, resolve
from analysis.results import SCHEMA, Results

FILE = Path(__file__).with_name("results.schema.json")
PLAIN: Mapping[Any, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}
Entry = dict[str, Any]


def build_schema() -> Entry:
    """Return the schema of the output of results.to_json: every key, required, and no other."""
    definitions: Entry = {}
    root = _schema_of(Results, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"results.json of an explanation study, version {SCHEMA}",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """Return the text of the schema file."""
    return json.dumps(build_schema(), indent=1, ensure_ascii=False) + "\n"


def validate(document: Entry) -> None:
    """Check the document against the shipped schema. Raises ReportError with every violation."""
    problems = [
        f"results.json, {'/'.join(map(str, error.absolute_path)) or 'top'}: {error.message[:200]}"
        for error in _validator().iter_errors(document)
    ]
    if problems:
        raise ReportError(problems)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(FILE.read_text(encoding="utf-8")))


def _schema_of(hint: Any, definitions: Entry) -> Entry:
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    if hint is Any:
        return {}
    if hint is OutcomeFinding:
        return {"anyOf": [_schema_of(one, definitions) for one in _finding_classes()]}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema_of(one, definitions) for one in arguments]}
    if origin is tuple:
        return {"type": "array", "items": _schema_of(arguments[0], definitions)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema_of(arguments[1], definitions)}
    if is_dataclass(hint) and isinstance(hint, type):
        return _reference(hint, definitions)
    raise TypeError(f"results.json cannot contain {hint!r}: it has no JSON Schema.")


def _reference(cls: type, definitions: Entry) -> Entry:
    """Return a reference to a dataclass, defined before its fields so that classes may nest."""
    if cls.__name__ not in definitions:
        definitions[cls.__name__] = {}
        hints = get_type_hints(cls)
        names = [one.name for one in fields(cls)]
        properties = {name: _schema_of(hints[name], definitions) for name in names}
        if cls is Results:
            properties["optional_sections"] = _optional(definitions)
        definitions[cls.__name__] = {
            "description": " ".join((cls.__doc__ or "").split()),
            **_object(properties, names),
        }
    return {"$ref": f"#/$defs/{cls.__name__}"}


def _optional(definitions: Entry) -> Entry:
    """Return the optional sections by key; none of them is required."""
    found = {one.key: get_type_hints(resolve(one.path))["return"] for one in OPTIONAL_SECTIONS}
    return _object({key: _schema_of(hint, definitions) for key, hint in found.items()}, [])


def _object(properties: Entry, required: list[str]) -> Entry:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _finding_classes() -> list[Any]:
    """Return the result classes of the plan's analyses, without repetitions."""
    paths = [path for one in ANALYSES for path in (one.path, one.check) if path]
    return list(dict.fromkeys(get_type_hints(resolve(path))["return"] for path in paths))


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8", newline="\n")
