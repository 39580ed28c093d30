"""Keys of results.json that were renamed, so that published results of old versions stay readable.

Version 2 of the schema has `optional_sections` for `further`, `stimuli_shown` for `shown` (and in
it `by_image` for `pictures`), and in the sections and the plan `map_quality` for `meeting`.
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


def in_todays_words(document: Any) -> Any:
    """Return the content of a results.json in the words of today's schema; any other unchanged."""
    if not isinstance(document, dict) or document.get("schema") != 1:
        return document
    renamed = _with_keys(document, RENAMED)
    inside = {key: _with_keys(renamed[key], RENAMED_INSIDE[key]) for key in RENAMED_INSIDE}
    return renamed | inside | {"schema": SCHEMA}


def _with_keys(table: Mapping[str, Any], today: Mapping[str, str]) -> dict[str, Any]:
    return {today.get(key, key): value for key, value in table.items()}
