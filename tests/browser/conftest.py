"""Chromium, and a page in it that remembers what went wrong there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from studyplatform.models import StudyMember
from tests.conftest import missing
from tests.migrated import copy_sqlite
from tests.surveys.drawn import drawn_study

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

# Playwright's own loop runs in this thread, which Django takes for an asynchronous context.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
CHROMIUM = next(
    # Debian's shell is Chromium without a window, and takes about half of the processor time.
    (path for path in (Path("/usr/bin/chromium-headless-shell"),) if path.exists()),
    Path("/usr/bin/chromium"),
)


@contextmanager
def clicks_wait_for_documents() -> Iterator[None]:
    """Let every click return once the document to which it leads is loaded.

    Playwright's returns as soon as that document is begun, and a test that counts or measures
    elements then sees none of them on a busy machine.
    """
    from playwright.sync_api import Locator

    click = Locator.click

    def click_and_wait(locator: Locator, **options: object) -> None:
        click(locator, **options)
        if not locator.page.is_closed():
            locator.page.wait_for_load_state()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Locator, "click", click_and_wait)
        yield


@pytest.fixture(scope="package", autouse=True)
def _database_in_a_file(django_db_setup, django_db_blocker, tmp_path_factory):
    """A database as in use, to which each thread of the server has a connection of its own.

    All would share one to a database in memory, and a page's pictures are asked for at once.
    """
    options, at = connections.settings["default"]["OPTIONS"], connections.settings["default"]
    if at["ENGINE"] != "studyplatform.fair_sqlite":
        yield
        return
    with django_db_blocker.unblock():
        in_memory = connections["default"]
        name, command = at["NAME"], options["init_command"]
        at["NAME"] = str(tmp_path_factory.mktemp("browser") / "test.sqlite3")
        options["init_command"] = command.replace("FULL", "OFF")  # nothing waits for the disk
        copy_sqlite(name, at["NAME"])
        del connections["default"]  # not closed: what is in memory would be gone
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        at["NAME"], options["init_command"] = name, command
        connections["default"] = in_memory


@pytest.fixture(scope="package")
def live_server(_database_in_a_file):
    """pytest-django's, begun after the database is a file."""
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture(scope="package")
def chromium():
    """Closed after these tests, so that its loop and its memory are no burden to the others."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Playwright is not installed: pip install -r requirements-dev.txt")
    if not CHROMIUM.exists():
        missing(f"There is no {CHROMIUM}. Install Chromium.")
    with sync_playwright() as playwright, clicks_wait_for_documents():
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium):
    """A page at 390 by 844; the test fails when a script, a resource or the policy complains."""
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(60_000)
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    leave(context)
    assert complaints == []


@pytest.fixture
def page(chromium):
    """A page at 390 by 844, whatever its scripts and pictures say, where nothing moves."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def leave(context: "BrowserContext") -> None:
    """Close the context once nothing is being loaded: pages fetch the next pictures in advance, and
    the server must not be asked for any while the test's database is emptied."""
    from playwright.sync_api import Error

    for page in context.pages:
        with suppress(Error):
            page.wait_for_load_state("networkidle", timeout=5000)
    context.close()


@pytest.fixture
def study(transactional_db, tmp_path, _data_in_a_folder_of_its_own):
    return drawn_study(tmp_path)


@pytest.fixture
def address(live_server, study) -> str:
    return f"{live_server.url}/s/{study.slug}/"


@pytest.fixture
def cookie(study, live_server):
    """The session of somebody who owns the study."""
    owner = User.objects.create_user("owner")
    StudyMember.objects.create(
        study=study, user=owner, owner=True, see_data=True, make_changes=True
    )
    client = Client()
    client.force_login(owner)
    return {"name": "sessionid", "value": client.cookies["sessionid"].value,
            "url": live_server.url}  # fmt: skip
