"""Notifications from Prolific, which must be signed with HMAC-SHA256, recent, and in the documented
format.

Source: docs.prolific.com, API reference, Webhooks: Receiving, Verifying, Handling event order.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

WINDOW = 300  # seconds that a request may be older or newer than this server's clock
MOST_BYTES = 20_000
SIGNATURE = "X-Prolific-Request-Signature"
SENT_AT = "X-Prolific-Request-Timestamp"
ORDER = "X-Timestamp"


class RefusedError(ValueError):
    """A request without proof that it comes from Prolific, or an old request that may be a copy."""


class UnreadableError(ValueError):
    """A request from Prolific that does not match its documentation."""


@dataclass(frozen=True)
class News:
    """A submission's new status. ``at`` orders events, which may arrive in any order."""

    submission: str
    status: str
    at: datetime


def signature_of(secret: str, sent_at: str, body: bytes) -> str:
    """Return the Base64 of the HMAC-SHA256 of timestamp and body."""
    digest = hmac.new(secret.encode(), sent_at.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def read(headers: Mapping[str, str], body: bytes, secret: str) -> News | None:
    """Return the news in a request, or None for events that do not concern submissions.

    Raises RefusedError and UnreadableError. Times are compared with the server's clock, which has
    to be right within five minutes.
    """
    sent_at = headers.get(SENT_AT, "")
    proof = signature_of(secret, sent_at, body)
    given = headers.get(SIGNATURE, "")
    if len(body) > MOST_BYTES or not hmac.compare_digest(proof.encode(), given.encode()):
        raise RefusedError("The signature is wrong.")
    seconds = _seconds(sent_at)
    if abs(time.time() - seconds) > WINDOW:
        raise RefusedError("The request is too old or from the future.")
    return _news(body, _seconds(headers.get(ORDER, sent_at)))


def _news(body: bytes, seconds: float) -> News | None:
    try:
        event = json.loads(body)
    except ValueError as error:
        raise UnreadableError("The body is not valid JSON.") from error
    if not isinstance(event, dict):
        raise UnreadableError("The body is not a JSON object.")
    if event.get("event_type") != "submission.status.change":
        return None
    submission, status = event.get("resource_id"), event.get("status")
    if not (isinstance(submission, str) and isinstance(status, str) and submission and status):
        raise UnreadableError("The event has no resource_id or no status.")
    return News(submission, status, datetime.fromtimestamp(seconds, UTC))


def _seconds(text: str) -> float:
    """Return the Unix time in seconds. Milliseconds are understood, too."""
    if not text.isascii() or not text.replace(".", "", 1).isdigit() or len(text) > 20:
        raise RefusedError("The timestamp is not a Unix time.")
    seconds = float(text)
    return seconds / 1000 if seconds > 1e11 else seconds
