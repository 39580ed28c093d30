"""Renamed keys of results.json, so that published results of old versions stay readable.

Version 2 of the schema has `optional_sections` for `further`, `stimuli_shown` for `shown` (and in
it `by_image` for `pictures`), and in the sections and the plan `map_quality` for `meeting`. Its
flow has `stopped` for `withdrawn` and `left_silently` for `started_only`, and counts erased data.
"""

from collections.abc import Mapping
from typing import Any

from analysis.results import SCHEMA

RENAMED: Mapping[str, str] = {"further": "optional_sections", "shown": "stimuli_shown"}
RENAMED_INSIDE: Mapping[str, Mapping[str, str]] = {
    "optional_sections": {"meeting": "map_quality"},
    "plan": {"meeting": "map_quality"},
    "stimuli_shown": {"pictures": "by_image"},
}
"""Keys of an object inside the document, by today's key of the object."""
UNRECORDED: Mapping[str, Any] = {"numerical_threads": 0, "processor": ""}
"""What earlier versions did not record of the numerical libraries; 0 threads are unknown."""
WITHOUT: Mapping[str, Any] = {"agreement_by_class": [], "diagnoses": None, "collection": None}
"""Parts that earlier versions did not have."""
LATER_IN_PLAN: Mapping[str, Any] = {"attention_maps": None}
"""Tables of a plan that earlier versions did not have."""
RENAMED_IN_FLOW: Mapping[str, str] = {"withdrawn": "stopped", "started_only": "left_silently"}


def in_todays_words(document: Any) -> Any:
    """Return a document with the keys of today's schema if it is an old results.json."""
    if not isinstance(document, dict):
        return document
    if isinstance(document.get("provenance"), dict):
        document = document | {"provenance": dict(UNRECORDED) | document["provenance"]}
    if "schema" in document:
        document = dict(WITHOUT) | document
        if isinstance(document.get("plan"), dict):
            document["plan"] = dict(LATER_IN_PLAN) | document["plan"]
        outcomes = document.get("outcomes")
        if isinstance(outcomes, list):
            document["outcomes"] = [{"answer": None, "by_level": None} | one for one in outcomes]
        shown = document.get("stimuli_shown")
        if isinstance(shown, dict):
            document["stimuli_shown"] = {"examples": []} | shown
        document |= _without_early_ends(document)
    if document.get("schema") != 1:
        return document
    renamed = _with_keys(document, RENAMED)
    inside = {key: _with_keys(renamed[key], RENAMED_INSIDE[key]) for key in RENAMED_INSIDE}
    return renamed | inside | _flow(renamed) | {"schema": SCHEMA}


def _without_early_ends(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flow with what earlier versions did not count, as nobody could be ended early."""
    flow = document.get("study_flow")
    rows = document.get("flow")
    if not isinstance(flow, dict) or not isinstance(rows, list):
        return {}
    stopped = flow.get("stopped", flow.get("withdrawn"))
    nobody = None if stopped is None else dict.fromkeys(stopped, 0)
    return {
        "study_flow": {"ended": nobody, "early_ends": []} | flow,
        "flow": [{"ended": 0 if row.get("stopped", 0) is not None else None} | row for row in rows],
    }


def stopped_before(document: Any) -> list[str]:
    """Return a note on why the numbers of an old results.json differ from a new run.

    The list is empty if no participant stopped.
    """
    if not isinstance(document, dict) or document.get("schema") != 1:
        return []
    stopped = sum(row["withdrawn"] for row in document["flow"])
    if not stopped:
        return []
    return [
        f"results.json was written by an earlier version, which left {stopped} participants who "
        "stopped and kept their answers out of the randomised set. They belong to it now, so "
        "numbers of that set differ."
    ]


def _flow(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables flow and study_flow with today's keys."""
    unknown = {"erased": 0, "erased_known": False}
    rows = [_with_keys(row, RENAMED_IN_FLOW) | unknown for row in document["flow"]]
    flow = dict(document["study_flow"])
    for state in ("stopped", "left_silently"):
        # With exclusions, version 1 does not say how many of them no rule had excluded.
        flow[state] = {} if flow["steps"] else {row["arm"]: row[state] for row in rows}
    return {"flow": rows, "study_flow": flow}


def _with_keys(table: Mapping[str, Any], today: Mapping[str, str]) -> dict[str, Any]:
    return {today.get(key, key): value for key, value in table.items()}
