"""The API's reference as a page of this server, made from its OpenAPI schema.

django-ninja's own pages load their scripts from elsewhere, which the content policy forbids.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

PARTS = ("Made", "TableEntry", "ReportEntry")
"""Schemas that are fields of other answers, and no answers themselves."""


@dataclass(frozen=True)
class Field:
    """A parameter of an operation, or a field of an answer."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Operation:
    """An address of the API."""

    key: str
    path: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    fields: tuple[Field, ...]


class Reference(DocsBase):
    """The page that describes every operation. It needs no script."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Render the page for whoever asks: it shows nothing of any study."""
        schema = api.get_openapi_schema(path_params=kwargs)
        context = {
            "operations": list(operations(schema)),
            "parts": parts(schema),
            "schema_address": self.get_openapi_url(api, kwargs),
            "information": schema["info"],
        }
        return render(request, "panel/api_reference.html", context)


def operations(schema: Mapping[str, Any]) -> Iterator[Operation]:
    """Return every operation that an OpenAPI schema describes."""
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            text = operation.get("description", "")
            summary, _, rest = text.partition("\n")
            yield Operation(
                key=operation["operationId"],
                path=path,
                summary=summary,
                description=rest.strip(),
                parameters=tuple(
                    Field(
                        entry["name"],
                        _type(entry["schema"]),
                        entry.get("description") or entry["schema"].get("description", ""),
                    )
                    for entry in operation.get("parameters", ())
                ),
                fields=tuple(_fields(operation, schema)),
            )


def parts(schema: Mapping[str, Any]) -> dict[str, tuple[Field, ...]]:
    """Return the fields of every part of an answer, by its name."""
    described = schema["components"]["schemas"]
    return {name: tuple(_fields_of(entry)) for name, entry in described.items() if name in PARTS}


def _fields(operation: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Field]:
    """Return the fields of the answer with status 200, if it is JSON that the schema describes."""
    content = operation["responses"].get(200, {}).get("content", {})
    answer = content.get("application/json", {}).get("schema", {})
    reference = answer.get("$ref") or answer.get("items", {}).get("$ref", "")
    described = schema["components"]["schemas"].get(reference.rpartition("/")[2], {})
    yield from _fields_of(described)


def _fields_of(described: Mapping[str, Any]) -> Iterator[Field]:
    for name, entry in described.get("properties", {}).items():
        yield Field(name, _type(entry), entry.get("description", ""))


def _type(entry: Mapping[str, Any]) -> str:
    """Return the type in words, with the values that are allowed and the default."""
    if "$ref" in entry:
        return str(entry["$ref"]).rpartition("/")[2]
    if "anyOf" in entry:
        return " or ".join(_type(one) for one in entry["anyOf"])
    words = " or ".join(entry["enum"]) if "enum" in entry else str(entry.get("type", ""))
    if words == "array":
        words = f"list of {_type(entry['items'])}"
    bounds = [f"{entry[key]}" for key in ("minimum", "maximum") if key in entry]
    if bounds:
        words += f" from {' to '.join(bounds)}"
    return f"{words}, {entry['default']} if left out" if "default" in entry else words
