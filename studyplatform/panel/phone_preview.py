"""The preview of participants' pages at the size of a phone, in a window of any size.

A page's layout follows the window, and frames are forbidden. So the pages get a style sheet of
their own, in which everything that depends on the window's size is decided for a phone.
"""

import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

SIZE = "preview-size"
"""The cookie that takes the chosen size to the next page."""
PHONE, WINDOW = "phone", "window"
WIDTH, HEIGHT = 390, 664
"""Pixels: the width at which the panel's pages are tested as well, and the height that a browser
leaves of a screen of 844."""
PIXELS_PER_REM = 16
FRAME = f"""
html {{
  background: var(--line);
}}

body {{
  max-width: {WIDTH}px;
  margin-inline: auto;
  background: var(--paper);
}}
"""
"""What is added to the participants' style sheet."""
LIMIT = re.compile(r"\((?P<end>min|max)-(?P<side>width|height): (?P<rem>[\d.]+)rem\)")
LENGTH = re.compile(r"\b(?P<percent>[\d.]+)(?P<unit>vw|[sd]?vh)\b")
OF_A_FINGER = {
    "(pointer: fine)": False,
    "(any-pointer: fine)": False,
    "(hover: hover)": False,
    "(pointer: coarse)": True,
}
"""What holds on a phone, which has neither a mouse nor a keyboard with digits to press."""


def is_phone(request: HttpRequest) -> bool:
    """Return whether the request is for the size of a phone, by its own words or the cookie."""
    return request.GET.get("size", request.COOKIES.get(SIZE)) == PHONE


def keep_size(request: HttpRequest, response: HttpResponse, path: str) -> None:
    """Keep a size that the address names for all pages below the path."""
    if request.GET.get("size") in (PHONE, WINDOW):
        response.set_cookie(
            SIZE, request.GET["size"], httponly=True, samesite="Lax",
            secure=request.is_secure(), path=path,
        )  # fmt: skip


@require_safe
@cache_control(max_age=600)
def style(request: HttpRequest) -> HttpResponse:
    """Return the participants' style sheet for a phone."""
    return HttpResponse(_style(), content_type="text/css")


@cache
def _style() -> str:
    return phone_style(Path(str(finders.find("site.css"))).read_text(encoding="utf-8"))


def phone_style(css: str) -> str:
    """Return the style sheet in which every condition on the window or on a mouse is decided."""
    decided = re.sub(r"@media ([^{]+) \{", lambda rule: f"@media {_decided(rule[1])} {{", css)
    return LENGTH.sub(_in_pixels, decided) + FRAME


def _in_pixels(length: re.Match[str]) -> str:
    side = WIDTH if length["unit"] == "vw" else HEIGHT
    return f"{float(length['percent']) * side / 100:g}px"


def _decided(condition: str) -> str:
    """Return a list of media queries that ask only what does not follow from a phone."""
    left = [decided for query in condition.split(", ") if (decided := _query(query)) is not None]
    return ", ".join(left) or "not all"


def _query(query: str) -> str | None:
    """Return what is left of a media query, "all" for nothing, or None if no phone meets it."""
    if query.startswith("not all and "):
        met = _is_met(query.removeprefix("not all and "))
        return query if met is None else None if met else "all"
    parts = query.split(" and ")
    known = {part: _is_met(part) for part in parts}
    if False in known.values():
        return None
    return " and ".join(part for part in parts if known[part] is None) or "all"


def _is_met(part: str) -> bool | None:
    """Return whether a phone meets a condition, None where the reader's own device decides."""
    limit = LIMIT.fullmatch(part)
    if limit is None:
        return OF_A_FINGER.get(part)
    pixels = float(limit["rem"]) * PIXELS_PER_REM
    side = WIDTH if limit["side"] == "width" else HEIGHT
    return pixels <= side if limit["end"] == "min" else pixels >= side
