"""A module per kind of page, listed in ``catalogue``. No page may reveal arm or true class."""

from typing import Any

Screen = dict[str, Any]
