"""A run of trials, or of practice trials with feedback."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from annotated_types import Ge, Le

from analysis.toml.problems import TableProblems
from analysis.toml.value_types import Count, OneOf, Words
from explanations.pipeline.pictures import BLURS
from surveys import tasks
from surveys.study_file.parts.base import Part, Place
from surveys.study_file.step import Step
from surveys.tasks.items import CONFIDENCE, FREE_TEXT

MOST_TRIALS = 500
LONGEST = 3600
LARGEST_FACTOR = 20
CIRCLE, BLUR = 25, "medium"
"""The usual diameter of the circle that clears a blurred image, in percent, and the usual blur."""
MOST_EXTENSIONS = 10
"""WCAG 2.2, success criterion 2.2.1: a limit can be extended at least ten times, unless it is
essential."""


@dataclass(frozen=True, kw_only=True)
class TrialsPart(Part):
    """Trials of ``right`` and ``wrong`` predictions in each block, in a random order per
    participant.

    ``feedback`` shows the true class after each trial, or only after the first ``feedback_first``
    trials of a block, or after every ``feedback_every``-th; ``feedback_score`` tells after the
    block how many answers were right.
    ``first_right`` trials of each block precede the first wrong prediction. A break is offered
    after every ``break_every`` trials, and ``attention`` checks are spread evenly among them.
    ``minimum_seconds`` must pass before a trial can be answered, and after ``limit_seconds`` the
    page submits itself, unless the participant asks for more time, which is possible
    ``limit_extensions`` times. 0 turns each of these off. ``limit_of_pace`` replaces
    ``limit_seconds`` by so many times the person's median time for the practice pages of the task,
    between ``limit_least`` and ``limit_most`` seconds. ``diagnosis`` adds the optional question of
    what is wrong, and ``advice_confidence`` the question of how sure people are of the classifier's
    answer, both of which are asked where that answer is shown. ``free_text`` asks people to write
    why they decide so, or what they think, which they can leave out unless ``free_text_required``.
    ``compare`` lists the conditions whose maps the task "preference" shows, two in each trial, and
    ``neither`` lets people choose neither of them. The task "uncover" blurs the image by ``blur``
    and clears a circle with a diameter of ``circle`` percent of the image's width. ``right_pool``
    and ``wrong_pool`` are the numbers of predictions from which each person's images are drawn, and
    0 if everybody sees the same images.
    """

    right: Count
    wrong: Count
    right_pool: Count = 0
    wrong_pool: Count = 0
    task: Annotated[str, OneOf(tuple(task.key for task in tasks.TASKS))] = "decide"
    confidence: Annotated[str, OneOf(tuple(CONFIDENCE))] = "points"
    compare: tuple[Words, ...] = ()
    neither: bool = False
    circle: Annotated[int, Ge(10), Le(60)] = CIRCLE
    blur: Annotated[str, OneOf(tuple(BLURS))] = BLUR
    diagnosis: bool = False
    advice_confidence: Annotated[str, OneOf(tuple(CONFIDENCE))] = "none"
    free_text: Annotated[str, OneOf(tuple(FREE_TEXT))] = "none"
    free_text_required: bool = False
    first_right: Count = 0
    feedback: bool = False
    feedback_first: Count = 0
    feedback_every: Count = 0
    feedback_score: bool = False
    break_every: Count = 0
    attention: Count = 0
    minimum_seconds: Annotated[int, Ge(0), Le(LONGEST)] = 0
    limit_seconds: Annotated[int, Ge(0), Le(LONGEST)] = 0
    limit_of_pace: Annotated[float, Ge(0), Le(LARGEST_FACTOR)] = 0.0
    limit_least: Annotated[int, Ge(0), Le(LONGEST)] = 0
    limit_most: Annotated[int, Ge(0), Le(LONGEST)] = 0
    limit_extensions: Annotated[int, Ge(0), Le(MOST_EXTENSIONS)] = MOST_EXTENSIONS

    default_per_block: ClassVar[bool] = True
    is_practice: ClassVar[bool] = False

    @property
    def trials_per_block(self) -> int:
        return self.right + self.wrong

    @property
    def uncovers(self) -> bool:
        """Check whether the pictures are blurred, and people clear places of them."""
        return tasks.get(self.task).uncovers

    def checked(self, at: TableProblems) -> Self:
        self.check(at)
        if not self.per_block:
            at.add("per_block", "trials belong to the blocks. Remove per_block = false.")
        return self

    def check(self, at: TableProblems) -> None:
        """Report combinations that cannot be shown."""
        shown = self.trials_per_block
        if not 1 <= shown <= MOST_TRIALS:
            at.add(
                "right",
                f"right + wrong is {shown}. A participant can see 1 to {MOST_TRIALS} images.",
                "wrong",
            )
        if self.first_right > self.right:
            at.add(
                "first_right",
                f"first_right is {self.first_right}, but only {self.right} predictions are right. "
                "Lower it, or raise right.",
                "right",
            )
        task = tasks.get(self.task)
        if task.compares and len(set(self.compare)) < max(task.compares, len(self.compare)):
            at.add(
                "compare",
                f"the task {self.task!r} compares the maps of different conditions, and compare "
                f"names {', '.join(map(repr, self.compare)) or 'none'}. Name two or more, each "
                "once.",
                "task",
            )
        if self.compare and not task.compares:
            at.add(
                "compare",
                f"compare has no effect with the task {self.task!r}. Remove it, or use the task "
                "'preference'.",
                "task",
            )
        if self.neither and not task.compares:
            at.add(
                "neither",
                f"neither has no effect with the task {self.task!r}. Remove it, or use the task "
                "'preference'.",
                "task",
            )
        if not task.uncovers:
            for key, is_set in (("circle", self.circle != CIRCLE), ("blur", self.blur != BLUR)):
                if is_set:
                    at.add(
                        key,
                        f"{key} has no effect with the task {self.task!r}. Remove it, or use the "
                        "task 'uncover'.",
                        "task",
                    )
        if self.diagnosis and not task.stages[-1].shows_prediction:
            at.add(
                "diagnosis",
                f"diagnosis asks what is wrong with the classifier's answer, which the task "
                f"{self.task!r} does not show. Remove diagnosis, or use the task {_showing()}.",
                "task",
            )
        if self.advice_confidence != "none" and not task.stages[-1].shows_prediction:
            at.add(
                "advice_confidence",
                f"advice_confidence asks how sure people are of the classifier's answer, which the "
                f"task {self.task!r} does not show. Remove it, or use the task {_showing()}.",
                "task",
            )
        if self.free_text_required and self.free_text == "none":
            at.add(
                "free_text_required",
                'free_text_required has no text to require. Add free_text = "reason" or '
                '"think_aloud", or remove it.',
                "free_text",
            )
        self._check_feedback(at)
        # Checks lie between trials, so that there must be fewer of them than trials.
        if self.attention >= max(shown, 1):
            at.add(
                "attention",
                f"{self.attention} attention checks do not fit among {shown} trials. Lower it.",
                "right",
                "wrong",
            )
        self._check_pace(at)
        if self.limit_seconds and self.limit_seconds <= self.minimum_seconds:
            at.add(
                "limit_seconds",
                f"limit_seconds is {self.limit_seconds}, not above minimum_seconds, which is "
                f"{self.minimum_seconds}. Raise it, or set it to 0 for no limit.",
                "minimum_seconds",
            )

    def _check_pace(self, at: TableProblems) -> None:
        """Report a limit by pace without bounds, and bounds without one."""
        bounds = {"limit_least": self.limit_least, "limit_most": self.limit_most}
        if not self.limit_of_pace:
            for key in (key for key, seconds in bounds.items() if seconds):
                at.add(
                    key,
                    f"{key} bounds a limit by the person's pace, which is off here. Add "
                    f"limit_of_pace, or remove {key}.",
                    "limit_of_pace",
                )
            return
        if self.limit_seconds:
            at.add(
                "limit_of_pace",
                "the limit is fixed (limit_seconds) or follows the person's pace (limit_of_pace). "
                "Remove one of the two.",
                "limit_seconds",
            )
        if self.is_practice:
            at.add(
                "limit_of_pace",
                "practice shows a person's pace and cannot have a limit by it. Use limit_seconds, "
                "or remove limit_of_pace.",
            )
        if not self.minimum_seconds < self.limit_least <= self.limit_most:
            at.add(
                "limit_of_pace",
                f"a limit by the person's pace needs bounds above minimum_seconds, which is "
                f"{self.minimum_seconds}: limit_least is {self.limit_least} and limit_most "
                f"{self.limit_most}. Give both, the least first.",
                "limit_least",
                "limit_most",
                "minimum_seconds",
            )

    @property
    def has_limit(self) -> bool:
        """Return whether the pages have a time limit, of any kind."""
        return bool(self.limit_seconds or self.limit_of_pace)

    def _check_feedback(self, at: TableProblems) -> None:
        """Report schedules that have no effect, and scores of answers that are never right."""
        limits = {"feedback_first": self.feedback_first, "feedback_every": self.feedback_every}
        given = [key for key, number in limits.items() if number]
        for key in given:
            if not self.feedback:
                at.add(
                    key,
                    f"{key} limits feedback, which is off here. Add feedback = true, or remove "
                    f"{key}.",
                    "feedback",
                )
            elif limits[key] > self.trials_per_block:
                at.add(
                    key,
                    f"{key} is {limits[key]}, but a block has {self.trials_per_block} trials. "
                    "Lower it, or remove it.",
                    "right",
                    "wrong",
                )
        if len(given) == len(limits):
            at.add(
                "feedback_every",
                "feedback comes after the first trials (feedback_first) or after every few of "
                "them (feedback_every). Remove one of the two.",
                "feedback_first",
            )
        if self.feedback_score and tasks.get(self.task).compares:
            at.add(
                "feedback_score",
                f"no answer to the task {self.task!r} is right or wrong. Remove feedback_score, or "
                "use another task.",
                "task",
            )

    def has_feedback(self, number: int) -> bool:
        """Check whether feedback follows the trial with this number, from 1, in its block."""
        if self.feedback_first:
            return self.feedback and number <= self.feedback_first
        return self.feedback and (not self.feedback_every or number % self.feedback_every == 0)

    def steps(self, place: Place) -> tuple[Step, ...]:
        pages: list[Step] = []
        for number in range(1, self.trials_per_block + 1):
            pages += self._trial(place, place.next_trial + number - 1, number)
            if number in self.checks_after():
                pages.append(self._between(place, "attention", number))
            if (
                self.break_every
                and number % self.break_every == 0
                and number < self.trials_per_block
            ):
                pages.append(self._between(place, "pause", number))
        if self.feedback_score:
            pages.append(self._between(place, "score", self.trials_per_block))
        return tuple(pages)

    def checks_after(self) -> set[int]:
        """Return the trials of a block after which an attention check follows."""
        gaps = self.attention + 1
        return {round(n * self.trials_per_block / gaps) for n in range(1, gaps)}

    def _trial(self, place: Place, position: int, number: int) -> list[Step]:
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
        if not self.has_feedback(number):
            return pages
        return [*pages, step("feedback", f"feedback:{position}")]

    def _between(self, place: Place, kind: str, number: int) -> Step:
        key = place.key(f"{kind}:{self.key}:{number}")
        return Step(key, kind, part=self.key, block=place.block, number=number)


@dataclass(frozen=True, kw_only=True)
class PracticePart(TrialsPart):
    """Trials that are not analysed, each followed by feedback unless that is turned off."""

    right: Count = 2
    wrong: Count = 1
    feedback: bool = True

    is_practice: ClassVar[bool] = True


def _showing() -> str:
    """Return the tasks that show the classifier's answer when they ask for the last time."""
    return " or ".join(repr(task.key) for task in tasks.TASKS if task.stages[-1].shows_prediction)
