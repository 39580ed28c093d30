"""A client for Prolific's list of submissions. This module only reads; prolific_decisions,
prolific_bonuses and prolific_places send.

Source: docs.prolific.com, API reference, Submissions: List submissions, Submission object.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings

SECONDS = 30
PAGE_SIZE = 100
MOST_PAGES = 1000


class ProlificError(ValueError):
    """An answer of Prolific that is not as documented, or no answer. The message says what to
    do.
    """


@dataclass(frozen=True)
class Submission:
    """A person's submission according to Prolific. ``code`` is what the person entered."""

    id: str
    external_id: str
    status: str
    code: str


class _NoRedirects(HTTPRedirectHandler):
    """A handler that refuses redirects, since the token must not go to another server."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


def submissions(service_study: str) -> list[Submission]:
    """Return all submissions of the study with this id at Prolific, in Prolific's order.

    Raises ProlificError without a token, for an invalid answer, or for an incomplete list.
    """
    by_id: dict[str, Submission] = {}
    told = 0
    for page in _pages(service_study):
        told = max(told, int(page.get("meta", {}).get("count") or 0))
        for entry in page["results"]:
            submission = _read(entry)
            by_id[submission.id] = submission  # pages overlap while people arrive
    if len(by_id) < told:
        raise ProlificError(
            f"Prolific counts {told} submissions but listed {len(by_id)}. Try again."
        )
    return list(by_id.values())


def status_as_listed(status: str) -> str:
    """Return a status as lists spell it, in capitals with spaces, except for TIMED-OUT."""
    return status.upper().replace("_", " ").replace("TIMED OUT", "TIMED-OUT")


def _pages(service_study: str) -> Iterator[dict[str, Any]]:
    query = urlencode({"study": service_study, "page_size": PAGE_SIZE})
    address: str | None = f"{settings.PROLIFIC_API}/submissions/?{query}"
    for _ in range(MOST_PAGES):
        if address is None:
            return
        page = ask(address)
        if not isinstance(page, dict) or not isinstance(page.get("results"), list):
            raise ProlificError(
                "Prolific's answer contains no list of submissions under 'results'."
            )
        yield page
        address = ((page.get("_links") or {}).get("next") or {}).get("href")
    raise ProlificError(f"Prolific's list has more than {MOST_PAGES} pages.")


def ask(address: str, body: Mapping[str, Any] | None = None, method: str = "POST") -> Any:
    """Return what Prolific answers at the address, to which a ``body`` is sent if there is one.

    ``method`` is that of a request with a body; without one, the request is a GET. Raises
    ProlificError.
    """
    if not settings.PROLIFIC_API_TOKEN:
        raise ProlificError(
            "PROLIFIC_API_TOKEN is empty. Create a token in your settings at Prolific and put it "
            "in the environment or in .env."
        )
    if urlsplit(address)[:2] != urlsplit(settings.PROLIFIC_API)[:2]:
        raise ProlificError(
            "Prolific's list continues on another server, to which the token is not sent."
        )
    headers = {
        "Authorization": f"Token {settings.PROLIFIC_API_TOKEN}",
        "Accept": "application/json",
    }
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    used = "GET" if data is None else method
    # The scheme is that of the setting.
    request = Request(address, data=data, headers=headers, method=used)  # noqa: S310
    try:
        with build_opener(_NoRedirects).open(request, timeout=SECONDS) as answer:
            content = answer.read()
            return json.loads(content) if content else None  # accepted without a word
    except HTTPError as error:
        error.close()
        raise ProlificError(_words_for(error.code)) from error
    except (URLError, TimeoutError, ValueError) as error:
        raise ProlificError(f"Prolific did not answer: {error}. Try again later.") from error


def _words_for(status: int) -> str:
    words = {
        400: "It refuses the request. Look at the page of the submission or the study at Prolific.",
        401: "The token is wrong or was revoked. Set a new PROLIFIC_API_TOKEN.",
        403: "The token's owner may not see this study. Ask them to join its workspace.",
        404: "The study or the submission is unknown. Compare study_id with the URL of its page.",
        429: "There were too many requests. Wait a minute.",
    }
    return f"Prolific answered {status}. {words.get(status, 'Try again later.')}"


def _read(entry: Any) -> Submission:
    try:
        person = entry.get("participant_id") or entry.get("participant") or ""
        return Submission(
            id=entry["id"],
            external_id=person,
            status=status_as_listed(entry["status"]),
            code=entry.get("study_code") or entry.get("entered_code") or "",
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ProlificError(
            f"Prolific lists a submission without an id or a status: {error}."
        ) from error
