"""A client that approves and rejects submissions at Prolific. An approval pays, and neither can be
taken back, so that only an act that a person has confirmed may call it.

Source: docs.prolific.com, API reference, Submissions: Transition a submission.
"""

from collections.abc import Mapping
from urllib.parse import quote

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from surveys.recruitment.prolific import ProlificError, ask, status_as_listed

AWAITING = "AWAITING REVIEW"
"""The only status in which a submission can be approved or rejected."""
SHORTEST_MESSAGE = 100
"""Characters of a message to a rejected person that Prolific asks for."""
CATEGORIES: Mapping[str, Promise] = {
    "FAILED_CHECK": _("failed attention checks"),
    "FAILED_INSTRUCTIONS": _("did not follow the instructions"),
    "LOW_EFFORT": _("little effort"),
    "TOO_QUICKLY": _("too quick"),
    "NO_DATA": _("no data"),
    "NO_CODE": _("no completion code"),
    "BAD_CODE": _("a wrong completion code"),
    "OTHER": _("another reason"),
}
"""Prolific's categories of rejections that can occur in a study here."""


def approve(submission: str) -> str:
    """Approve the submission, and return its new status. Raises ProlificError."""
    return _transition(submission, {"action": "APPROVE"})


def reject(submission: str, *, category: str, message: str) -> str:
    """Reject the submission, and return its new status. Raises ProlificError."""
    return _transition(
        submission, {"action": "REJECT", "message": message, "rejection_category": category}
    )


def _transition(submission: str, body: Mapping[str, str]) -> str:
    address = f"{settings.PROLIFIC_API}/submissions/{quote(submission, safe='')}/transition/"
    answer = ask(address, body)
    if not isinstance(answer, dict) or not isinstance(answer.get("status"), str):
        raise ProlificError(
            f"Prolific's answer about the submission {submission} contains no status. Look at its "
            "page at Prolific before you send it again."
        )
    return status_as_listed(answer["status"])
