"""Five kinds of people who walk through the study, written before the rules' code was read.

Each walk draws a person: how fast the person reads, types and decides, and whether the person reads
everything, skims, or skips long texts. docs/signals.md says where the distributions come from.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp, log
from typing import TYPE_CHECKING, Any

from benchmarks.signals.hands import Finger, Hands, Keys, Listener, Manager, Mouse
from benchmarks.signals.pages import chosen, is_consent, number_for, through
from benchmarks.signals.protocol import Way

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

READ_WORDS = 238
"""Words a minute (Brysbaert 2019, doi:10.1016/j.jml.2019.104047: silent reading, non-fiction)."""
MENTAL_STEP = 0.9
"""Seconds, median. Card, Moran and Newell's mean is 1.35 (1980, doi:10.1145/358886.358895)."""
READ_AT_MOST, READ_OF_ITEM = 24, 8
"""Words of a page and of a question that a person reads. Slower people are easier to tell apart
from programs, so that these are quick ones."""
MISTAKES = 0.08
"""Share of people who do not find the picture that is shown again. An assumption."""
REASONS = (
    "the outline looked right",
    "I was not sure because the picture is blurred",
    "wrong shape",
    "colours match",
    "it could also be something else, but the edges fit",
    "looked at the dark part",
)
COMMENTS = (
    "The maps were sometimes hard to read.",
    "No problems. I mostly trusted my own eyes.",
    "took a bit long, but interesting!",
    "I accepted the answer when the bright part lay on the object.",
)
WORDS = """element => element.innerText.split(/\\s+/).filter(Boolean).length"""


def walk(
    hands: Callable[["Page", random.Random], Hands], slowness: float = 1
) -> Callable[["Browser", str, int, dict[str, Any]], str]:
    """Return the walk of a person with such hands; `slowness` multiplies all pauses."""

    def whole(browser: "Browser", address: str, seed: int, options: dict[str, Any]) -> str:
        person: list[Person] = []

        def answer(page: "Page", dice: random.Random) -> None:
            if not person:
                person.append(Person.drawn(dice, hands(page, dice), slowness))
            person[0].answer(page)

        return through(browser, address, seed, options, answer)

    return whole


@dataclass
class Person:
    """A person's pace, in seconds a word and as a factor of all decisions, and habits."""

    dice: random.Random
    hands: Hands
    word: float
    pace: float
    skips: bool
    known: set[str] = field(default_factory=set)

    @classmethod
    def drawn(cls, dice: random.Random, hands: Hands, slowness: float) -> "Person":
        """Draw a person: a third reads, a third skims at four times the speed, a third skips."""
        habit = dice.choice(("reads", "skims", "skips"))
        word = slowness * 60 / READ_WORDS * exp(dice.gauss(0, 0.2))
        pace = slowness * exp(dice.gauss(0, 0.25))
        return cls(dice, hands, word if habit == "reads" else word / 4, pace, habit == "skips")

    def answer(self, page: "Page") -> None:
        """Read the page, answer its questions, and send it."""
        self._read(page)
        if is_consent(page):
            for check in page.locator("input[type=checkbox]").all():
                self._think()
                self.hands.choose(check)
            self.hands.press(page.locator("form[data-once] .actions button").first)
            return
        for question in page.locator("form[data-timed] fieldset").all():
            self._answer_question(page, question)
        self._think(0.5)
        self.hands.press(page.locator("[data-continue]"))

    def _read(self, page: "Page") -> None:
        # The words of a page that comes again, such as a trial's, are known.
        heading = page.locator("main h1").first.text_content() or ""
        if not self._is_new(re.sub(r"\d+", "", heading)):
            self._wait(0.8)
            return
        words = page.locator("main").evaluate(WORDS)
        if self.skips and not page.locator("fieldset[role=radiogroup]").count():
            self._wait(self.dice.uniform(3, 6))
        else:
            self._wait(max(0.8, self.word * min(words, READ_AT_MOST)))

    def _is_new(self, text: str) -> bool:
        is_new = text not in self.known
        self.known.add(text)
        return is_new

    def _answer_question(self, page: "Page", question: "Locator") -> None:
        if not question.is_visible() or question.get_attribute("class") == "agreed":
            return
        legend = question.locator("legend").first
        if self._is_new(legend.text_content() or ""):
            self._wait(self.word * min(READ_OF_ITEM, legend.evaluate(WORDS)))
        self._think()
        if question.get_attribute("role") == "radiogroup":
            self._choose(page, question)
        elif question.locator("input[type=checkbox]").count():
            boxes = question.locator("input[type=checkbox]")
            self.hands.choose(boxes.nth(self.dice.randrange(boxes.count())))
        elif question.locator("input.number").count():
            digits = number_for(question.locator("input.number"), self.dice)
            self.hands.write(question.locator("input.number"), digits)
        elif question.locator("textarea").count():
            self._comment(question.locator("textarea"))
        elif question.locator("input[type=text]").count():
            self.hands.detail(question.locator("input[type=text]"))

    def _choose(self, page: "Page", question: "Locator") -> None:
        answers = question.locator("input[type=radio]")
        count = answers.count()
        if page.locator(".found-again").count():
            self._wait(self.dice.uniform(1.5, 6))
            right = chosen(page, 0, self.dice)
            wanted = self.dice.randrange(count) if self.dice.random() < MISTAKES else right
        elif question.get_attribute("aria-required") is None and self.dice.random() < 0.1:
            return
        else:
            wanted = self.dice.randrange(count)
        if page.locator("form img, .seen img").count():
            self._wait(self.dice.uniform(0.8, 3))
        if self.dice.random() < 0.05 * self.hands.doubts:
            self.hands.choose(answers.nth(self.dice.randrange(count)))
            self._think(2)
        self.hands.choose(answers.nth(wanted))

    def _comment(self, field: "Locator") -> None:
        is_reason = "comment" not in str(field.get_attribute("name"))
        if self.dice.random() < (0.67 if is_reason else 0.33):
            return
        self._think()
        self.hands.comment(field, self.dice.choice(REASONS if is_reason else COMMENTS))

    def _think(self, times: float = 1) -> None:
        self._wait(times * self.pace * self.dice.lognormvariate(log(MENTAL_STEP), 0.5))

    def _wait(self, seconds: float) -> None:
        self.hands.page.wait_for_timeout(1000 * seconds)


WAYS = (
    Way("keyboard", "keyboard only", "person", walk(Keys)),
    Way(
        "phone",
        "touch on a phone, with suggestions and dictation",
        "person",
        walk(Finger),
        (
            ("viewport", {"width": 390, "height": 780}),
            ("device_scale_factor", 3),
            ("is_mobile", True),
            ("has_touch", True),
        ),
    ),
    Way(
        "listener",
        "slow, hesitating, with a screen reader’s actions",
        "person",
        walk(Listener, slowness=1.7),
        (("scripts", (Listener.HIDDEN,)),),
    ),
    Way(
        "zoom",
        "mouse at a zoom of 200 %",
        "person",
        walk(Mouse),
        (("viewport", {"width": 640, "height": 400}), ("device_scale_factor", 2)),
    ),
    Way(
        "manager",
        "a password manager fills, and the ID is pasted",
        "person",
        walk(Manager),
        (("permissions", ("clipboard-read", "clipboard-write")),),
    ),
)
