"""A run of trials, or of practice trials with feedback."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from analysis.toml.problems import did_you_mean
from analysis.toml.table import Table
from surveys import tasks
from surveys.study_file.parts.base import Part, Place
from surveys.study_file.step import Step
from surveys.tasks.items import CONFIDENCE

MOST_TRIALS = 500
LONGEST = 3600


@dataclass(frozen=True)
class TrialsPart(Part):
    """``right`` and ``wrong`` predictions in each block, in an order of the participant's own.

    ``first_right``: so many trials of each block come before the first wrong prediction. A break
    is offered after every ``break_every`` trials, and ``attention`` checks lie evenly among them.
    ``minimum_seconds`` must pass before a trial can be answered; after ``limit_seconds`` the page
    sends itself. 0 turns each of these off.
    """

    right: int = 0
    wrong: int = 0
    task: str = "decide"
    confidence: str = "points"
    first_right: int = 0
    feedback: bool = False
    break_every: int = 0
    attention: int = 0
    minimum_seconds: int = 0
    limit_seconds: int = 0

    default_per_block: ClassVar[bool] = True
    is_practice: ClassVar[bool] = False
    defaults: ClassVar[dict[str, Any]] = {"feedback": False}

    @property
    def trials_per_block(self) -> int:
        return self.right + self.wrong

    @classmethod
    def read(cls, table: Table, common: dict[str, Any]) -> Self:
        part = cls(
            **common,
            right=table.integer("right", cls.defaults.get("right")),
            wrong=table.integer("wrong", cls.defaults.get("wrong")),
            task=_listed(table, "task", "decide", [task.key for task in tasks.TASKS]),
            confidence=_listed(table, "confidence", "points", list(CONFIDENCE)),
            first_right=table.integer("first_right", 0),
            feedback=table.flag("feedback", cls.defaults["feedback"]),
            break_every=table.integer("break_every", 0),
            attention=table.integer("attention", 0),
            minimum_seconds=table.integer("minimum_seconds", 0),
            limit_seconds=table.integer("limit_seconds", 0),
        )
        part.check(table)
        return part

    def check(self, table: Table) -> None:
        """Tell the table what cannot be."""
        shown = self.trials_per_block
        if not 1 <= shown <= MOST_TRIALS:
            table.add(
                "right",
                f"right + wrong is {shown}. A participant can see 1 to {MOST_TRIALS} images.",
            )
        if self.first_right > self.right:
            table.add(
                "first_right",
                f"first_right is {self.first_right}, but only {self.right} predictions are right. "
                "Lower it, or raise right.",
            )
        if self.attention >= max(shown, 1):
            table.add(
                "attention",
                f"{self.attention} attention checks do not fit among {shown} trials. Lower it.",
            )
        if self.limit_seconds and self.limit_seconds <= self.minimum_seconds:
            table.add(
                "limit_seconds",
                f"limit_seconds is {self.limit_seconds}, not above minimum_seconds, which is "
                f"{self.minimum_seconds}. Raise it, or set it to 0 for no limit.",
            )
        for key in ("minimum_seconds", "limit_seconds"):
            if getattr(self, key) > LONGEST:
                table.add(key, f"{key} is above an hour. Lower it to {LONGEST} or less.")

    def steps(self, place: Place) -> tuple[Step, ...]:
        pages: list[Step] = []
        for number in range(1, self.trials_per_block + 1):
            pages += self._trial(place, place.next_trial + number - 1)
            if number in self.checks_after():
                pages.append(self._between(place, "attention", number))
            if (
                self.break_every
                and number % self.break_every == 0
                and number < self.trials_per_block
            ):
                pages.append(self._between(place, "pause", number))
        return tuple(pages)

    def checks_after(self) -> set[int]:
        """After which trials of a block an attention check comes."""
        gaps = self.attention + 1
        return {round(n * self.trials_per_block / gaps) for n in range(1, gaps)}

    def _trial(self, place: Place, position: int) -> list[Step]:
        def step(kind: str, key: str, stage: str = "") -> Step:
            return Step(
                key,
                kind,
                part=self.key,
                block=place.block,
                trial_position=position,
                stage=stage,
            )

        pages = [
            step("trial", f"trial:{position}" + (f":{stage.key}" if stage.key else ""), stage.key)
            for stage in tasks.get(self.task).stages
        ]
        return [*pages, step("feedback", f"feedback:{position}")] if self.feedback else pages

    def _between(self, place: Place, kind: str, number: int) -> Step:
        key = place.key(f"{kind}:{self.key}:{number}")
        return Step(key, kind, part=self.key, block=place.block, number=number)


@dataclass(frozen=True)
class PracticePart(TrialsPart):
    """Trials that stay out of the analysis, each followed by feedback unless that is turned off."""

    is_practice: ClassVar[bool] = True
    defaults: ClassVar[dict[str, Any]] = {"right": 2, "wrong": 1, "feedback": True}


def _listed(table: Table, key: str, default: str, known: list[str]) -> str:
    value = table.text(key, default)
    if value not in known:
        table.add(key, f"unknown {key} {value!r}{did_you_mean(value, known)}")
        return default
    return value
