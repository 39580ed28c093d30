"""A client that approves and rejects submissions at Prolific. An approval pays, and neither can be
taken back, so that only an act that a person has confirmed may call it.

Source: docs.prolific.com, API reference, Submissions: Approve or reject a submission. REJECT
requires a message of at least 100 characters and a category. The categories are those of
Prolific's client (github.com/prolific-oss/cli, cmd/submission/transition.go) and of Mephisto
(github.com/facebookresearch/Mephisto, providers/prolific/api/constants.py).
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
    "TOO_SLOWLY": _("too slow"),
    "MALINGERING": _("feigned answers"),
    "NO_DATA": _("no data"),
    "NO_CODE": _("no completion code"),
    "BAD_CODE": _("a wrong completion code"),
    "UNSUPP_DEVICE": _("a device that the study does not support"),
    "INCOMP_LONGITUDINAL": _("did not complete all parts of a study over time"),
    "OTHER": _("another reason"),
}
"""Every category of rejections that Prolific knows."""


def approve(submission: str) -> str:
    """Approve the submission, and return its new status. Raises ProlificError.

    The status can be PROCESSING for a short time (docs of Mephisto, Prolific API oddities).
    """
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
