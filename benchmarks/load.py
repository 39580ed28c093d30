"""Load on any server of HTML forms: people who open a link, fill in pages, and load the pictures.

Run from the repository: .venv/bin/python -m benchmarks.load http://127.0.0.1:8000/s/demo/ 20 60

brings 20 people at once through the study, each followed by another, until 60 seconds have passed.
A third number is the think time in seconds before each page is sent (0 by default). The driver
knows HTML alone: it follows redirects, cookies and forms, answers by chance within what the fields
allow, and keeps pictures as the server's Cache-Control says. It depends on nothing of this project.
It loads servers of this machine only, with at most 500 people for at most ten minutes.
"""

import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

LOOPBACK = ("127.0.0.1", "localhost")
MOST_PEOPLE, MOST_SECONDS, MOST_PAGES = 500, 600, 500
PATIENCE = 60.0  # seconds for one answer
REDIRECTS = (301, 302, 303, 307, 308)
FORM = "application/x-www-form-urlencoded"


class WalkError(RuntimeError):
    """A page that a person cannot pass. The message says what the server did."""


@dataclass
class Form:
    """A form that is sent by POST."""

    action: str = ""
    fixed: list[tuple[str, str]] = field(default_factory=list)
    """Hidden fields, and the first button if it has a name."""
    choices: dict[str, list[str]] = field(default_factory=dict)
    """The values of radio buttons, boxes and lists by name."""
    numbers: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Least, greatest and step of sliders by name."""
    texts: dict[str, bool] = field(default_factory=dict)
    """Whether each text field, by name, takes a number."""
    has_button: bool = False


class Reader(HTMLParser):
    """Reads the first form that is sent by POST, and the addresses of the pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.form: Form | None = None
        self.pictures: list[str] = []
        self._inside: Form | None = None
        self._minimum = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._minimum = values.get("data-minimum", self._minimum)  # of the slider within
        if tag == "img" and "src" in values:
            self.pictures.append(values["src"])
        elif tag == "form" and values.get("method", "").lower() == "post" and self.form is None:
            self.form = self._inside = Form(values.get("action", ""))
        elif self._inside is not None:
            self._field(self._inside, tag, values)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None

    def _field(self, form: Form, tag: str, values: Mapping[str, str]) -> None:
        name, kind = values.get("name", ""), values.get("type", "text").lower()
        if tag == "button" and kind != "button" and not form.has_button:
            form.has_button = True
            if name:
                form.fixed.append((name, values.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "option" and values.get("value"):
            form.choices.setdefault(self._select, []).append(values["value"])
        elif tag == "textarea":
            form.texts[name] = False
        elif tag == "input" and name:
            self._input(form, name, kind, values)

    def _input(self, form: Form, name: str, kind: str, values: Mapping[str, str]) -> None:
        if kind == "hidden":
            form.fixed.append((name, values.get("value", "")))
        elif kind in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(values.get("value", "on"))
        elif kind == "range":
            least = int(self._minimum or values.get("min", "0"))
            form.numbers[name] = least, int(values.get("max", "100")), int(values.get("step", "1"))
        elif kind in ("text", "number", "email"):
            form.texts[name] = kind == "number" or values.get("inputmode") in ("numeric", "decimal")


def filled(form: Form, dice: random.Random) -> list[tuple[str, str]]:
    """Return the form's fields with an answer to every question, drawn by chance."""
    chosen = {name: dice.choice(values) for name, values in form.choices.items()}
    moved = {name: str(dice.randrange(a, b + 1, c)) for name, (a, b, c) in form.numbers.items()}
    written = {
        name: str(dice.randrange(1, 40)) if is_number else "an answer"
        for name, is_number in form.texts.items()
    }
    return [*form.fixed, *chosen.items(), *moved.items(), *written.items()]


@dataclass
class Times:
    """Times that all people of a run measured, in seconds."""

    steps: list[float] = field(default_factory=list)
    """From sending a page until the next one has arrived."""
    pictures: list[float] = field(default_factory=list)
    finished: int = 0
    moves: int = 0
    """How often a page was sent to another server than the one before."""
    errors: list[str] = field(default_factory=list)

    def summary(self, seconds: float) -> str:
        """Return the figures in a line."""
        per_second = len(self.steps) / seconds
        return (
            f"{self.finished} people finished, {len(self.steps)} page steps "
            f"({per_second:.1f} a second; median {1000 * statistics.median(self.steps):.0f} ms, "
            f"95 % {1000 * at_95(self.steps):.0f} ms), {len(self.pictures)} pictures, "
            f"{len(self.errors)} errors"
        )


def at_95(values: Sequence[float]) -> float:
    """Return the value below which 95 % of the values are."""
    return sorted(values)[int(0.95 * (len(values) - 1))]


class Person:
    """A browser without a screen: a connection, cookies, and kept pictures."""

    def __init__(
        self,
        times: Times,
        seed: int,
        think: float,
        is_over: Callable[[], bool],
        servers: Sequence[str] = (),
    ) -> None:
        self._times, self._think, self._is_over = times, think, is_over
        self._servers = servers
        self._dice = random.Random(seed)
        self._cookies: dict[str, str] = {}
        self._kept: set[str] = set()
        self._connection: HTTPConnection | None = None

    def walk(self, link: str) -> bool:
        """Go from the link to the page without a form, and return whether it was reached before
        the time was over. Raises WalkError for any other end."""
        try:
            address, html = self._open("GET", link)
            for _ in range(MOST_PAGES):
                page = Reader()
                page.feed(html)
                for picture in page.pictures:
                    self._load(urljoin(address, picture))
                if page.form is None or not page.form.has_button:
                    return True
                if self._is_over():
                    return False
                time.sleep(self._think * self._dice.uniform(0.5, 1.5))
                address, html = self._send(address, page.form)
            raise WalkError(f"After {MOST_PAGES} pages there is still another one.")
        finally:
            if self._connection is not None:
                self._connection.close()

    def _send(self, address: str, form: Form) -> tuple[str, str]:
        target = self._moved(urljoin(address, form.action))
        body = urlencode(filled(form, self._dice))
        begun = time.perf_counter()
        answer = self._open("POST", target, body)
        self._times.steps.append(time.perf_counter() - begun)
        return answer

    def _moved(self, address: str) -> str:
        """Return the address on one of the servers, drawn by chance, if there are several."""
        if not self._servers:
            return address
        server = self._dice.choice(self._servers)
        if server != urlsplit(address).netloc:
            self._times.moves += 1
            if self._connection is not None:
                self._connection.close()
                self._connection = None
        return urlsplit(address)._replace(netloc=server).geturl()

    def _open(self, method: str, address: str, body: str = "") -> tuple[str, str]:
        """Return the page's address after all redirects, and its HTML."""
        for _ in range(10):
            answer, content = self._request(method, address, body)
            if answer.status in REDIRECTS:
                method, body = "GET", ""
                address = urljoin(address, answer.headers["Location"])
                continue
            if answer.status != 200:
                raise WalkError(f"{method} was answered with status {answer.status}.")
            return address, content.decode()
        raise WalkError("There are more than ten redirects.")

    def _load(self, address: str) -> None:
        if address in self._kept:
            return
        begun = time.perf_counter()
        answer, content = self._request("GET", address)
        if answer.status != 200 or not content:
            raise WalkError(f"A picture was answered with status {answer.status}.")
        self._times.pictures.append(time.perf_counter() - begun)
        if "max-age" in answer.headers.get("Cache-Control", ""):
            self._kept.add(address)

    def _request(self, method: str, address: str, body: str = "") -> tuple[HTTPResponse, bytes]:
        parts = urlsplit(address)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if method == "POST":
            headers |= {"Content-Type": FORM, "Origin": f"{parts.scheme}://{parts.netloc}"}
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        for is_last in (False, True):
            if self._connection is None:
                self._connection = HTTPConnection(
                    parts.hostname or "", parts.port, timeout=PATIENCE
                )
            try:
                self._connection.request(method, path, body or None, headers)
                answer = self._connection.getresponse()
                content = answer.read()
                break
            except (HTTPException, OSError) as error:
                # As in a browser: a server may close a connection that nobody used for a while.
                self._connection.close()
                self._connection = None
                if is_last:
                    raise WalkError(f"{method} got no answer: {error!r}.") from error
        for line in answer.headers.get_all("Set-Cookie", ()):
            for name, cookie in SimpleCookie(line).items():
                self._cookies[name] = cookie.value
        return answer, content


def run(
    links: Callable[[], str],
    people: int,
    seconds: float,
    think: float = 0.0,
    each: int = 0,
    servers: Sequence[str] = (),
) -> Times:
    """Bring people through the pages, so many at once, and return what they measured.

    Each is followed by another until the time is over, or, if ``each`` is given, by so many.
    ``links`` returns the next person's link. With ``servers`` (host and port), each page is sent to
    one of them, drawn by chance. Raises ValueError beyond the driver's bounds.
    """
    if not (0 < people <= MOST_PEOPLE and 0 < seconds <= MOST_SECONDS):
        raise ValueError(f"Give at most {MOST_PEOPLE} people and {MOST_SECONDS} seconds.")
    times, end = Times(), time.monotonic() + seconds

    def is_over() -> bool:
        return time.monotonic() > end

    def go(number: int) -> None:
        for turn in range(each or 10_000):
            if is_over():
                return
            try:
                link = links()
                if urlsplit(link).hostname not in LOOPBACK:
                    raise ValueError(f"{link} is not on this machine.")
                if Person(times, 1000 * number + turn, think, is_over, servers).walk(link):
                    times.finished += 1
            except (WalkError, ValueError) as error:
                times.errors.append(str(error))
                return

    threads = [threading.Thread(target=go, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def main(link: str, people: int = 20, seconds: float = 60, think: float = 0) -> None:
    """Print the figures of a run."""
    begun = time.monotonic()
    times = run(lambda: link, people, seconds, think)
    print(times.summary(time.monotonic() - begun))
    for error in sorted(set(times.errors)):
        print(f"- {times.errors.count(error)} times: {error}")


if __name__ == "__main__":
    main(sys.argv[1], *(int(number) for number in sys.argv[2:]))
