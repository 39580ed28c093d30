"""How a person's hands choose, write and press: keys, fingers, mouse, and helpers of both."""

import random
from abc import ABC, abstractmethod
from math import hypot, log, sin
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

POINTING = 1.1
"""Seconds to point with a mouse (Card, Moran and Newell 1980, doi:10.1145/358886.358895)."""
KEY_REPEAT = (500, 33)
"""Milliseconds until a held key repeats, and between repetitions: usual settings of systems."""
NEIGHBOURS = "qwertyuiopasdfghjklzxcvbnm"


class Hands(ABC):
    """A person's way to operate the page. `doubts` multiplies how often an answer is changed."""

    doubts: ClassVar[float] = 1

    def __init__(self, page: "Page", dice: random.Random) -> None:
        self.page, self.dice = page, dice
        # Milliseconds between keys: 52 words a minute on average, and skewed (Dhakal, Feit,
        # Kristensson and Oulasvirta 2018, doi:10.1145/3173574.3174220).
        self.key_ms = dice.uniform(130, 260)

    @abstractmethod
    def choose(self, option: "Locator") -> None:
        """Choose a radio button or tick a box."""

    @abstractmethod
    def press(self, button: "Locator") -> None:
        """Press a button."""

    @abstractmethod
    def focus(self, field: "Locator") -> None:
        """Bring the cursor into a field."""

    def write(self, field: "Locator", text: str) -> None:
        """Type a text on keys, with slips."""
        self.focus(field)
        self.type(text)

    def detail(self, field: "Locator") -> None:
        """Fill a field for a detail of the person. Few need it."""
        if self.dice.random() < 0.2:
            self.write(field, self.dice.choice(("agender", "genderfluid", "trans man")))

    def comment(self, field: "Locator", text: str) -> None:
        """Write a comment."""
        self.write(field, text)

    def type(self, text: str) -> None:
        """Press a key for each letter; 3 of 100 are slips, which Backspace mends."""
        for letter in text:
            if letter.isalpha() and self.dice.random() < 0.03:
                self._key(self.dice.choice(NEIGHBOURS))
                self.pause(2 * self.key_ms)
                self._key("Backspace")
            self._key(letter)
            if letter == " ":
                self.pause(self.key_ms)

    def _key(self, key: str) -> None:
        down = self.dice.uniform(60, 140)
        self.page.keyboard.press(key, delay=down)
        self.pause(max(5, self.dice.lognormvariate(log(self.key_ms), 0.45) - down))

    def pause(self, milliseconds: float) -> None:
        """Wait, by a quarter more or less."""
        self.page.wait_for_timeout(milliseconds * self.dice.uniform(0.75, 1.25))


