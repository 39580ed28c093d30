"""Drivers of the three browser engines: navigate, resize, run a script, list errors.

Playwright cannot drive Debian's Firefox or WebKit. Firefox speaks Marionette over a socket: the
length of a message, a colon, and JSON. WebKit's driver speaks WebDriver over HTTP, and needs a
display, which Xvfb provides.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tests.conftest import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SECONDS = 120
"""Limit for a browser to start or to answer on a busy machine."""
SCREEN = "1400x1000x24"
FIREFOX_ERRORS = """
return Services.console.getMessageArray()
  .filter(message => message instanceof Ci.nsIScriptError
    && !(message.flags & Ci.nsIScriptError.warningFlag)
    && /^(http|moz-nullprincipal)/.test(message.sourceName))
  .map(message => message.errorMessage);
"""


class Driver(Protocol):
    """A browser with one window."""

    def go(self, url: str) -> None: ...
    def resize(self, width: int, height: int) -> None: ...

    def run(self, script: str) -> Any:
        """Run the body of a function in the page and return its value.

        RuntimeError: the page raised, or was left while the script ran.
        """

    def errors(self) -> list[str] | None:
        """Return the errors on the console so far, or None if the driver hides the console."""


class Playwright:
    """A page of Chromium."""

    def __init__(self, browser: "Browser") -> None:
        self.context = browser.new_context()
        self.page = self.context.new_page()
        self.written: list[str] = []
        self.page.on("console", lambda message: self.written.append(message.text))
        self.page.on("pageerror", lambda error: self.written.append(str(error)))

    def go(self, url: str) -> None:
        self.page.goto(url)

    def resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def run(self, script: str) -> Any:
        from playwright.sync_api import Error

        try:
            return self.page.evaluate("() => {" + script + "}")
        except Error as error:
            raise RuntimeError(error.message) from error

    def errors(self) -> list[str]:
        return self.written


class Marionette:
    """A session with Firefox."""

    def __init__(self, connection: socket.socket) -> None:
        self.file = connection.makefile("rwb")
        self.number = 0
        self._read()  # the greeting
        self._send("WebDriver:NewSession", {"capabilities": {}})

    def _read(self) -> Any:
        length = b""
        while (character := self.file.read(1)) != b":":
            if not character:
                raise RuntimeError("Firefox has closed the connection.")
            length += character
        return json.loads(self.file.read(int(length)))

    def _send(self, command: str, parameters: dict[str, Any]) -> Any:
        self.number += 1
        body = json.dumps([0, self.number, command, parameters]).encode()
        self.file.write(str(len(body)).encode() + b":" + body)
        self.file.flush()
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(f"{command}: {error['message']}")
        return result

    def go(self, url: str) -> None:
        self._send("WebDriver:Navigate", {"url": url})

    def resize(self, width: int, height: int) -> None:
        self._send("WebDriver:SetWindowRect", {"width": width, "height": height})

    def run(self, script: str) -> Any:
        return self._send("WebDriver:ExecuteScript", {"script": script, "args": []})["value"]

    def errors(self) -> list[str]:
        # The console belongs to the browser's own context, not to the page's.
        self._send("Marionette:SetContext", {"value": "chrome"})
        written = self.run(FIREFOX_ERRORS)
        self._send("Marionette:SetContext", {"value": "content"})
        return list(written)


class WebDriver:
    """A session with WebKit's driver."""

    def __init__(self, port: int, browser: Path) -> None:
        self.root = f"http://127.0.0.1:{port}/session"
        options = {"binary": str(browser), "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        session = self._ask("", {"capabilities": wanted})
        self.root += "/" + session["sessionId"]

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(
            self.root + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from error

    def go(self, url: str) -> None:
        self._ask("/url", {"url": url})

    def resize(self, width: int, height: int) -> None:
        self._ask("/window/rect", {"width": width, "height": height})

    def run(self, script: str) -> Any:
        return self._ask("/execute/sync", {"script": script, "args": []})

    def errors(self) -> None:
        """WebKit's driver does not show the console, and MiniBrowser does not write it either."""


@contextmanager
def chromium(browser: "Browser") -> Iterator[Driver]:
    """Open a context of the Chromium that the other tests use."""
    driver = Playwright(browser)
    yield driver
    driver.context.close()


@contextmanager
def firefox(folder: Path) -> Iterator[Driver]:
    """Start Debian's Firefox without a window. Skip the test where it is missing."""
    if shutil.which("firefox-esr") is None:
        missing("Firefox is not installed: apt-get install firefox-esr")
    port = free_port()
    (folder / "user.js").write_text(f'user_pref("marionette.port", {port});\n')
    command = ["firefox-esr", "--headless", "--marionette", "--remote-allow-system-access"]
    command += ["--no-remote", "--profile", str(folder)]
    with (
        started(command, os.environ | {"HOME": str(folder)}, folder / "log.txt"),
        connected(port) as connection,
    ):
        yield Marionette(connection)


@contextmanager
def webkit(folder: Path) -> Iterator[Driver]:
    """Start WebKitGTK's small browser on a display of its own. Skip the test where it is missing.

    The display's number is chosen by Xvfb, which writes it once it accepts connections.
    """
    browser = next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"), None)
    if shutil.which("WebKitWebDriver") is None or browser is None:
        missing("WebKit is not installed: apt-get install webkit2gtk-driver")
    if shutil.which("Xvfb") is None:
        missing("WebKit needs a display: apt-get install xvfb")
    port, shown = free_port(), folder / "display.txt"
    screen = ["Xvfb", "-displayfd", "1", "-screen", "0", SCREEN, "-nolisten", "tcp"]
    with started(screen, dict(os.environ), shown):
        display = ":" + written_to(shown)
        environment = os.environ | {
            "DISPLAY": display,
            "GDK_BACKEND": "x11",
            "HOME": str(folder),
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
        }
        command = ["WebKitWebDriver", f"--port={port}"]
        with started(command, environment, folder / "log.txt"):
            connected(port).close()
            yield WebDriver(port, browser)


@contextmanager
def started(command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """Run the command in a process group of its own, which ends with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=SECONDS)


def written_to(file: Path) -> str:
    """Return the first line of the file once it is complete."""
    end = time.monotonic() + SECONDS
    while not (text := file.read_text()).endswith("\n"):
        if time.monotonic() > end:
            raise TimeoutError(f"Nothing was written to {file}.")
        time.sleep(0.1)
    return text.split("\n", 1)[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def connected(port: int) -> socket.socket:
    """Return a connection to the port once a process accepts connections there."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
