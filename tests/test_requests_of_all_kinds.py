"""Requests that no browser sends: other methods, overridden methods, forged hosts (S18)."""

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from surveys.models import Participant
from tests.surveys.drawn import drawn_study
from tests.surveys.people import begin

METHODS = ("TRACE", "CONNECT", "PROPFIND", "DELETE", "PUT", "PATCH", "X")


def plain_paths(patterns, prefix: str = "") -> list[str]:
    """The addresses without parameters, of every part of the installation."""
    found = []
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            if not any(mark in path for mark in "<(^\\"):
                found.append(f"/{path}")
        else:
            found += plain_paths(pattern.url_patterns, path)
    return sorted(set(found))


def test_no_address_answers_to_a_method_that_it_does_not_offer(db):
    client, answered = Client(raise_request_exception=False), []
    paths = plain_paths(get_resolver().url_patterns)
    assert len(paths) > 15
    for path in paths:
        for method in METHODS:
            status = client.generic(method, path).status_code
            # Pages of accounts lead to the sign-in; nothing is shown and nothing fails.
            if status not in {302, 400, 401, 403, 404, 405}:
                answered.append((method, path, status))
    assert answered == []


@pytest.fixture
def person(db, tmp_path) -> Participant:
    _, _, participant = begin(drawn_study(tmp_path))
    return participant


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_header_does_not_turn_a_look_into_an_act(person, name):
    address = f"/p/{person.code}/withdraw/"
    Client().get(address, headers={name: "POST"})
    Client().get(f"{address}?_method=POST", {"act": "erase"})
    assert Participant.objects.filter(pk=person.pk).exists()


@pytest.mark.parametrize(
    "headers",
    [{"host": "elsewhere.example"}, {"host": "localhost:8000@elsewhere.example"},
     {"host": "localhost/elsewhere.example"}, {"host": ""}],
)  # fmt: skip
def test_a_forged_host_is_refused(db, headers):
    assert Client().get("/panel/account/sign-in/", headers=headers).status_code == 400


def test_a_forwarded_host_is_not_believed(db):
    answer = Client().get(
        "/panel/", headers={"X-Forwarded-Host": "elsewhere.example", "Forwarded": "host=e.example"}
    )
    assert "elsewhere" not in answer["Location"] + answer.content.decode()
