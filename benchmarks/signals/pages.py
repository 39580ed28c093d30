"""What every walk through Chromium does: the consent, and one page after the other to the end."""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from playwright.sync_api import TimeoutError as SlowPageError

from benchmarks.signals.protocol import WalkError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

MOST_PAGES = 100
PATIENCE = 90
"""Seconds until a page must be there, also on a busy machine."""
UNMARKED = "Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => false});"
"""Hides the browser's own automation mark, in the walks of programs and of people alike."""
IS_NEW_PAGE = """() => !window.isAnswered && document.readyState === "complete"
    && document.querySelector("main")"""
PLACE = """element => {
    const box = element.getBoundingClientRect();
    return [box.left + scrollX, box.top + scrollY, box.right + scrollX, box.bottom + scrollY];
}"""
Answer = Callable[["Page", random.Random], None]


def through(
    browser: "Browser", address: str, seed: int, options: dict[str, Any], answer: Answer
) -> str:
    """Walk to the page with the completion code, and return it; `answer` answers one page.

    Raises WalkError if a page comes again, if another page is the end, or if there is no end.
    """
    dice = random.Random(seed)
    with new_page(browser, options) as page:
        page.goto(address)
        step = "the consent"
        for _ in range(MOST_PAGES):
            page.evaluate("() => { window.isAnswered = true; }")
            answer(page, dice)
            try:
                page.wait_for_function(IS_NEW_PAGE)
            except SlowPageError as error:
                raise _stopped(page, step) from error
            if page.locator("output.code").count():
                return page.locator("output.code").first.inner_text()
            if not page.locator("form[data-timed]").count():
                raise _stopped(page, step)
            page.wait_for_selector("form[data-ready]")
            before, step = step, page.locator("input[name=step]").input_value()
            if step == before:
                raise _stopped(page, step)
    raise WalkError(f"After {MOST_PAGES} pages the walk has not come to the end.")


def _stopped(page: "Page", step: str) -> WalkError:
    said = page.locator("main").inner_text()
    return WalkError(f"The walk stopped after {step!r}, where the page says:\n{said}")


@contextmanager
def new_page(browser: "Browser", options: dict[str, Any]) -> Iterator["Page"]:
    """Yield a page of a context of its own.

    `unmarked` among the options hides the mark; `scripts` run in each page before its own.
    """
    rest = {key: value for key, value in options.items() if key not in ("unmarked", "scripts")}
    context = browser.new_context(**rest)
    context.set_default_timeout(1000 * PATIENCE)
    if options.get("unmarked"):
        context.add_init_script(UNMARKED)
    for script in options.get("scripts", ()):
        context.add_init_script(script)
    try:
        yield context.new_page()
    finally:
        context.close()


def is_consent(page: "Page") -> bool:
    """Return whether the page asks for consent."""
    return page.locator("form[data-once]").count() > 0


def groups(page: "Page") -> int:
    """Return the number of questions with radio buttons."""
    return page.locator("form[data-timed] fieldset[role=radiogroup]").count()


def number_for(field: "Locator", dice: random.Random) -> str:
    """Return a whole number in the range that the hint of a number's field names."""
    hint = field.page.locator(f"[id='{field.get_attribute('id')}_help']").inner_text()
    least, most = (int(digits) for digits in re.findall(r"\d+", hint)[:2])
    return str(dice.randint(least, most))


def chosen(page: "Page", number: int, dice: random.Random) -> int:
    """Return which option of question `number` somebody who sees the page chooses, from 0."""
    if page.locator(".found-again").count():
        return found_again(page) - 1
    group = page.locator("form[data-timed] fieldset[role=radiogroup]").nth(number)
    return dice.randrange(group.locator("input[type=radio]").count())


def found_again(page: "Page") -> int:
    """Return which of the pictures on the screen is the one at the top, from 1, by its pixels.

    A person sees it; here the screen's greys are compared, which a program could do as well.
    """
    whole = Image.open(BytesIO(page.screenshot(full_page=True))).convert("L")
    factor = whole.width / page.evaluate("() => document.documentElement.clientWidth")
    shots = []
    for place in range(7):
        box = page.locator(f".tile-{place} img").evaluate(PLACE)
        cut = whole.crop(tuple(round(factor * edge) for edge in box))
        shots.append(np.asarray(cut.resize((96, 96))))
    wanted = np.fliplr(shots[0])
    edge = round(0.12 * wanted.shape[0])
    alike = []
    for shot in shots[1:]:
        part = Image.fromarray(shot[edge:-edge, edge:-edge]).resize(wanted.shape[::-1])
        alike.append(np.corrcoef(np.asarray(part).ravel(), wanted.ravel())[0, 1])
    return int(np.argmax(alike)) + 1
