"""The page of a result within the panel, under a content security policy of its own.

The page is a file with its styles inside. Its policy allows exactly these styles, by their hashes,
and so nothing that somebody could smuggle into the page; the panel's policy stays as it is.
"""

import base64
import hashlib
import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from studyplatform.models import Job
from surveys.models import Study

_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
_HEAD_END = re.compile(r"</head>", re.IGNORECASE)


def policy_of(html: str) -> str:
    """Return the policy under which the page's own styles work, and no script at all."""
    styles = " ".join(dict.fromkeys(f"'sha256-{_hash(text)}'" for text in _STYLE.findall(html)))
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'self' {styles}".rstrip(),
            "img-src 'self' data:",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def with_bar(request: HttpRequest, study: Study, job: Job, html: str) -> HttpResponse:
    """Return the page of a job with a bar on top that leads back to the panel."""
    return with_bar_of(request, "panel/result_bar.html", {"study": study, "job": job}, html)


def with_bar_of(
    request: HttpRequest, template: str, context: dict[str, Any], html: str
) -> HttpResponse:
    """Return the page with the bar that the template draws on top."""
    style = render_to_string("panel/result_bar_style.html", context, request)
    bar = render_to_string(template, context, request)
    # A function as replacement, because the texts may contain backslashes.
    shown = _HEAD_END.sub(lambda found: style + found.group(), html, count=1)
    shown = _BODY.sub(lambda found: found.group() + bar, shown, count=1)
    return HttpResponse(shown, headers={"Content-Security-Policy": policy_of(html)})


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