class Keys(Hands):
    """Keys alone: Tab, arrows, Space and Enter, and digits where the page offers them."""

    def __init__(self, page: "Page", dice: random.Random) -> None:
        super().__init__(page, dice)
        self.uses_digits = dice.random() < 0.5
        self.holds = dice.random() < 0.5

    def focus(self, field: "Locator") -> None:
        """Press Tab until the field has the focus; sometimes one too often, and back."""
        wanted = "element => element === document.activeElement"
        for _ in range(200):
            if field.evaluate(wanted):
                return
            backwards = field.evaluate(
                "element => document.activeElement !== document.body && Boolean("
                "document.activeElement.compareDocumentPosition(element)"
                " & Node.DOCUMENT_POSITION_PRECEDING)"
            )
            self._key("Shift+Tab" if backwards else "Tab")
        raise RuntimeError(f"Tab does not reach {field}.")

    def choose(self, option: "Locator") -> None:
        """Tick a box with Space; choose among radio buttons with arrows, a digit or Space."""
        if option.get_attribute("type") == "checkbox":
            self.focus(option)
            self._key("Space")
            return
        group = option.locator("xpath=ancestor::fieldset[1]").locator("input[type=radio]")
        ids = [str(one.get_attribute("id")) for one in group.all()]
        place = ids.index(str(option.get_attribute("id")))
        if self.uses_digits and place < 9 and self.page.locator("[data-keys]").is_visible():
            self._reach(ids)
            scale = option.locator("xpath=ancestor::*[contains(@class, 'scale')]").count()
            self._key(str(option.get_attribute("value")) if scale else str(place + 1))
            if option.is_checked():
                return
        here = self._reach(ids)
        if place == here:
            if not option.is_checked():
                self._key("Space")
            return
        key, times = ("ArrowDown", place - here) if place > here else ("ArrowUp", here - place)
        if self.holds and times > 3:
            self._hold(key, times)
        else:
            for _ in range(times):
                self._key(key)

    def _reach(self, ids: list[str]) -> int:
        """Tab into a group of radio buttons and return the place that then has the focus."""
        for _ in range(200):
            there = str(self.page.evaluate("() => document.activeElement.id"))
            if there in ids:
                return ids.index(there)
            first = self.page.locator(f"[id='{ids[0]}']")
            backwards = first.evaluate(
                "element => document.activeElement !== document.body && Boolean("
                "document.activeElement.compareDocumentPosition(element)"
                " & Node.DOCUMENT_POSITION_PRECEDING)"
            )
            self._key("Shift+Tab" if backwards else "Tab")
        raise RuntimeError(f"Tab does not reach the group of {ids[0]}.")

    def _hold(self, key: str, times: int) -> None:
        # A held key repeats at equal distances, so that answers follow each other like a clock.
        self.page.keyboard.down(key)
        self.page.wait_for_timeout(KEY_REPEAT[0])
        for _ in range(times - 1):
            self.page.keyboard.down(key)
            self.page.wait_for_timeout(KEY_REPEAT[1])
        self.page.keyboard.up(key)
        self.pause(200)

    def press(self, button: "Locator") -> None:
        """Tab to the button and press Enter or Space."""
        self.focus(button)
        self.page.keyboard.press(self.dice.choice(("Enter", "Enter", "Space")))


class Mouse(Hands):
    """A mouse, which moves in a bow and corrects itself, and a wheel."""

    def __init__(self, page: "Page", dice: random.Random) -> None:
        super().__init__(page, dice)
        self.at = (dice.uniform(50, 300), dice.uniform(50, 300))

    def choose(self, option: "Locator") -> None:
        """Click the label of an option."""
        self.click(option.locator("xpath=ancestor::label[1]"))

    def press(self, button: "Locator") -> None:
        """Click a button."""
        self.click(button)

    def focus(self, field: "Locator") -> None:
        """Click into a field."""
        self.click(field)

    def click(self, element: "Locator") -> None:
        """Scroll with the wheel, move to a place in the element, and click."""
        box = self._scrolled_to(element)
        x = box["x"] + box["width"] * self.dice.uniform(0.15, 0.6)
        y = box["y"] + box["height"] * self.dice.uniform(0.3, 0.7)
        self._move(x, y)
        self.pause(120)
        self.page.mouse.down()
        self.page.wait_for_timeout(self.dice.uniform(60, 130))
        self.page.mouse.up()

    def _scrolled_to(self, element: "Locator") -> "FloatRect":
        height = self.page.evaluate("() => innerHeight")
        for _ in range(150):
            box = element.bounding_box()
            if box is None:
                raise RuntimeError(f"{element} cannot be seen.")
            middle = box["y"] + box["height"] / 2
            if 0.05 * height < middle < 0.95 * height:
                return box
            before = self.page.evaluate("() => scrollY")
            self.scroll(100 if middle > height / 2 else -100)
            if self.page.evaluate("() => scrollY") == before and 0 < middle < height:
                return box
        raise RuntimeError(f"The wheel does not reach {element}.")

    def scroll(self, pixels: float) -> None:
        """Turn the wheel by a notch."""
        self.page.mouse.wheel(0, pixels)
        self.page.wait_for_timeout(self.dice.uniform(80, 250))

    def _move(self, x: float, y: float) -> None:
        # A minimum-jerk course (Flash and Hogan 1985), with a bow and a miss that is corrected.
        miss = (x + self.dice.gauss(0, 6), y + self.dice.gauss(0, 4))
        self._course(miss, self.dice.lognormvariate(log(POINTING * 0.75), 0.3))
        self._course((x, y), POINTING * 0.2)

    def _course(self, end: tuple[float, float], seconds: float) -> None:
        begin, steps = self.at, max(3, round(seconds * 10))
        length = hypot(end[0] - begin[0], end[1] - begin[1])
        bow = self.dice.gauss(0, 0.06) * length
        for step in range(1, steps + 1):
            share = step / steps
            along = share**3 * (10 - 15 * share + 6 * share**2)
            aside = bow * sin(3.14159 * along) / (length or 1)
            self.page.mouse.move(
                begin[0] + along * (end[0] - begin[0]) - aside * (end[1] - begin[1]),
                begin[1] + along * (end[1] - begin[1]) + aside * (end[0] - begin[0]),
            )
            self.page.wait_for_timeout(1000 * seconds / steps)
        self.at = end


