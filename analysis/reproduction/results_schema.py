"""JSON Schema of results.json, generated from the result classes so that it cannot fall behind.

It ships as analysis/reproduction/results.schema.json and goes into every bundle. After a change
of a result class, run: python -m analysis.reproduction.results_schema
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from jsonschema import Draft202012Validator
from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import IsInstanceSchema, WithDefaultSchema

from analysis.errors import ReportError
from analysis.outcomes.finding import Failed, OutcomeFinding
from analysis.plan.catalogues.optional_sections import OPTIONAL_SECTIONS
from analysis.plan.plan import ANALYSES, resolve
from analysis.results import SCHEMA, Results

FILE = Path(__file__).with_name("results.schema.json")
FINDING = {"$comment": "the results of an analysis"}
"""Stands for OutcomeFinding, a protocol, until it is replaced by the classes that fulfil it."""
NO_KEYWORDS = ("gt", "le")
"""Bounds of a union of numbers, for which pydantic has no words of JSON Schema."""
CONFIG = ConfigDict(extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)
Entry = dict[str, Any]


class _Generator(GenerateJsonSchema):
    """pydantic's generator for written results, in which every field is required."""

    def is_instance_schema(self, schema: IsInstanceSchema) -> JsonSchemaValue:
        if schema["cls"] is not OutcomeFinding:
            raise TypeError(f"results.json cannot hold {schema['cls']!r}: it is not a dataclass.")
        return dict(FINDING)

    def field_is_required(self, field: Any, total: bool) -> bool:
        return True

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def build_schema() -> Entry:
    """Return the schema of the output of results.to_json, with every key required and no other."""
    findings = _finding_classes()
    sections = {one.key: get_type_hints(resolve(one.path))["return"] for one in OPTIONAL_SECTIONS}
    adapters = {hint: _adapter(hint) for hint in (Results, *findings, *sections.values())}
    schemas, shared = TypeAdapter.json_schemas(
        [(hint, "serialization", adapter) for hint, adapter in adapters.items()],
        schema_generator=_Generator,
        ref_template="#/$defs/{model}",
    )
    entries = {hint: schemas[hint, "serialization"]["prefixItems"][0] for hint in adapters}
    definitions = shared["$defs"]
    # Any mapping to pydantic; each key is the result of one of the sections.
    definitions["Results"]["properties"]["optional_sections"] = {
        "type": "object",
        "properties": {key: entries[hint] for key, hint in sections.items()},
        "required": [],
        "additionalProperties": False,
    }
    either = {"anyOf": [entries[one] for one in findings]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"results.json of an explanation study, version {SCHEMA}",
        **entries[Results],
        "$defs": _replaced(dict(sorted(definitions.items())), either),
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


def _adapter(hint: Any) -> TypeAdapter[Any]:
    # In a tuple, since a dataclass takes no configuration from outside.
    return TypeAdapter(tuple[hint], config=CONFIG)


def _replaced(value: Any, finding: Entry) -> Any:
    """Return the schema with the classes of findings in place of FINDING, and short docstrings."""
    if value == FINDING:
        return finding
    if isinstance(value, dict):
        return {
            key: " ".join(one.split())
            if key == "description" and isinstance(one, str)
            else _replaced(one, finding)
            for key, one in value.items()
            if key not in NO_KEYWORDS
        }
    return [_replaced(one, finding) for one in value] if isinstance(value, list) else value


def _finding_classes() -> list[Any]:
    """Return the result classes of the plan's analyses, without repetitions."""
    paths = [path for one in ANALYSES for path in (one.path, one.check) if path]
    return list(
        dict.fromkeys([*(get_type_hints(resolve(path))["return"] for path in paths), Failed])
    )


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8", newline="\n")
