"""Acts and settings of the audit in plain words. What is not listed here keeps its own name."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

ACTS: Mapping[str, Promise] = {
    "loaded": _("study file loaded"),
    "corrected": _("study file corrected"),
    "places changed": _("places changed"),
    "places at Prolific raised": _("places at Prolific raised"),
    "deleted": _("study deleted"),
    "opened": _("launched or resumed"),
    "paused": _("paused"),
    "closed": _("collection ended"),
    "unblinded": _("unblinded"),
    "looked": _("looked at the data before the end"),
    "schedule set": _("schedule changed"),
    "start failed": _("scheduled start failed"),
    "pilot begun": _("pilot begun"),
    "archived": _("archived"),
    "restored": _("restored from the archive"),
    "preview read": _("preview read to the last page"),
    "preregistration locked": _("preregistration locked"),
    "data exported": _("data exported"),
    "bonuses sent": _("bonuses sent to Prolific"),
    "bonuses marked as paid": _("bonuses marked as paid"),
    "bonuses listed": _("bonuses listed for the recruitment service"),
    "session links downloaded": _("personal links to a session downloaded"),
    "data released": _("data released"),
    "diagnoses downloaded": _("diagnoses of images downloaded"),
    "images uploaded": _("images uploaded"),
    "image deleted": _("image deleted"),
    "participant erased": _("participant erased"),
    "participant excluded": _("participant excluded from the analysis"),
    "exclusion taken back": _("exclusion taken back"),
    "submission decided": _("decided on a submission"),
    "submissions approved": _("decided to approve the complete submissions"),
    "decisions sent": _("decisions on submissions sent to Prolific"),
    "statuses fetched": _("statuses of submissions fetched from Prolific"),
    "list compared": _("compared with the recruitment service's list"),
    "identifiers forgotten": _("identifiers of the recruitment service forgotten"),
    "copy made": _("copy of the data noted"),
    "retention applied": _("retention applied"),
    "job started": _("job started"),
    "job cancelled": _("job cancelled"),
    "job repeated": _("job repeated"),
    "job deleted": _("job deleted"),
    "report read": _("report read"),
    "result downloaded": _("result downloaded"),
    "questionnaire loaded": _("questionnaire loaded"),
    "member invited": _("member invited"),
    "member joined": _("member joined"),
    "member added": _("member added"),
    "member changed": _("member's switches changed"),
    "member removed": _("member removed"),
    "invitation withdrawn": _("invitation withdrawn"),
    "review link made": _("link for reviewers made"),
    "review link withdrawn": _("link for reviewers withdrawn"),
    "API token made": _("API token made"),
    "API token revoked": _("API token revoked"),
    "read over the API": _("read over the API"),
}
SETTINGS: Mapping[str, Promise] = {
    "state": _("State"),
    "study_file_sha256": _("Study file, SHA-256"),
    "plan_sha256": _("Plan, SHA-256"),
    "reason": _("Reason"),
    "before_end": _("Before the end of collection"),
    "simulated": _("Data of"),
    "arms": _("With arms"),
    "formats": _("Formats"),
    "rows": _("Deleted rows"),
    "hash_kept_until": _("Keyed hash of the ID kept until"),
    "copy_sha256": _("Copy, SHA-256"),
    "copies": _("Copies that contain the person"),
    "identifiers": _("Identifiers deleted"),
    "hashes": _("Keyed hashes deleted"),
    "places": _("Places"),
    "quotas": _("Quotas"),
    "hold_minutes": _("Minutes that a place is held"),
    "people": _("People"),
    "kind": _("Job"),
    "arguments": _("Asked for"),
    "job": _("Number of the job"),
    "file": _("File"),
    "pilot": _("Pilot"),
    "set": _("Set of images"),
    "new": _("New"),
    "format": _("Format"),
    "member": _("Member"),
    "make_changes": _("May make changes"),
    "see_data": _("May see data"),
    "owner": _("Owner"),
    "until": _("Works until"),
    "made": _("Made on"),
    "token": _("Token"),
    "listed": _("Submissions listed"),
    "approved": _("Approved"),
    "rejected": _("Rejected"),
    "stopped": _("Stopped by an error"),
    "differences": _("Differences"),
    "starts_at": _("Start"),
    "ends_at": _("End"),
    "stop_at": _("Stop at completed"),
    "excluded": _("Excluded by hand"),
    "unblinded": _("Unblinded"),
    "decision": _("Decision"),
    "scopes": _("Scopes"),
}
VALUES: Mapping[str, Mapping[str, Promise]] = {
    "state": {
        "draft": _("Draft"),
        "open": _("Running"),
        "paused": _("Paused"),
        "closed": _("Collection ended"),
    },
    "simulated": {
        "none": _("real participants"),
        "only": _("simulated participants only"),
        "included": _("real and simulated participants together"),
    },
    "decision": {"go_on": _("go on"), "stop": _("stop")},
}
SHORT = 12  # digits of a hash that people compare


def act_in_words(act: str) -> str:
    """Return the name of the act for readers."""
    return str(ACTS.get(act, act))


def settings_in_words(settings: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return each setting's name and value for readers, and the whole value if it was shortened."""
    words = []
    for name, value in settings.items():
        whole = _value(name, value)
        is_hash = name.endswith("_sha256") and len(whole) > SHORT
        shown = f"{whole[:SHORT]}…" if is_hash else whole
        words.append((str(SETTINGS.get(name, name)), shown, whole if is_hash else ""))
    return words


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(_value("", entry) for entry in value)
    if isinstance(value, dict):
        pairs = (f"{key.replace('_', ' ')} {_value(key, entry)}" for key, entry in value.items())
        return ", ".join(pairs)
    return str(VALUES.get(name, {}).get(str(value), value))
