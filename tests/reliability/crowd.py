"""People at once who only follow forms, as browsers do, and send again what got no answer."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from random import Random
from urllib.parse import urlencode, urlsplit

from surveys.simulation.browser import FORM, Page, read_page

SLUG = "crowded"
# Seconds for which somebody sends a page again before giving up. While the disk is full, a command
# is started, which takes a minute on a machine that is busy with other things.
PATIENCE = 300.0
PAUSE = 0.2  # seconds until it is sent again, as the page's own script waits


@dataclass(frozen=True)
class Acknowledged:
    """A page that the server has confirmed by sending the person on."""

    code: str
    step: str
    answers: dict[str, str]


@dataclass
class Told:
    """What the people of a crowd saw, which grows while they go through the study."""

    pages: list[Acknowledged] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    sent_again: list[int] = field(default_factory=list)
    """The status of each answer that says that the server failed; 0 where there was none."""
    refused: list[str] = field(default_factory=list)
    """Statuses with which a page was refused, and people who gave up."""
    waits: list[float] = field(default_factory=list)
    """Seconds until each request was answered, all attempts together."""

    @property
    def people(self) -> set[str]:
        return {page.code for page in self.pages}


def walk_through(told: Told, port: int, people: int, at_once: int, seed: int) -> None:
    """Let the people go through the study, so many at a time."""
    crowd = [Person(told, port, Random(seed * 10_000 + number)) for number in range(people)]
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(Person.go_through, crowd))


class Person:
    """Somebody with a browser: cookies, the page, and the answers to it."""

    def __init__(self, told: Told, port: int, chance: Random) -> None:
        self._told = told
        self._port = port
        self._chance = chance
        self._cookies: dict[str, str] = {}

    def go_through(self) -> None:
        """Consent, and answer pages until there is none left or the server refuses one."""
        page = self._open(f"/s/{SLUG}/")
        while page is not None and ("step" in page.hidden or "arrival_key" in page.hidden):
            answers = {name: self._answer(options) for name, options in page.questions.items()}
            status, location, _ = self._ask(page.path, {**page.hidden, **answers})
            if status != 303:
                self._told.refused.append(f"{status} for {page.hidden.get('step', 'the consent')}")
                return
            if "step" in page.hidden:
                code = page.path.split("/")[2]
                self._told.pages.append(Acknowledged(code, page.hidden["step"], answers))
            page = self._open(location)
        if page is not None:
            self._told.completed.append(page.path)

    def _answer(self, options: list[str]) -> str:
        # Text that nobody else writes: an answer stored with another person would be noticed.
        return self._chance.choice(options) if options else f"text {self._chance.random()}"

    def _open(self, path: str) -> Page | None:
        for _ in range(5):
            status, location, text = self._ask(path)
            if status not in {301, 302, 303}:
                break
            path = location
        if status != 200:
            self._told.refused.append(f"{status} for a page")
            return None
        return read_page(path, status, text)

    def _ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Ask until there is an answer that does not say that the server failed."""
        begun = time.monotonic()
        while True:
            try:
                answer = self._ask_once(path, form)
            except (OSError, HTTPException) as error:
                answer = (0, "", repr(error))
            waited = time.monotonic() - begun
            if 0 < answer[0] < 500 or waited > PATIENCE:
                self._told.waits.append(waited)
                return answer
            self._told.sent_again.append(answer[0])
            time.sleep(PAUSE)

    def _ask_once(self, path: str, form: dict[str, str] | None) -> tuple[int, str, str]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        origin = f"http://127.0.0.1:{self._port}"
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "Connection": "close",
        }
        if form is not None:
            headers |= {"Content-Type": FORM, "Origin": origin, "Referer": origin + path}
        try:
            body = None if form is None else urlencode(form)
            connection.request("GET" if form is None else "POST", path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        parts = urlsplit(response.getheader("Location") or "")
        location = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return response.status, location, text
