"""A browser without a screen, which requests pages over HTTP, reads their forms and sends them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from surveys.pages.signals import HIDDEN_FIELD

FORM = "application/x-www-form-urlencoded"
_TAG = re.compile(r'<(\w+)((?:\s+[\w-]+(?:="[^"]*")?)*)\s*/?>')
_ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')
_READ = frozenset(("input", "textarea", "img", "a", "h1"))
_SAYS = 'id="prediction"'


@dataclass
class Page:
    """The contents of a page that a person acts on."""

    path: str
    status: int
    hidden: dict[str, str] = field(default_factory=dict)
    questions: dict[str, list[str]] = field(default_factory=dict)
    """The options of each question by its name. Empty if the answer is free text."""
    prediction: str = ""
    pictures: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)


class Browser:
    """A browser that follows redirects, keeps cookies, and passes all checks of a real browser."""

    def __init__(self) -> None:
        host = next(
            (host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"), "localhost"
        )
        self._client = Client(
            enforce_csrf_checks=True,
            headers={"origin": f"https://{host}", "x-forwarded-proto": "https"},
            SERVER_NAME=host,
        )
        self._client.handler.load_middleware()  # shared by all people

    def forget(self) -> None:
        """Delete all cookies, so that the browser belongs to another person."""
        self._client.cookies.clear()

    def open(self, path: str) -> Page:
        """Return the page at the path, after all redirects."""
        response = self._client.get(path, secure=True)
        if response.status_code in {301, 302, 303}:
            return self.open(response["Location"])
        return read_page(path, response.status_code, response.content.decode())

    def send(self, page: Page, answers: Mapping[str, str]) -> Page:
        """Send the page's form with its hidden fields, and return the next page."""
        form = urlencode({**page.hidden, **answers})
        response = self._client.post(page.path, form, content_type=FORM, secure=True)
        if response.status_code in {301, 302, 303}:
            return self.open(response["Location"])
        return read_page(page.path, response.status_code, response.content.decode())


def read_page(path: str, status: int, html: str) -> Page:
    """Return the parts of a page that a person acts on.

    The pages are our own, with every attribute in double quotes. A complete parser would take
    longer than the server takes to render the page.
    """
    page = Page(path, status)
    minimum = ""  # of a slider: the attribute precedes the input to which it belongs
    for tag in _TAG.finditer(html):
        name = tag[1]
        if name not in _READ and 'data-minimum="' not in tag[2] and _SAYS not in tag[2]:
            continue
        values = {key: unescape(value) for key, value in _ATTRIBUTE.findall(tag[2])}
        minimum = values.get("data-minimum", minimum)
        if name == "input":
            _read_input(page, values, minimum)
        elif name == "textarea":
            page.questions[values["name"]] = []
        elif name == "img":
            page.pictures.append(values["src"])
        elif name == "a":
            page.links.append(values["href"])
        elif name == "h1":
            page.headings.append(_text(html, tag.end(), "</h1>"))
        elif _SAYS in tag[2]:
            page.prediction = _text(html, tag.end(), f"</{name}>")
    return page


def _read_input(page: Page, values: Mapping[str, str], minimum: str) -> None:
    kind, name = values["type"], values["name"]
    if "data-view" in values:  # switches between picture and map, and is in no form
        return
    if name == HIDDEN_FIELD:  # people do not see it
        return
    if kind == "hidden":
        page.hidden[name] = values.get("value", "")
    elif kind in {"radio", "checkbox"}:
        page.questions.setdefault(name, []).append(values["value"])
    elif kind == "range":
        page.questions[name] = _stops(values, minimum)
    elif kind == "text":
        page.questions[name] = []


def _text(html: str, start: int, end: str) -> str:
    """Return the text between the two places."""
    return unescape(re.sub(r"<[^>]*>", "", html[start : html.index(end, start)]))


def _stops(values: Mapping[str, str], minimum: str) -> list[str]:
    """Return the positions of a slider. Positions left of ``minimum`` mean no answer."""
    first = int(minimum or values["min"])
    return [str(stop) for stop in range(first, int(values["max"]) + 1, int(values["step"]))]
