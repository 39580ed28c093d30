"""The reference of the API, from its OpenAPI description."""

from collections.abc import Iterator, Mapping
from typing import Any

from explanations.documents.markdown import table
from studyplatform.api.interface import DESCRIPTION, api
from studyplatform.reference.markdown import code, page


def write() -> str:
    """Return the page of the API's addresses, with their parameters and answers."""
    described = api.get_openapi_schema(path_prefix="/api/v1/")
    blocks = [
        block
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        for block in _operation(path, method, operation)
    ]
    return page("Addresses of the API", DESCRIPTION, "[The API](../api.md) shows its use.", *blocks)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {method.upper()} `{path}`"
    yield " ".join(str(operation.get("description") or operation.get("summary", "")).split())
    parameters = operation.get("parameters", [])
    rows = (
        (
            code(one["name"]),
            one["in"],
            _kind(one["schema"]),
            "required" if one.get("required") else "",
        )
        for one in parameters
    )
    yield table(("parameter", "place", "value", ""), rows)


def _kind(value: Mapping[str, Any]) -> str:
    if "anyOf" in value:
        return " or ".join(_kind(one) for one in value["anyOf"])
    return str(value.get("type", "text"))
