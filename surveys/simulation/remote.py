"""A browser without a screen that visits a running server over the network."""

from collections.abc import Mapping
from http.cookiejar import CookieJar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

from surveys.simulation.browser import FORM, Page, read_page

SECONDS = 60


class ServerError(ValueError):
    """A server that does not answer, or an invalid URL. The message says what to do."""


class RemoteBrowser:
    """A surveys.simulation.browser.Browser that works over HTTP. ``server`` is http://HOST:PORT."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ServerError(f"--server is {server!r}. Give a URL such as http://127.0.0.1:8000")
        self._server = f"{parts.scheme}://{parts.netloc}"
        self.forget()

    def forget(self) -> None:
        """Delete all cookies, so that the browser belongs to another person."""
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def open(self, path: str) -> Page:
        """Return the page at the path, after all redirects."""
        return self._ask(path)

    def send(self, page: Page, answers: Mapping[str, str]) -> Page:
        """Send the page's form with its hidden fields, and return the next page."""
        return self._ask(page.path, urlencode({**page.hidden, **answers}).encode())

    def _ask(self, path: str, form: bytes | None = None) -> Page:
        request = Request(  # noqa: S310  http or https: checked above
            self._server + path,
            data=form,
            headers={"Content-Type": FORM, "Origin": self._server, "Referer": self._server + path},
        )
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return read_page(_path(answer.url), answer.status, answer.read().decode())
        except HTTPError as refusal:
            return read_page(_path(refusal.url), refusal.code, refusal.read().decode())
        except URLError as error:
            raise ServerError(
                f"No server answers at {self._server} ({error.reason}). Start it on the same "
                "database, for example with manage.py runserver, or leave --server out."
            ) from error


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