class Listener(Mouse):
    """A screen reader's actions: trusted clicks before which no pointer, finger or key was.

    A headless browser has no interface for screen readers. The clicks are real ones, whose pointer,
    touch and movement events do not reach the page, as after a default action of that interface.
    """

    doubts: ClassVar[float] = 3
    HIDDEN: ClassVar[str] = """
        for (const type of ["pointerdown", "pointerup", "pointermove", "pointerover", "pointerout",
            "pointerenter", "pointerleave", "pointerrawupdate", "mousemove", "mouseover",
            "mouseout", "mouseenter", "mouseleave", "touchstart", "touchmove", "touchend"])
          addEventListener(type, (event) => event.stopImmediatePropagation(), true);
    """

    def click(self, element: "Locator") -> None:
        """Let the screen reader do the element's default action, after a pause to listen."""
        self.pause(self.dice.lognormvariate(log(700), 0.6))
        element.scroll_into_view_if_needed()
        element.click(delay=1)


class Finger(Hands):
    """A finger on a phone: taps, flicks, a keyboard that composes words, and dictation."""

    def __init__(self, page: "Page", dice: random.Random) -> None:
        super().__init__(page, dice)
        # 36 words a minute (Palin, Feit, Kim, Kristensson and Oulasvirta 2019,
        # doi:10.1145/3338286.3340120).
        self.key_ms = dice.uniform(200, 380)
        self.dictates = dice.random() < 0.33
        self.devtools = page.context.new_cdp_session(page)

    def choose(self, option: "Locator") -> None:
        """Tap the label of an option."""
        self._tap(option.locator("xpath=ancestor::label[1]"))

    def press(self, button: "Locator") -> None:
        """Tap a button."""
        self._tap(button)

    def focus(self, field: "Locator") -> None:
        """Tap into a field."""
        self._tap(field)

    def _tap(self, element: "Locator") -> None:
        box = self._flicked_to(element)
        x = box["x"] + box["width"] * self.dice.uniform(0.25, 0.6)
        y = box["y"] + box["height"] * self.dice.uniform(0.35, 0.65)
        point = {"x": x, "y": y, "radiusX": 11, "radiusY": 13, "force": self.dice.uniform(0.3, 0.8)}
        self._touch("touchStart", point)
        self.page.wait_for_timeout(self.dice.uniform(50, 120))
        self._touch("touchEnd", None)
        self.pause(150)

    def _flicked_to(self, element: "Locator") -> "FloatRect":
        height = self.page.evaluate("() => innerHeight")
        for _ in range(60):
            box = element.bounding_box()
            if box is None:
                raise RuntimeError(f"{element} cannot be seen.")
            middle = box["y"] + box["height"] / 2
            if 0.1 * height < middle < 0.9 * height:
                return box
            before = self.page.evaluate("() => scrollY")
            way = min(0.5 * height, abs(middle - height / 2)) * (1 if middle > height / 2 else -1)
            self._flick(way)
            if self.page.evaluate("() => scrollY") == before and 0 < middle < height:
                return box
        raise RuntimeError(f"Flicks do not reach {element}.")

    def _flick(self, way: float) -> None:
        x, y = 195 + self.dice.uniform(-40, 40), 390 + way / 2
        self._touch("touchStart", {"x": x, "y": y})
        steps = self.dice.randint(6, 10)
        for step in range(1, steps + 1):
            self._touch("touchMove", {"x": x + step, "y": y - way * step / steps})
            self.page.wait_for_timeout(16)
        self._touch("touchEnd", None)
        self.pause(500)

    def _touch(self, kind: str, point: dict[str, float] | None) -> None:
        points = [point] if point else []
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def write(self, field: "Locator", text: str) -> None:
        """Compose word by word; a word in four is finished by a tap on a suggestion."""
        self.focus(field)
        for word in text.split(" "):
            whole = word if word == text.split(" ")[-1] else f"{word} "
            typed = self.dice.randint(2, 3) if self.dice.random() < 0.25 else len(word)
            for letters in range(1, min(typed, len(word)) + 1):
                self._compose(word[:letters])
            self.devtools.send("Input.insertText", {"text": whole})
            self.pause(self.key_ms)

    def _compose(self, begun: str) -> None:
        # The keyboards of Android name no key: its code is 229.
        key = {"key": "Unidentified", "windowsVirtualKeyCode": 229}
        self.devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
        self.devtools.send(
            "Input.imeSetComposition",
            {"text": begun, "selectionStart": len(begun), "selectionEnd": len(begun)},
        )
        self.devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
        self.page.wait_for_timeout(self.dice.lognormvariate(log(self.key_ms), 0.4))

    def comment(self, field: "Locator", text: str) -> None:
        """Write or dictate: phrases then arrive without any key or touch."""
        if not self.dictates:
            self.write(field, text)
            return
        self.focus(field)
        self.pause(1500)
        words = text.split(" ")
        for first in range(0, len(words), 4):
            phrase = " ".join(words[first : first + 4])
            self.devtools.send("Input.insertText", {"text": f"{phrase} "})
            self.pause(1400)


