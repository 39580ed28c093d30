"""Keys of results.json that were renamed, so that published results of old versions stay readable.

Version 2 of the schema has `optional_sections` for `further` and `stimuli_shown` for `shown`.
"""

from typing import Any

from analysis.results import SCHEMA

RENAMED = {"further": "optional_sections", "shown": "stimuli_shown"}


def in_todays_words(document: Any) -> Any:
    """Return the content of a results.json in the words of today's schema; any other unchanged."""
    if not isinstance(document, dict) or document.get("schema") != 1:
        return document
    renamed = {RENAMED.get(key, key): value for key, value in document.items()}
    return renamed | {"schema": SCHEMA}
