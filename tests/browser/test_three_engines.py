"""The demo study from the consent to its last page, in Chromium, Firefox and WebKit."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from surveys.models import Answer, Participant
from tests.browser import drivers
from tests.surveys.drawn import shipped_study

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
WINDOWS = ((1280, 720), (500, 850))
"""Widths and heights. Firefox and WebKit do not make their windows narrower than about 500."""
READY = """
const form = document.querySelector("form[data-timed]");
return document.readyState === "complete" && (!form || form.hasAttribute("data-ready"));
"""
WIDER = "return document.documentElement.scrollWidth - document.documentElement.clientWidth;"
IS_PAGE = 'return document.querySelector("form [name=step]") !== null;'
STEP = 'return document.querySelector("form [name=step]")?.value + location.pathname;'
CHOOSE = """
for (const group of document.querySelectorAll("fieldset[role=radiogroup]"))
  group.querySelector("label").click();
"""
SEND = 'document.querySelector("form .actions button").click();'
FAIL = 'setTimeout(() => { throw new Error("a planted error"); });'


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def driver(request, tmp_path) -> Iterator[drivers.Driver]:
    opened: AbstractContextManager[drivers.Driver]
    if request.param == "chromium":
        opened = drivers.chromium(request.getfixturevalue("chromium"))
    else:
        folder = tmp_path / "profile"
        folder.mkdir()
        opened = getattr(drivers, request.param)(folder)
    with opened as driver:
        yield driver


def test_the_demo_is_walked_to_its_end(transactional_db, tmp_path, live_server, driver):
    study = shipped_study(tmp_path, "demo")
    driver.go(f"{live_server.url}/s/{study.slug}/")
    fits(driver)
    driver.run(SEND)
    until(driver, IS_PAGE, bool)
    pages = 0
    while driver.run(IS_PAGE):
        until(driver, READY, bool)
        fits(driver)
        here = driver.run(STEP)
        driver.run(CHOOSE)
        driver.run(SEND)
        until(driver, STEP, lambda step, here=here: step != here)
        until(driver, READY, bool)
        pages += 1
    fits(driver)
    person = Participant.objects.get()
    assert person.state == Participant.State.COMPLETED
    assert person.submissions.count() == pages
    assert Answer.objects.filter(submission__participant=person).exists()
    assert not person.trials.filter(submissions=None).exists()
    answered = person.submissions.exclude(trial=None)
    assert answered.count() == person.trials.count() > 0
    assert not answered.filter(response_time_ms=None).exists(), "the script has measured"
    if driver.errors() is None:  # WebKit's driver does not show the console
        return
    assert driver.errors() == []
    driver.run(FAIL)  # the control: an error would have been seen
    until(driver, "return 1;", lambda _: "a planted error" in "".join(driver.errors() or ()))


def fits(driver: drivers.Driver) -> None:
    """Assert that nothing is wider than the window, in a wide and in a narrow window."""
    for width, height in WINDOWS:
        driver.resize(width, height)
        until(driver, "return innerWidth;", lambda wide, width=width: abs(wide - width) < 60)
        assert driver.run(WIDER) <= 0, driver.run(STEP)


def until(driver: drivers.Driver, script: str, wanted: Callable[[object], bool]) -> object:
    """Run the script until its value is the wanted one. A page that is being left has no value."""
    end = time.monotonic() + drivers.SECONDS
    while time.monotonic() < end:
        try:
            if wanted(value := driver.run(script)):
                return value
        except RuntimeError:
            pass
        time.sleep(0.2)
    raise AssertionError(driver.run("return location.href + document.body.innerText;"))
