"""The preview of participants' pages at the size of a phone, in a window of any size.

A page's layout follows the window, and frames are forbidden. So the pages get a style sheet of
their own, in which everything that depends on the window's width is decided for a phone.
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
WIDTH = 390
"""Pixels, the width at which the panel's pages are tested as well."""
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
WIDTH_LIMIT = re.compile(r"\((?P<end>min|max)-width: (?P<rem>[\d.]+)rem\)")


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
    """Return the style sheet in which everything that depends on the window's width is decided."""
    decided = re.sub(r"@media ([^{]+) \{", lambda rule: f"@media {_decided(rule[1])} {{", css)
    in_pixels = re.sub(
        r"([\d.]+)vw", lambda length: f"{float(length[1]) * WIDTH / 100:g}px", decided
    )
    return in_pixels + FRAME


def _decided(condition: str) -> str:
    """Return a list of media queries without conditions on the width."""
    left = []
    for query in condition.split(", "):
        parts = query.split(" and ")
        limits = [limit for part in parts if (limit := WIDTH_LIMIT.fullmatch(part))]
        if all(_is_met(limit["end"], float(limit["rem"])) for limit in limits):
            others = [part for part in parts if not WIDTH_LIMIT.fullmatch(part)]
            left.append(" and ".join(others) or "all")
    return ", ".join(left) or "not all"


def _is_met(end: str, rem: float) -> bool:
    pixels = rem * PIXELS_PER_REM
    return pixels <= WIDTH if end == "min" else pixels >= WIDTH
