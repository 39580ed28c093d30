import json
import time
from datetime import UTC, datetime

import pytest
from django.test import Client

from surveys.models import Identity
from surveys.recruitment import webhooks
from tests.surveys.recruitment.prolificserver import RECORDED
from tests.surveys.recruitment.studies import ANN, come

SECRET = "a secret for tests"
BODY = (RECORDED / "submission-status-change.json").read_bytes()


@pytest.fixture
def listening(paid, settings) -> Identity:
    """The identity of somebody whose recruitment service sends news."""
    settings.PROLIFIC_WEBHOOK_SECRET = SECRET
    come(paid, ANN)
    return Identity.objects.get()


def send(
    body: bytes = BODY, *, age: float = 0, order: float = 0, secret: str = SECRET, **changed: str
) -> int:
    """Send news as Prolific does; ``changed`` headers replace the right ones."""
    sent_at = str(int(time.time() - age))
    headers = {
        webhooks.SIGNATURE: webhooks.signature_of(secret, sent_at, body),
        webhooks.SENT_AT: sent_at,
        webhooks.ORDER: str(int(time.time() + order)),
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    client = Client(enforce_csrf_checks=True)
    return client.post(
        "/recruitment/prolific/", body, content_type="application/json", headers=headers
    ).status_code


def event(**changed: object) -> bytes:
    return json.dumps(json.loads(BODY) | changed).encode()


def test_the_signature_is_that_of_the_documentation():
    # HMAC-SHA256 of "1700000000{}" with the key "key", computed by: openssl dgst -sha256 -hmac key
    assert webhooks.signature_of("key", "1700000000", b"{}") == (
        "i/lINbu870b3ShJQxHhQ7eP6iAkOWfGwvGrzEgmpfKk="
    )


def test_news_are_stored_apart(listening):
    assert send() == 204
    listening.refresh_from_db()
    assert listening.service_status == "RETURNED"
    assert listening.participant.state == "started"  # a decision about data is the researcher's


def test_without_a_secret_there_is_no_such_page(paid, settings):
    settings.PROLIFIC_WEBHOOK_SECRET = ""
    assert send(secret="") == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"secret": "another secret"},
        {"X_Prolific_Request_Signature": ""},
        {"X_Prolific_Request_Signature": "é"},
        {"X_Prolific_Request_Timestamp": "1700000000"},
        {"X_Prolific_Request_Timestamp": ""},
        {"age": 301},
        {"age": -302},
        {"body": b"x" * 20_001},
    ],
)
def test_what_is_not_proved_or_not_fresh_is_refused(listening, changed):
    assert send(**changed) == 403
    listening.refresh_from_db()
    assert listening.service_status == ""


@pytest.mark.parametrize("age", [0, 299, -299])
def test_within_the_window_news_are_taken(listening, age):
    # The control of the test above: only the age differs.
    assert send(age=age) == 204


def test_a_body_that_was_changed_on_the_way_is_refused(listening):
    sent_at = str(int(time.time()))
    proof = webhooks.signature_of(SECRET, sent_at, BODY)
    assert send(
        event(status="APPROVED"),
        X_Prolific_Request_Signature=proof,
        X_Prolific_Request_Timestamp=sent_at,
    ) == 403  # fmt: skip


@pytest.mark.parametrize("sent_at", ["nan", "inf", "1e9", "٣", "-5", "1" * 30])
def test_a_signed_timestamp_that_is_no_time_is_refused(listening, sent_at):
    proof = webhooks.signature_of(SECRET, sent_at, BODY)
    headers = {webhooks.SIGNATURE: proof, webhooks.SENT_AT: sent_at}
    with pytest.raises(webhooks.RefusedError):
        webhooks.read(headers, BODY, SECRET)


def test_older_news_that_come_later_change_nothing(listening):
    assert send(event(status="APPROVED"), order=10) == 204
    assert send(event(status="AWAITING REVIEW"), order=-10) == 204
    listening.refresh_from_db()
    assert listening.service_status == "APPROVED"


def test_the_same_news_twice_change_nothing(listening):
    for _ in range(2):
        assert send() == 204
    first = Identity.objects.get().service_status_at
    assert abs((datetime.now(UTC) - first).total_seconds()) < 60


def test_news_of_others_are_acknowledged_and_not_stored(listening):
    # Prolific disables a hook that refuses too often, and a workspace has other studies.
    assert send(event(resource_id="7c0000000000000000000099")) == 204
    assert send(event(event_type="study.status.change")) == 204
    listening.refresh_from_db()
    assert listening.service_status == ""


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", event(status=None), event(resource_id=7), event(status="")]
)
def test_signed_news_that_cannot_be_read_are_refused_in_words(listening, body):
    assert send(body) == 400


def test_news_are_posted_and_nothing_else(listening):
    assert Client().get("/recruitment/prolific/").status_code == 405