class Manager(Mouse):
    """A mouse, a manager that fills in a person's details, and an ID that is pasted."""

    FILLS: ClassVar[str] = """(field, value) => {
        field.focus();
        for (const type of ["keydown", "keypress", "keyup"])
          field.dispatchEvent(new KeyboardEvent(type, { bubbles: true }));
        field.value = value;
        for (const type of ["input", "change"])
          field.dispatchEvent(new Event(type, { bubbles: true }));
        field.blur();
    }"""

    def __init__(self, page: "Page", dice: random.Random) -> None:
        super().__init__(page, dice)
        self.is_extension = dice.random() < 0.5
        self.devtools = page.context.new_cdp_session(page)
        self.id = "".join(dice.choice("0123456789abcdef") for _ in range(24))

    def detail(self, field: "Locator") -> None:
        """Let an extension's script, or the browser itself, fill the field; seldom delete that."""
        if self.is_extension:
            field.evaluate(self.FILLS, "Robin Example")
        else:
            self.focus(field)
            self.devtools.send("Input.insertText", {"text": "Robin Example"})
        self.pause(800)

    def comment(self, field: "Locator", text: str) -> None:
        """Paste the ID from the clipboard, and type the rest."""
        self.page.evaluate("text => navigator.clipboard.writeText(text)", self.id)
        self.focus(field)
        self.type("My id is ")
        self.pause(400)
        self.page.keyboard.press("Control+v", delay=70)
        self.pause(600)
        self.type(f". {text}")
