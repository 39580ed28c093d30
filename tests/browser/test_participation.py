"""The pages in Chromium: with mouse, keyboard and script, on a phone's width."""

import pytest

from surveys.models import Answer, Event, Participant, Submission
from surveys.pages import sequence
from tests.browser import axe
from tests.browser.walking import begin, choose_first, ready, send, send_and_be_told, walk

pytestmark = pytest.mark.browser


@pytest.mark.nightly
def test_a_whole_participation_with_the_mouse(tab, address, study):
    participant = begin(tab, address)
    walk(tab, len(sequence.steps(study)))
    participant.refresh_from_db()
    assert participant.state == "completed"
    assert tab.locator("output.code").inner_text() == participant.completion_code
    times = Submission.objects.values_list("response_time_ms", flat=True)
    assert all(time is not None and 0 < time < 600_000 for time in times)


def test_a_whole_participation_with_the_keyboard(tab, address, study):
    participant = begin(tab, address)
    while tab.locator("form[data-timed]").count():
        ready(tab)
        tab.locator("form").evaluate(
            "form => form.querySelector('input:not([type=hidden]), textarea, button').focus()"
        )
        for _ in tab.locator("fieldset[role=radiogroup]").all():
            tab.keyboard.press("Space")
            tab.keyboard.press("ArrowRight")
            tab.keyboard.press("Tab")
        if tab.locator("textarea").count():
            tab.keyboard.type("Typed.")
            tab.keyboard.press("Tab")
        with tab.expect_navigation():
            tab.keyboard.press("Enter")
    participant.refresh_from_db()
    assert participant.state == "completed"
    assert Answer.objects.get(item="comment").value == "Typed."
    assert set(Answer.objects.filter(item="agreed").values_list("value", flat=True)) == {"0"}


def test_the_response_time_runs_from_the_painted_page(tab, address):
    begin(tab, address)
    choose_first(tab)
    tab.wait_for_timeout(700)
    send(tab)
    assert Submission.objects.get().response_time_ms > 650


def test_the_response_time_goes_on_after_a_missing_answer(tab, address):
    begin(tab, address)
    tab.wait_for_timeout(700)
    send_and_be_told(tab)
    assert tab.locator(".errors").evaluate("box => box === document.activeElement")
    choose_first(tab)
    send(tab)
    assert Submission.objects.get().response_time_ms > 650


def test_a_double_click_sends_the_page_once(tab, address):
    begin(tab, address)
    choose_first(tab)
    posts = []
    tab.on("request", lambda request: posts.append(request.url) if request.method == "POST" else 0)
    with tab.expect_navigation():
        tab.locator("form .actions button").first.dblclick(no_wait_after=True)
    tab.wait_for_load_state()
    assert len(posts) == 1
    assert Submission.objects.count() == 1
    assert not Event.objects.exists()


def test_two_submissions_in_a_row_are_one_request(tab, address):
    begin(tab, address)
    choose_first(tab)
    posts = []
    tab.on("request", lambda request: posts.append(request.url) if request.method == "POST" else 0)
    with tab.expect_navigation():
        tab.locator("form").evaluate("form => { form.requestSubmit(); form.requestSubmit(); }")
    assert len(posts) == 1


def test_a_double_click_on_the_consent_is_one_participation(tab, address):
    tab.goto(address)
    with tab.expect_navigation():
        tab.locator("form button").first.dblclick(no_wait_after=True)
    tab.wait_for_load_state()
    assert Participant.objects.count() == 1


def test_the_back_button_and_a_second_tab_do_no_harm(tab, address):
    begin(tab, address)
    second = tab.context.new_page()
    second.goto(tab.url)
    choose_first(second)
    walk(tab, 1)
    second.locator("label").nth(3).click()
    # The stale page, with another answer.
    send_and_be_told(second, "h1:has-text('already answered this page')")
    assert second.locator("h1").inner_text() == "You have already answered this page"
    second.locator("main a.button").click()
    assert second.locator("h1").inner_text() == "What you will see"
    tab.go_back()
    assert Submission.objects.count() == 1
    tab.goto(address)
    assert tab.locator("h1").inner_text() == "What you will see"


def test_without_a_script_the_pages_work_and_the_time_is_empty(chromium, address, study):
    context = chromium.new_context(java_script_enabled=False)
    context.set_default_timeout(60_000)
    page = context.new_page()
    participant = begin(page, address)
    for _ in sequence.steps(study):
        for group in page.locator("fieldset[role=radiogroup]").all():
            group.locator("label").first.click()
        send(page)
    participant.refresh_from_db()
    assert participant.state == "completed"
    assert set(Submission.objects.values_list("response_time_ms", flat=True)) == {None}
    context.close()


@pytest.mark.nightly
@pytest.mark.parametrize(
    "width",
    [320, *(pytest.param(width, marks=pytest.mark.nightly) for width in (390, 1280))],
)
def test_no_page_scrolls_sideways(tab, address, study, width):
    tab.set_viewport_size({"width": width, "height": 640})

    def check() -> None:
        assert axe.width(tab) <= width, tab.url

    tab.goto(address)
    check()
    begin(tab, address)
    ready(tab)
    send_and_be_told(tab)  # with every answer missing
    for _ in sequence.steps(study):
        ready(tab)
        check()
        walk(tab, 1)
    check()
    tab.goto(address.replace("/s/drawn/", "/"))
    check()


@pytest.mark.nightly
def test_the_picture_is_shown_at_ten_times_its_size_without_smoothing(tab, address):
    tab.set_viewport_size({"width": 1280, "height": 900})
    begin(tab, address)
    walk(tab, 2)
    picture = tab.locator("figure img").first
    box = picture.bounding_box()
    assert (box["width"], box["height"]) == (320, 320)
    style = picture.evaluate("image => getComputedStyle(image).imageRendering")
    assert style == "pixelated"


def test_answers_are_large_enough_for_a_finger(tab, address):
    tab.set_viewport_size({"width": 320, "height": 640})
    begin(tab, address)
    for label in tab.locator("label.option").all():
        box = label.bounding_box()
        assert box["height"] >= 44
        assert box["width"] >= 30
