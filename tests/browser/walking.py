"""What a person does with a page in Chromium."""

from typing import TYPE_CHECKING

from surveys.models import Participant

if TYPE_CHECKING:
    from playwright.sync_api import Page


def ready(tab: "Page") -> None:
    """Wait until the page takes answers: all its pictures are painted."""
    tab.wait_for_selector("form[data-ready]")


def choose_first(tab: "Page") -> None:
    """The first answer of every question of the kind that must be answered."""
    if tab.locator("form[data-timed]").count():
        ready(tab)
    for group in tab.locator("fieldset[role=radiogroup]").all():
        group.locator("label").first.click()


def send(tab: "Page") -> None:
    """Press the button, and wait for the page to which that leads."""
    with tab.expect_navigation():
        tab.locator("form .actions button").first.click()


def send_and_be_told(tab: "Page", sign: str = ".errors") -> None:
    """Press the button, and wait for what the page says instead of going on."""
    tab.locator("form .actions button").first.click()
    tab.wait_for_selector(sign)


def begin(tab: "Page", address: str) -> Participant:
    """Consent, and arrive at the first page."""
    tab.goto(address)
    send(tab)
    return Participant.objects.get(code=tab.url.rstrip("/").split("/")[-1])


def walk(tab: "Page", pages: int) -> None:
    """Answer so many pages."""
    for _ in range(pages):
        choose_first(tab)
        send(tab)
