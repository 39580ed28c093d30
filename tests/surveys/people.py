"""Walking the pages in tests, with the browser that the simulation uses, and its CSRF checks."""

from django.db import transaction

from surveys.models import Participant, Study
from surveys.simulation.browser import Browser, Page
from tests.surveys.factories import allocate, allocated


def first_answers(page: Page) -> dict[str, str]:
    """The first choice of every question; text stays empty."""
    return {name: values[0] if values else "" for name, values in page.questions.items()}


def begin(study: Study, browser: Browser | None = None) -> tuple[Browser, Page, Participant]:
    """Consent, and arrive at the first page."""
    browser = browser or Browser()
    page = browser.send(browser.open(f"/s/{study.slug}/"), {})
    return browser, page, who(page)


def who(page: Page) -> Participant:
    """Whose page it is."""
    return Participant.objects.get(code=page.path.split("/")[2])


def go_on(browser: Browser, page: Page, pages: int | None = None) -> Page:
    """Answer so many pages, or all that are left."""
    while "step" in page.hidden and (pages is None or pages > 0):
        page = browser.send(page, first_answers(page))
        pages = None if pages is None else pages - 1
    return page


def in_arm(study: Study, key: str) -> tuple[Browser, Page, Participant]:
    """A person whom chance puts into the arm: others arrive before, as many as it takes.

    Nobody else visits a page.
    """
    for number in range(30):
        with transaction.atomic():
            someone = allocated(study, f"before {key} {study.participants.count()} {number}")
            is_next = someone.arm.key == key
            if is_next:  # whoever comes instead of them draws the same
                transaction.set_rollback(True)
        if is_next:
            browser, page, participant = begin(study)
            assert allocate(participant).arm.key == key
            return browser, page, participant
    raise AssertionError(f"30 people arrived, and none came into the arm {key!r}.")
