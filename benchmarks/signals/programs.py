"""Four kinds of programs that answer a study: by HTTP alone, by the page's elements, by pasting,
and at a person's pace with real mouse events.

None of them looks at pixels. The last two read the page's text, as programs with a language model
do, and do what it says, also where people do not see it.
"""

import random
import re
from html import unescape
from typing import TYPE_CHECKING, Any

from benchmarks.load import Person, Times
from benchmarks.signals.pages import is_consent, number_for, through
from benchmarks.signals.protocol import WalkError, Way

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ESSAY = (
    "The highlighted region matched the object in most of the pictures, which made the decision of "
    "the classifier easier to follow, although some of the maps were diffuse and hard to read."
)
BY_ELEMENTS = """
    (seed) => {
        let state = seed;
        const draw = (count) => {
            state = (state * 1103515245 + 12345) % 2147483648;
            return state % count;
        };
        for (const group of document.querySelectorAll("form fieldset[role=radiogroup]")) {
            const all = group.querySelectorAll("input[type=radio]");
            all[draw(all.length)].click();
        }
        for (const box of document.querySelectorAll("form[data-once] input[type=checkbox]")) {
            box.checked = true;
        }
        for (const slider of document.querySelectorAll("form input[type=range]")) {
            slider.value = slider.max;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
        }
        for (const text of document.querySelectorAll("form textarea, form input[type=text]")) {
            text.value = text.classList.contains("number") ? "8" : "A useful explanation.";
        }
        document.querySelector("form .actions button").click();
    }
"""


class _WithoutPictures(Person):
    """A walk that follows forms and asks for no picture. `page` is the last page's HTML."""

    page = ""

    def _open(self, method: str, address: str, body: str = "") -> tuple[str, str]:
        address, self.page = super()._open(method, address, body)
        return address, self.page

    def _load(self, address: str) -> None:
        """Leave the picture out."""


def by_http(browser: "Browser", address: str, seed: int, options: dict[str, Any]) -> str:
    """Walk by requests alone, without a browser, its scripts and the pictures."""
    person = _WithoutPictures(Times(), think=0.1, seed=seed, is_over=lambda: False)
    person.walk(address)
    code = re.search(r'<output class="code"[^>]*>([^<]+)<', person.page)
    if code is None:
        raise WalkError("The last page has no completion code.")
    return code[1].strip()


def by_elements(browser: "Browser", address: str, seed: int, options: dict[str, Any]) -> str:
    """Walk by a script in the page that clicks elements and sets values."""

    def answer(page: "Page", dice: random.Random) -> None:
        page.wait_for_timeout(200)
        page.evaluate(BY_ELEMENTS, dice.randrange(1, 10**6))

    return through(browser, address, seed, options, answer)


def by_paste(browser: "Browser", address: str, seed: int, options: dict[str, Any]) -> str:
    """Walk with the driver's clicks, reading the source, and paste every text."""

    def write(page: "Page", dice: random.Random, selector: str, text: str) -> None:
        page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
        page.locator(selector).focus()
        page.keyboard.press("Control+V")

    return through(
        browser, address, seed, options, lambda page, dice: _driven(page, dice, 0.3, write)
    )


def at_pace(browser: "Browser", address: str, seed: int, options: dict[str, Any]) -> str:
    """Walk with mouse moves and typed keys at a person's pace, reading the source."""

    def write(page: "Page", dice: random.Random, selector: str, text: str) -> None:
        page.locator(selector).focus()
        for sign in text[:60]:
            page.keyboard.press(sign, delay=dice.uniform(20, 60))
            page.wait_for_timeout(dice.uniform(20, 80))

    return through(
        browser, address, seed, options, lambda page, dice: _driven(page, dice, 0.6, write)
    )


def _driven(page: "Page", dice: random.Random, seconds: float, write: Any) -> None:
    """Answer the page with real mouse events, by what its source says."""
    if is_consent(page):
        for box in page.locator("form input[type=checkbox]").all():
            box.click()
        page.locator("form .actions button").first.click()
        return
    for group in page.locator("form fieldset[role=radiogroup]").all():
        page.wait_for_timeout(1000 * seconds * dice.lognormvariate(0, 0.4))
        options = group.locator("label.option")
        _press(page, options.nth(_asked_for(group.inner_html(), options.count(), dice)), dice)
    for slider in page.locator("form input[type=range]").all():
        slider.click()
    _obey(page)
    for field in page.locator("form textarea, form input[type=text]").all():
        if field.is_visible():
            is_number = "number" in (field.get_attribute("class") or "")
            text = number_for(field, dice) if is_number else ESSAY
            write(page, dice, f"[name='{field.get_attribute('name')}']", text)
    page.wait_for_timeout(1000 * seconds * dice.lognormvariate(0, 0.4))
    _press(page, page.locator("form .actions button").first, dice)


def _press(page: "Page", target: Any, dice: random.Random) -> None:
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y, steps=6)
    page.mouse.down()
    page.wait_for_timeout(dice.uniform(50, 110))
    page.mouse.up()


def _asked_for(html: str, count: int, dice: random.Random) -> int:
    """Return the option that the question names in quotation marks, else one by chance."""
    text = unescape(re.sub(r"<[^>]*>", " ", html))
    named = re.search(r"[“\"]([^”\"]+)[”\"]", text)
    labels = [unescape(one).strip() for one in re.findall(r"<span>([^<]*)", html)]
    return labels.index(named[1]) if named and named[1] in labels[:count] else dice.randrange(count)


def _obey(page: "Page") -> None:
    """Do what labels of fields that are not shown ask for, as an agent that reads the source."""
    for label in page.locator("form [hidden] label").all():
        field = page.locator(f"[id='{label.get_attribute('for')}']")
        number = re.search(r"\d{3,}", label.text_content() or "")
        if number:
            field.evaluate("(one, text) => { one.value = text; }", number[0])


DESKTOP = (("viewport", {"width": 1280, "height": 900}),)
WAYS = (
    Way("by_http", "HTTP only", "program", by_http),
    Way("by_elements", "script in the page", "program", by_elements, DESKTOP),
    Way("by_paste", "driven, pastes", "program", by_paste,
        (*DESKTOP, ("permissions", ["clipboard-read", "clipboard-write"]))),
    Way("at_pace", "driven at a person's pace", "program", at_pace, DESKTOP),
)  # fmt: skip
