"""Answers on a page that was not sent: they survive in this browser, and nobody else sees them."""

import time
from contextlib import suppress

import pytest

from surveys import services
from surveys.models import Participant
from tests.browser.conftest import CHROMIUM, leave
from tests.browser.walking import choose_first, ready, send
from tests.surveys.drawn import drawn_study
from tests.surveys.factories import walk

pytestmark = pytest.mark.browser
QUESTIONS = """
[[parts]]
kind = "questionnaire"
questionnaire = "comments-v1"
[[parts]]
kind = "questionnaire"
questionnaire = "load-v2"
[[parts]]
kind = "trials"
right = 2
wrong = 1
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('answers ')).length"


@pytest.fixture
def study(transactional_db, tmp_path, _data_in_a_folder_of_its_own):
    """A text page, a page of sliders, trials, and a scale."""
    return drawn_study(tmp_path, arms=("none", "gradcam"), parts=QUESTIONS)


@pytest.fixture
def page(chromium):
    """A page that may complain; leaving it is never asked about."""
    context = chromium.new_context()
    context.set_default_timeout(60_000)
    yield context.new_page()
    leave(context)


def somebody(study, key: str = "here", pages: int = 0) -> Participant:
    return walk(services.enrol(study=study, arrival_key=key), pages=pages)


def address(live_server, participant: Participant) -> str:
    return f"{live_server.url}/p/{participant.code}/"


def checked(page) -> list[str]:
    return page.locator("form input:checked").evaluate_all("all => all.map((one) => one.value)")


@pytest.mark.parametrize("way", ["refresh", pytest.param("no, go on", marks=pytest.mark.nightly)])
def test_answers_survive(page, live_server, study, way):
    here = somebody(study, pages=2)
    page.goto(address(live_server, here))
    ready(page)
    page.locator("fieldset").first.locator("label").nth(1).click()
    before = checked(page)
    if way == "refresh":
        page.reload()
    else:
        page.locator("footer a", has_text="Stop or withdraw").click()
        page.locator("a.button").first.click()
    ready(page)
    assert checked(page) == before
    choose_first(page)
    send(page)
    ready(page)
    assert page.evaluate(KEPT) == 0, "they are erased once they are stored"
    assert here.submissions.filter(step="trial:1").count() == 1


@pytest.mark.nightly
def test_texts_and_sliders_survive_and_untouched_sliders_stay_empty(page, live_server, study):
    here = somebody(study)
    page.goto(address(live_server, here))
    page.locator("textarea").first.fill("Half a thought")
    page.reload()
    assert page.locator("textarea").first.input_value() == "Half a thought"
    send(page)
    slider = page.locator("input[type=range]").first
    slider.press("ArrowRight")
    moved = slider.input_value()
    page.reload()
    ready(page)
    assert page.locator("input[type=range]").first.input_value() == moved
    empty = page.locator("[data-slider].empty").count()
    assert empty == page.locator("[data-slider]").count() - 1


def test_another_person_at_the_same_machine_sees_none_of_them(page, live_server, study):
    first, second = somebody(study, "first", pages=2), somebody(study, "second", pages=2)
    page.goto(address(live_server, first))
    choose_first(page)
    assert page.evaluate(KEPT) == 1
    page.goto(address(live_server, second))
    ready(page)
    assert checked(page) == []
    assert page.evaluate(KEPT) == 0
    page.goto(address(live_server, first))
    ready(page)
    assert checked(page) == [], "they are gone for good"


@pytest.mark.nightly
@pytest.mark.parametrize("leaving", ["consent", "stop"])
def test_they_are_erased_with_the_participation(page, live_server, study, leaving):
    here = somebody(study, pages=2)
    page.goto(address(live_server, here))
    choose_first(page)
    assert page.evaluate(KEPT) == 1
    if leaving == "stop":
        page.goto(f"{address(live_server, here)}withdraw/")
        assert page.evaluate(KEPT) == 1
        page.locator("button[value=stop]").click()
        page.wait_for_selector("h1:has-text('You have stopped')")
    else:
        page.goto(f"{live_server.url}/s/{study.slug}/")
    assert page.evaluate(KEPT) == 0


@pytest.mark.nightly
def test_answers_of_an_earlier_page_or_of_yesterday_are_not_put_back(page, live_server, study):
    here = somebody(study, pages=2)
    path = address(live_server, here)
    page.goto(path)
    choose_first(page)
    for change in ("kept.step = 'trial:9'", "kept.at -= 25 * 3600 * 1000"):
        key, kept = page.evaluate(
            "() => { const key = Object.keys(localStorage)[0];"
            " const kept = JSON.parse(localStorage.getItem(key));"
            f" {change}; return [key, JSON.stringify(kept)]; }}"
        )
        page.goto(f"{live_server.url}/no-such-page/")  # which keeps and erases nothing
        page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [key, kept])
        page.goto(path)
        ready(page)
        assert checked(page) == []
        choose_first(page)


@pytest.mark.nightly
@pytest.mark.nightly
def test_answers_survive_a_crash_of_the_browser(chromium, live_server, study, tmp_path):
    from playwright.sync_api import Error

    here = somebody(study, pages=2)
    playwright = chromium.browser_type
    options = {
        "executable_path": str(CHROMIUM),
        "args": ["--no-sandbox", "--disable-dev-shm-usage"],
    }
    context = playwright.launch_persistent_context(str(tmp_path / "profile"), **options)
    page = context.new_page()
    page.goto(address(live_server, here))
    choose_first(page)
    before = checked(page)
    time.sleep(8)  # Chromium writes its storage to the disk every few seconds
    session = context.new_cdp_session(page)
    with suppress(Error):  # nobody is left to answer
        session.send("Browser.crash")
    context = playwright.launch_persistent_context(str(tmp_path / "profile"), **options)
    page = context.new_page()
    page.goto(address(live_server, here))
    ready(page)
    assert checked(page) == before
    leave(context)
