"""Six walks like a person's, through Playwright's real mouse, keys and touches.

They know nothing of the rules, and wait only as long as a person would at least. More walks belong
into `WAYS`; whoever writes them should not read the rules first.
"""

import random
from typing import TYPE_CHECKING, Any

from benchmarks.signals.pages import chosen, groups, is_consent, number_for, through
from benchmarks.signals.protocol import Way

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PLATFORM_ID = "5f2c8e1b9a7d4c0012ab34cd"
EXTENSION = """
    (text) => {
        const texts = "form input[type=text]:not(.number), form textarea";
        for (const field of document.querySelectorAll(texts)) {
            if (!field.checkVisibility()) continue;
            field.value = text;
            for (const kind of ["keydown", "input", "keyup", "change"]) {
                field.dispatchEvent(new Event(kind, { bubbles: true }));
            }
        }
    }
"""
REMARK = "I looked at the outline first, then at the colours of the map."


def _pause(page: "Page", dice: random.Random, seconds: float) -> None:
    """Wait: human times are skewed, many short and few long (log-normal)."""
    page.wait_for_timeout(1000 * seconds * dice.lognormvariate(0, 0.4))


def _by_mouse(page: "Page", target: "Locator", dice: random.Random) -> None:
    """Move the mouse to a place within the target, in steps, and press it for a while."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * dice.uniform(0.3, 0.7)
    y = box["y"] + box["height"] * dice.uniform(0.3, 0.7)
    page.mouse.move(x, y, steps=dice.randint(4, 9))
    page.mouse.down()
    page.wait_for_timeout(dice.uniform(50, 120))
    page.mouse.up()


def _texts(page: "Page") -> list["Locator"]:
    return [one for one in page.locator("form textarea, form input[type=text]").all()
            if one.is_visible()]  # fmt: skip


def _type(page: "Page", field: "Locator", dice: random.Random) -> None:
    field.focus()
    is_number = "number" in (field.get_attribute("class") or "")
    for sign in number_for(field, dice) if is_number else REMARK:
        page.keyboard.press(sign, delay=dice.uniform(20, 60))
        page.wait_for_timeout(dice.uniform(20, 90))


def _by_pointer(page: "Page", dice: random.Random, slowness: float, press: Any) -> None:
    if is_consent(page):
        for box in page.locator("form input[type=checkbox]").all():
            press(page, box, dice)
        _pause(page, dice, slowness)
        press(page, page.locator("form .actions button").first, dice)
        return
    for number in range(groups(page)):
        group = page.locator("form fieldset[role=radiogroup]").nth(number)
        wanted = chosen(page, number, dice)
        _pause(page, dice, slowness)
        press(page, group.locator("label.option").nth(wanted), dice)
    for slider in page.locator("form input[type=range]").all():
        press(page, slider, dice)
    for field in _texts(page):
        if not field.input_value():
            _type(page, field, dice)
    _pause(page, dice, slowness)
    press(page, page.locator("form .actions button").first, dice)


def mouse(browser: "Browser", address: str, seed: int, options: dict[str, Any]) -> None:
    """Walk with a mouse and a keyboard at a usual pace."""
    through(
        browser, address, seed, options, lambda page, dice: _by_pointer(page, dice, 0.5, _by_mouse)
    )


def slow(browser: "Browser", address: str, seed: int, options: dict[str, Any]) -> None:
    """Walk slowly: wait for seconds before each answer."""
    through(
        browser, address, seed, options, lambda page, dice: _by_pointer(page, dice, 1.5, _by_mouse)
    )


def touch(browser: "Browser", address: str, seed: int, options: dict[str, Any]) -> None:
    """Walk with a finger on a phone."""

    def tap(page: "Page", target: "Locator", dice: random.Random) -> None:
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        page.touchscreen.tap(
            box["x"] + box["width"] * dice.uniform(0.3, 0.7),
            box["y"] + box["height"] * dice.uniform(0.3, 0.7),
        )

    through(browser, address, seed, options, lambda page, dice: _by_pointer(page, dice, 0.5, tap))


def keyboard(browser: "Browser", address: str, seed: int, options: dict[str, Any]) -> None:
    """Walk with Tab, arrows, Space and Enter alone, without the number keys."""

    def press(page: "Page", key: str, dice: random.Random) -> None:
        page.keyboard.press(key, delay=dice.uniform(40, 90))
        page.wait_for_timeout(dice.uniform(60, 160))

    def to(page: "Page", target: "Locator", dice: random.Random) -> None:
        """Press Tab until the target, or another button of its group, has the focus."""
        for _ in range(80):
            if target.evaluate("(one) => one === document.activeElement || (one.type === 'radio' "
                               "&& document.activeElement?.name === one.name)"):  # fmt: skip
                return
            press(page, "Tab", dice)
        raise AssertionError("Tab does not lead to the field.")

    def answer(page: "Page", dice: random.Random) -> None:
        for box in page.locator("form input[type=checkbox]").all() if is_consent(page) else ():
            to(page, box, dice)
            press(page, "Space", dice)
        for number in range(0 if is_consent(page) else groups(page)):
            group = page.locator("form fieldset[role=radiogroup]").nth(number)
            wanted = chosen(page, number, dice)
            radio = group.locator("input[type=radio]")
            to(page, radio.first, dice)
            _pause(page, dice, 0.4)
            press(page, "Space", dice)
            for _ in range(wanted):
                press(page, "ArrowDown", dice)
        for slider in page.locator("form[data-timed] input[type=range]").all():
            to(page, slider, dice)
            for _ in range(dice.randint(1, 4)):
                press(page, "ArrowRight", dice)
        for field in [] if is_consent(page) else _texts(page):
            to(page, field, dice)
            _type(page, field, dice)
        to(page, page.locator("form .actions button").first, dice)
        press(page, "Enter", dice)

    through(browser, address, seed, options, answer)


def pasting(browser: "Browser", address: str, seed: int, options: dict[str, Any]) -> None:
    """Walk with a mouse at 200 % zoom, and paste the platform's id into every text."""

    def answer(page: "Page", dice: random.Random) -> None:
        for field in [] if is_consent(page) else _texts(page):
            if "number" in (field.get_attribute("class") or ""):
                continue
            page.evaluate("(text) => navigator.clipboard.writeText(text)", PLATFORM_ID)
            field.focus()
            page.keyboard.press("Control+V", delay=60)
        _by_pointer(page, dice, 0.5, _by_mouse)

    through(browser, address, seed, options, answer)


def filled(browser: "Browser", address: str, seed: int, options: dict[str, Any]) -> None:
    """Walk with a mouse while an extension, as password managers do, fills the text fields."""

    def answer(page: "Page", dice: random.Random) -> None:
        if not is_consent(page):
            page.evaluate(EXTENSION, PLATFORM_ID)
        _by_pointer(page, dice, 0.5, _by_mouse)

    through(browser, address, seed, options, answer)


DESKTOP = (("viewport", {"width": 1280, "height": 900}),)
WAYS = (
    Way("mouse", "mouse and keyboard", "person", mouse, DESKTOP),
    Way("slow", "slow", "person", slow, DESKTOP),
    Way("touch", "finger on a phone", "person", touch,
        (("viewport", {"width": 390, "height": 844}), ("has_touch", True), ("is_mobile", True))),
    Way("keyboard", "keyboard only", "person", keyboard, DESKTOP),
    Way("pasting", "200 % zoom, pastes the id", "person", pasting,
        (("viewport", {"width": 640, "height": 450}), ("device_scale_factor", 2),
         ("permissions", ["clipboard-read", "clipboard-write"]))),
    Way("filled", "an extension fills texts", "person", filled, DESKTOP),
)  # fmt: skip
