"""The whole demo study by keyboard alone: Tab, Space, arrows, Enter and typing."""

import os

import pytest

from surveys.models import Answer, Participant
from surveys.pages import sequence
from tests.browser.walking import ready
from tests.surveys.drawn import shipped_study

pytestmark = pytest.mark.browser
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
MOST_TABS = 60
FOCUSED = """() => {
    const focused = document.activeElement;
    const shown = focused.closest(".option") ?? focused;
    const style = getComputedStyle(shown);
    const box = shown.getBoundingClientRect();
    return {
        tag: focused.tagName.toLowerCase(),
        type: focused.type ?? "",
        name: focused.name ?? "",
        checked: focused.checked ?? false,
        sends: focused.matches("form .actions button"),
        skips: focused.matches(".skip"),
        outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
}"""


@pytest.fixture
def study(transactional_db, tmp_path, _data_in_a_folder_of_its_own):
    return shipped_study(tmp_path, "demo")


def next_stop(tab) -> dict:
    """Tab once; where the focus is then, which must be seen."""
    tab.keyboard.press("Tab")
    stop = tab.evaluate(FOCUSED)
    assert stop["outlined"], (tab.url, stop)
    assert stop["inside"], (tab.url, stop)
    return stop


def answer_by_keyboard(tab) -> None:
    """Every question from the top of the page, then its button."""
    chosen = set()
    for _ in range(MOST_TABS):
        stop = next_stop(tab)
        if stop["sends"]:
            with tab.expect_navigation():
                tab.keyboard.press("Enter")
            return
        if stop["type"] == "radio" and stop["name"] not in chosen:
            tab.keyboard.press("Space")
            tab.keyboard.press("ArrowDown")
            chosen.add(stop["name"])
        elif stop["tag"] == "textarea":
            tab.keyboard.type("Typed.")
    raise AssertionError(f"{MOST_TABS} times Tab did not lead to the button of {tab.url}.")


def begin_by_keyboard(tab, address) -> Participant:
    """Past the link that skips to the page's main part, consent."""
    tab.goto(address)
    assert next_stop(tab)["skips"]
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"
    answer_by_keyboard(tab)
    return Participant.objects.get()


@pytest.mark.nightly
def test_the_first_pages_of_the_demo_study_by_keyboard_alone(tab, address, study):
    someone = begin_by_keyboard(tab, address)
    for _ in range(4):
        ready(tab)
        answer_by_keyboard(tab)
    ready(tab)
    kinds = [step.kind for step in sequence.steps(study)[:4]]
    assert "trial" in kinds
    assert someone.submissions.count() == 4


@pytest.mark.nightly
def test_the_whole_demo_study_by_keyboard_alone(tab, address, study):
    someone = begin_by_keyboard(tab, address)
    for _ in sequence.steps(study):
        ready(tab)
        answer_by_keyboard(tab)
    someone.refresh_from_db()
    assert someone.state == "completed"
    assert tab.locator("output.code").inner_text() == someone.completion_code
    assert Answer.objects.get(item="comment").value == "Typed."
    agreed = Answer.objects.filter(item="agreed").values_list("value", flat=True)
    assert list(agreed) == ["0"] * 12  # the second of two answers


def test_a_person_can_leave_by_keyboard_alone(tab, address):
    tab.goto(address)
    answer_by_keyboard(tab)
    ready(tab)
    while next_stop(tab)["tag"] != "a" or "withdraw" not in tab.evaluate(
        "document.activeElement.href"
    ):
        pass
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    while next_stop(tab)["tag"] != "button":
        pass
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    assert Participant.objects.get().state == "stopped"
