"""One synthetic person: reads a page, and answers it as a profile says."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from surveys import questionnaires
from surveys.questionnaires.base import DOES_NOT_APPLY, Item
from surveys.simulation.browser import Page
from surveys.simulation.profile import Effect, Profile

COMMENT_SHARE = 0.2


@dataclass(frozen=True)
class Shown:
    """What a picture is of, and its number among the study's stimuli."""

    true_class: str
    stimulus: int


class Person:
    """Chance comes from one seed; ``shown`` tells by a picture's code what is to be seen in it."""

    def __init__(
        self, profile: Profile, effect: Effect, shown: Mapping[str, Shown], seed: int, number: int
    ) -> None:
        self._profile, self._effect, self._shown = profile, effect, shown
        self._seed = seed
        self._random = random.Random(f"person {seed} {number}")  # noqa: S311
        spread = profile.spread
        self._agreement = self._random.gauss(0, spread.agreement_person)
        self._sureness = self._random.gauss(0, spread.sureness_person)
        self._speed = self._random.gauss(0, spread.seconds / 2)
        self._opinions: dict[str, float] = {}
        quits = profile.base.quits + effect.quits
        self.quits = self._random.random() < quits
        self.withdraws = self._random.random() < 1 / 3
        self._patience = self._random.random()

    def gives_up_at(self, number: int, total: int) -> bool:
        """Whether a quitter leaves at page ``number`` of ``total``, with the page unanswered."""
        return self.quits and number > self._patience * total

    def answer(self, page: Page) -> dict[str, str]:
        """The fields to send, response time included; text questions are mostly left empty."""
        fields = {"response_time_ms": f"{1000 * self._seconds():.1f}"}
        if "agreed" in page.questions:
            return fields | self._judge(page)
        asked = _items(page)
        return fields | {
            name: self._answer(asked.get(name), values) for name, values in page.questions.items()
        }

    def _judge(self, page: Page) -> dict[str, str]:
        """Accept or reject what the page says of the picture that it shows."""
        code = page.pictures[0].split("/")[-2]
        shown = self._shown[code]
        base, effect = self._profile.base, self._effect
        right = page.prediction == shown.true_class
        odds = _log_odds(base.agree_right if right else base.agree_wrong)
        odds += effect.agree_right if right else effect.agree_wrong
        odds += self._agreement + self._difficulty(shown.stimulus)
        agrees = self._random.random() < 1 / (1 + math.exp(-odds))
        sureness = base.sureness + effect.sureness + self._sureness
        sureness += self._random.gauss(0, self._profile.spread.sureness_trial)
        points = page.questions["sureness"]
        return {"agreed": "1" if agrees else "0", "sureness": _nearest(sureness, points)}

    def _difficulty(self, stimulus: int) -> float:
        """How much more readily everybody accepts at this image: the same for all people."""
        chance = random.Random(f"image {self._seed} {stimulus}")  # noqa: S311
        return chance.gauss(0, self._profile.spread.agreement_image)

    def _answer(self, item: Item | None, values: list[str]) -> str:
        if item is not None and item.range is not None:
            number = self._random.uniform(item.range.minimum, item.range.maximum)
            return f"{number:.{item.range.decimals}f}"
        if not values:
            return "A synthetic comment." if self._random.random() < COMMENT_SHARE else ""
        if item is None or item.scale is None:
            return self._random.choice(values)
        low, high = item.scale.minimum, item.scale.maximum
        opinion = self._opinion(item.subscale, (low + high) / 2)
        # The spread is in points of a scale of seven: a slider of a hundred has wider ones.
        wider = (high - low) / 6 if item.kind == "slider" else 1.0
        opinion += wider * self._random.gauss(0, self._profile.spread.scale_item)
        points = [value for value in values if value != DOES_NOT_APPLY]
        return _nearest(low + high - opinion if item.reversed else opinion, points)

    def _opinion(self, subscale: str, middle: float) -> float:
        """The person's own mean on a subscale, drawn at its first item."""
        if subscale not in self._opinions:
            mean = self._profile.base.scales.get(subscale, middle)
            mean += self._effect.scales.get(subscale, 0.0)
            deviation = self._random.gauss(0, self._profile.spread.scale_person)
            self._opinions[subscale] = mean + deviation
        return self._opinions[subscale]

    def _seconds(self) -> float:
        median = self._profile.base.seconds * self._effect.seconds
        noise = self._random.gauss(0, self._profile.spread.seconds)
        return median * math.exp(self._speed + noise)


def _items(page: Page) -> dict[str, Item]:
    """The page's items as a reader understands them: which way round each is worded."""
    _, _, questionnaire = page.hidden.get("step", "").partition(":")
    if questionnaire not in questionnaires.ids():
        return {}
    return {item.id: item for item in questionnaires.get(questionnaire).items}


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))


def _nearest(value: float, points: list[str]) -> str:
    return min(points, key=lambda point: abs(float(point) - value))
