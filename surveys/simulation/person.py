"""A synthetic person, who reads a page and answers it according to a profile."""

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from surveys import questionnaires, quizzes
from surveys.pages.uncovering import FIELD
from surveys.questionnaires.base import DOES_NOT_APPLY, Item
from surveys.simulation.browser import Page
from surveys.simulation.looking import centre, path
from surveys.simulation.profile import Effect, Profile
from surveys.simulation.styles import base_of, shift_of, style_of

COMMENT_SHARE = 0.2
DIAGNOSIS_SHARE = 0.25  # of trials in which a synthetic person answers the optional question
RETURNING = 0.8  # share of synthetic people who come back for a later session
NO_EFFECT = Effect()


@dataclass(frozen=True)
class Shown:
    """Contents of a trial: its true class, its predicted class, and the effect of its arm.

    ``map``: the position of the predicted class's map among several. ``looks``: how much people
    look at each cell of the image when they uncover it; see ``surveys.simulation.looking``.
    """

    true_class: str
    predicted_class: str
    stimulus: int
    effect: Effect
    map: str = ""
    looks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A reader's knowledge of a page without seeing its images.

    ``instructed``: the answer that an attention check asks for. ``effect``: the effect of the arm
    in the page's block.
    """

    questionnaire: str = ""
    instructed: str = ""
    effect: Effect = NO_EFFECT


class Person:
    """A synthetic person, whose every random draw comes from a single seed."""

    def __init__(self, profile: Profile, seed: int, number: int) -> None:
        self._profile, self._seed, self._number = profile, seed, number
        self._effect = NO_EFFECT
        self._shown: Mapping[str, Shown] = {}
        self._random = random.Random(f"person {seed} {number}")  # noqa: S311
        spread = profile.spread
        self.style = style_of(profile, random.Random(f"style {seed} {number}"))  # noqa: S311
        self._base = base_of(profile.base, self.style)
        self._agreement = self._random.gauss(0, spread.agreement_person) + shift_of(self.style)
        self._sureness = self._random.gauss(0, spread.sureness_person)
        self._speed = self._random.gauss(0, spread.seconds / 2)
        self._opinions: dict[str, float] = {}
        self._own: dict[str, str] = {}
        self._persistence = self._random.random()
        self.stops = self._random.random() < 1 / 3
        self._patience = self._random.random()

    def meets(self, effect: Effect, shown: Mapping[str, Shown]) -> None:
        """Tell the person the effect of the condition, and what each picture shows, by its code."""
        self._effect, self._shown = effect, shown

    @property
    def quits(self) -> bool:
        """Return whether the person leaves before the end."""
        return self._persistence < self._base.quits + self._effect.quits

    def returns(self) -> bool:
        """Return whether the person comes back for a later session, as most people do."""
        return self._random.random() < RETURNING

    @property
    def clicks(self) -> int:
        """Return how often the person presses the button of a page."""
        return 2 if self.style == "double_clicking" else 1

    def gives_up_at(self, number: int, total: int) -> bool:
        """Return whether the person quits at page ``number`` of ``total`` without answering it."""
        return self.quits and number > self._patience * total

    def answer(self, page: Page, reading: Reading) -> dict[str, str]:
        """Return the fields to send, with the response time. Most text questions stay empty."""
        shown = self._seen(page)
        effect = shown.effect if shown else reading.effect
        fields = {"response_time_ms": f"{1000 * self._seconds(effect):.1f}"}
        if FIELD in page.hidden and shown is not None:
            # A draw of its own, so that no other answer depends on the task.
            chance = random.Random(f"looks {self._seed} {self._number} {shown.stimulus}")  # noqa: S311
            fields[FIELD] = json.dumps(path(shown.looks or centre(), chance))
        asked = _items(reading.questionnaire)
        for name, values in page.questions.items():
            fields[name] = self._field(name, values, page, shown, reading, asked.get(name), effect)
        return fields

    def _field(
        self,
        name: str,
        values: list[str],
        page: Page,
        shown: Shown | None,
        reading: Reading,
        item: Item | None,
        effect: Effect,
    ) -> str:
        if item is not None and item.range is not None:
            number = self._random.uniform(item.range.minimum, item.range.maximum)
            return f"{number:.{item.range.decimals}f}"
        if name == "free_text":  # may be required
            return "A synthetic thought."
        if not values:
            return "A synthetic comment." if self._random.random() < COMMENT_SHARE else ""
        # Attention checks come before the style: a straight-liner who reads passes them, too.
        if reading.instructed:
            careful = self._random.random() < self._base.attentive
            return reading.instructed if careful else self._random.choice(values)
        if self.style == "straight_lining":
            return values[-1]
        if self.style == "random":
            return self._random.choice(values)
        decide = TASKS.get(name)
        if shown is not None and decide is not None:
            return decide(self, shown, values, page.prediction, effect)
        if right := _quiz_answer(name, values):
            knows = self._random.random() < self._base.quiz
            return right if knows else self._random.choice(values)
        return self._opinion_answer(item, values, effect)

    def _seen(self, page: Page) -> Shown | None:
        """Return what the page's first picture shows, if it belongs to a trial."""
        codes = [picture.split("/")[-2] for picture in page.pictures]
        return next((self._shown[code] for code in codes if code in self._shown), None)

    def _accept(self, shown: Shown, values: list[str], prediction: str, effect: Effect) -> str:
        return "1" if self._follows(shown, effect) else "0"

    def _follows(self, shown: Shown, effect: Effect) -> bool:
        """Return whether the person accepts the classifier's answer."""
        return self._chance(self._agreement_odds(shown, effect))

    def _agreement_odds(self, shown: Shown, effect: Effect) -> float:
        right = shown.predicted_class == shown.true_class
        odds = _log_odds(self._base.agree_right if right else self._base.agree_wrong)
        odds += effect.agree_right if right else effect.agree_wrong
        return odds + self._agreement + self._difficulty(shown.stimulus)

    def _rate(self, shown: Shown, values: list[str], prediction: str, effect: Effect) -> str:
        odds = self._agreement_odds(shown, effect) + self._random.gauss(0, 1.0)
        return values[sum(odds > bound for bound in (-1.2, 0.0, 1.2))]

    def _first(self, shown: Shown, values: list[str], prediction: str, effect: Effect) -> str:
        """Return the class that the person sees without help: the true class, or another."""
        sees = self._chance(_log_odds(self._base.sees) - self._difficulty(shown.stimulus))
        others = [value for value in values if value != shown.true_class]
        answer = shown.true_class if sees else self._random.choice(others)
        self._own[shown.true_class + str(shown.stimulus)] = answer
        return answer

    def _final(self, shown: Shown, values: list[str], prediction: str, effect: Effect) -> str:
        """Return the classifier's answer if the person follows it, else the person's own answer."""
        key = shown.true_class + str(shown.stimulus)
        answer = self._own.get(key) or self._first(shown, values, prediction, effect)
        if not prediction or shown.predicted_class == answer:
            return answer
        return shown.predicted_class if self._follows(shown, effect) else answer

    def _guess(self, shown: Shown, values: list[str], prediction: str, effect: Effect) -> str:
        odds = _log_odds(self._base.guess) + effect.guess
        if self._chance(odds + self._difficulty(shown.stimulus)):
            return shown.predicted_class
        return self._random.choice([name for name in values if name != shown.predicted_class])

    def _choose_map(self, shown: Shown, values: list[str], prediction: str, effect: Effect) -> str:
        odds = _log_odds(self._base.distinguish) + effect.distinguish
        if self._chance(odds + self._difficulty(shown.stimulus)):
            return shown.map
        return self._random.choice([place for place in values if place != shown.map])

    def _sure(self, shown: Shown, values: list[str], prediction: str, effect: Effect) -> str:
        sureness = self._base.sureness + effect.sureness + self._sureness
        sureness += self._random.gauss(0, self._profile.spread.sureness_trial)
        low, high = float(values[0]), float(values[-1])
        return _nearest(low + (sureness - 1) / 4 * (high - low), values)

    def _diagnose(self, shown: Shown, values: list[str], prediction: str, effect: Effect) -> str:
        """Return an empty text in most trials, else mostly that a wrong answer is wrong."""
        if self._random.random() >= DIAGNOSIS_SHARE:
            return ""
        right = shown.predicted_class == shown.true_class
        if not right and self._chance(_log_odds(self._base.sees)):
            return "wrong_class"
        return self._random.choice(values)

    def _difficulty(self, stimulus: int) -> float:
        """Return how much more readily people accept at this image, the same for everyone."""
        chance = random.Random(f"image {self._seed} {stimulus}")  # noqa: S311
        return chance.gauss(0, self._profile.spread.agreement_image)

    def _opinion_answer(self, item: Item | None, values: list[str], effect: Effect) -> str:
        if item is None or item.scale is None:
            return self._random.choice(values)
        low, high = item.scale.minimum, item.scale.maximum
        opinion = self._opinion(item.subscale, (low + high) / 2)
        opinion += effect.scales.get(item.subscale, 0.0)
        # The spread is in points of a seven-point scale; a slider of 100 points needs more.
        wider = (high - low) / 6 if item.kind == "slider" else 1.0
        opinion += wider * self._random.gauss(0, self._profile.spread.scale_item)
        points = [value for value in values if value != DOES_NOT_APPLY]
        return _nearest(low + high - opinion if item.reversed else opinion, points)

    def _opinion(self, subscale: str, middle: float) -> float:
        """Return the person's mean on a subscale without any effect, drawn at its first item."""
        if subscale not in self._opinions:
            mean = self._base.scales.get(subscale, middle)
            deviation = self._random.gauss(0, self._profile.spread.scale_person)
            self._opinions[subscale] = mean + deviation + shift_of(self.style) / 2
        return self._opinions[subscale]

    def _seconds(self, effect: Effect) -> float:
        median = self._base.seconds * effect.seconds
        noise = self._random.gauss(0, self._profile.spread.seconds)
        return median * math.exp(self._speed + noise)

    def _chance(self, log_odds: float) -> bool:
        return self._random.random() < 1 / (1 + math.exp(-log_odds))


Decides = Callable[[Person, Shown, list[str], str, Effect], str]
TASKS: Mapping[str, Decides] = {
    "agreed": Person._accept,
    "rated_right": Person._rate,
    "first_answer": Person._first,
    "final_answer": Person._final,
    "guessed_answer": Person._guess,
    "chosen_map": Person._choose_map,
    "sureness": Person._sure,
    "first_sureness": Person._sure,
    "advice_sureness": Person._sure,
    "diagnosis": Person._diagnose,
}
"""For each item of a task, the method that answers it."""


def _items(questionnaire: str) -> dict[str, Item]:
    """Return the questionnaire's items, from which a reader knows whether they are reversed."""
    if not questionnaire:
        return {}
    return {item.id: item for item in questionnaires.get(questionnaire).items}


def _quiz_answer(name: str, values: Sequence[str]) -> str:
    """Return the right option of a comprehension check's question, otherwise an empty text."""
    return quizzes.right_answers().get((name, frozenset(values)), "")


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))


def _nearest(value: float, points: list[str]) -> str:
    return min(points, key=lambda point: abs(float(point) - value))
