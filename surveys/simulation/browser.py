"""A browser without a screen: asks for pages over HTTP, reads their forms, sends them back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

FORM = "application/x-www-form-urlencoded"


@dataclass
class Page:
    """What a person finds on a page."""

    path: str
    status: int
    hidden: dict[str, str] = field(default_factory=dict)
    questions: dict[str, list[str]] = field(default_factory=dict)
    """Values to choose from by the question's name; none where text is to be written."""
    prediction: str = ""
    pictures: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)


class Browser:
    """Follows redirects, keeps cookies, and passes the same checks as any other browser."""

    def __init__(self) -> None:
        host = next(
            (host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"), "localhost"
        )
        self._client = Client(
            enforce_csrf_checks=True,
            headers={"origin": f"https://{host}", "x-forwarded-proto": "https"},
            SERVER_NAME=host,
        )
        self._client.handler.load_middleware()  # once for all people

    def forget(self) -> None:
        """Become another person's browser: no cookies."""
        self._client.cookies.clear()

    def open(self, path: str) -> Page:
        """The page at the path, after all redirects."""
        response = self._client.get(path, secure=True)
        if response.status_code in {301, 302, 303}:
            return self.open(response["Location"])
        return read_page(path, response.status_code, response.content.decode())

    def send(self, page: Page, answers: Mapping[str, str]) -> Page:
        """Send the page's form with its hidden fields; the page to which that leads."""
        form = urlencode({**page.hidden, **answers})
        response = self._client.post(page.path, form, content_type=FORM, secure=True)
        if response.status_code in {301, 302, 303}:
            return self.open(response["Location"])
        return read_page(page.path, response.status_code, response.content.decode())


def read_page(path: str, status: int, html: str) -> Page:
    """The parts of a page that a person acts upon."""
    page = Page(path, status)
    reader = _Reader(page)
    reader.feed(html)
    reader.close()
    return page


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self._inside = ""
        self._minimum = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "input" and values["type"] == "hidden":
            self.page.hidden[values["name"]] = values.get("value", "")
        elif tag == "input" and values["type"] in {"radio", "checkbox"}:
            self.page.questions.setdefault(values["name"], []).append(values["value"])
        elif tag == "input" and values["type"] == "range":
            self.page.questions[values["name"]] = _stops(values, self._minimum)
        elif tag == "textarea" or (tag == "input" and values["type"] == "text"):
            self.page.questions[values["name"]] = []
        elif "data-minimum" in values:
            self._minimum = values["data-minimum"]
        elif tag == "img":
            self.page.pictures.append(values["src"])
        elif tag == "a":
            self.page.links.append(values["href"])
        elif tag == "h1" or values.get("id") == "prediction":
            self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside == "h1":
            self.page.headings.append(data)
        elif self._inside:
            self.page.prediction = data

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""


def _stops(values: Mapping[str, str], minimum: str) -> list[str]:
    """Where a slider can stand; left of ``minimum`` it means no answer."""
    first = int(minimum or values["min"])
    return [str(stop) for stop in range(first, int(values["max"]) + 1, int(values["step"]))]
