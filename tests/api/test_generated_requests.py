"""Generated requests to each operation of the API, by each kind of token (S17).

The operations, their parameters and the answers that they may give are read from the API's own
OpenAPI document, so that an operation which is added later is tried without a change here.
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from hypothesis import given, settings, strategies
from jsonschema import Draft202012Validator

from studyplatform.api.interface import api
from studyplatform.panel.api_tokens import Scope
from surveys.models import Study
from tests.api.test_api import EVERYTHING, enqueue, exported, researcher, study, token_of

__all__ = ["enqueue", "exported", "researcher", "study"]  # fixtures
SCHEMA = api.get_openapi_schema(path_prefix="/api/v1/")
OPERATIONS = [
    (method, path, operation)
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
]
REFUSALS = {401, 403, 404, 405, 422, 429}
HOSTILE = [
    "", "0", "-1", "1", "999999999999999999999", "1e3", "NaN", "true", "null", "[]", "{}", "..",
    "../../etc/passwd", "%2e%2e", "' OR 1=1 --", "=1+1", "<script>", "\u202e", "answers", "é" * 300,
]  # fmt: skip
words = strategies.sampled_from(HOSTILE) | strategies.text(
    # A NUL and lone surrogates are no text, and are refused before any page (tests/test_bodies.py).
    strategies.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    max_size=20,
)


@pytest.fixture
def tokens(exported: Study) -> dict[str, dict[str, str]]:
    """The header of each kind of visitor."""
    return {
        "nobody": {},
        "stranger": {"Authorization": "Bearer " + "x" * 40},
        "everything": token_of(exported, **dict.fromkeys(EVERYTHING, True)),
        **{scope: token_of(exported, **{scope: True}) for scope in map(str, Scope)},
    }


def address(data, path: str, operation: dict, slug: str) -> str:
    """The operation's address with drawn values for its parameters."""
    asked = {}
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        usual = strategies.just(slug) if name == "slug" else strategies.sampled_from(["1", "csv"])
        value = data.draw(usual | words, label=name)
        if parameter["in"] == "path":
            # An empty part would be the address of another operation.
            path = path.replace(f"{{{name}}}", quote(value or "-", safe=""))
        elif data.draw(strategies.booleans()):
            asked[name] = value
    if data.draw(strategies.booleans(), label="an unknown parameter"):
        asked[data.draw(words)] = data.draw(words)
    return f"{path}?{urlencode(asked)}" if asked else path


def breaks(operation: dict, answer) -> Iterator[str]:
    """What is wrong with an answer by the operation's own description."""
    status = answer.status_code
    if status >= 500:
        yield f"{status}"
    described = operation["responses"].get(str(status), operation["responses"].get(status))
    if described is None and status not in REFUSALS:
        yield f"{status} is not described"
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    content = (described or {}).get("content", {}).get("application/json", {})
    if is_json and "schema" in content:
        whole = {**content["schema"], "components": SCHEMA["components"]}
        errors = Draft202012Validator(whole).iter_errors(json.loads(answer.content))
        yield from (error.message for error in errors)


@pytest.mark.parametrize("examples", [4, pytest.param(200, marks=pytest.mark.nightly)])
def test_no_generated_request_breaks_an_operation_or_its_description(tokens, exported, examples):
    for method, path, operation in OPERATIONS:
        with_generated_requests(examples, tokens, exported.slug, method, path, operation)


def with_generated_requests(
    examples: int, tokens: dict, slug: str, method: str, path: str, operation: dict
) -> None:
    @settings(max_examples=examples, deadline=None, derandomize=True)
    @given(data=strategies.data())
    def tried(data) -> None:
        who = data.draw(strategies.sampled_from(sorted(tokens)))
        target = address(data, path, operation, slug)
        answer = Client(headers=tokens[who], raise_request_exception=False).generic(
            method.upper(), target
        )
        assert list(breaks(operation, answer)) == [], (who, target)
        if who in {"nobody", "stranger"}:
            assert answer.status_code in REFUSALS - {422}, (who, target)

    tried()


def test_an_operation_reads_and_changes_nothing_by_any_other_method(tokens, exported):
    for _, path, _ in OPERATIONS:
        target = re.sub(r"\{[^}]*\}", exported.slug, path)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = Client(headers=tokens["everything"]).generic(method, target, "{}")
            assert answer.status_code in {404, 405}, (method, target)


def test_an_answer_that_breaks_its_description_is_found(tokens, exported):
    """Control."""
    _, path, operation = next(one for one in OPERATIONS if one[1].endswith("/studies"))
    answer = Client(headers=tokens["everything"]).get(path)
    assert answer.status_code == 200
    assert list(breaks(operation, answer)) == []
    answer.content = b'[{"slug": 3}]'
    assert list(breaks(operation, answer))
    answer.status_code = 500
    assert "500" in list(breaks(operation, answer))
