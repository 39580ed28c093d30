"""The declaration of a study, as its TOML file contains it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from analysis.release.declaration import Release
from analysis.toml.problems import FileProblemsError
from analysis.toml.value_types import Words
from surveys.allocation.strata import Stratum
from surveys.study_file.bonus import Bonus
from surveys.study_file.consent import Consent
from surveys.study_file.designs import Arm, Condition, arms_of
from surveys.study_file.endings import Ending
from surveys.study_file.parts import Part, Place, QuestionnairePart, TrialsPart
from surveys.study_file.recruitment import Recruitment
from surveys.study_file.retention import Retention
from surveys.study_file.sessions import Session
from surveys.study_file.signals import Signals
from surveys.study_file.step import Step

LONGEST_TITLE = 200  # the length of the database's column
MOST_HOURS = 24 * 365
MapPlace = Literal["beside", "over"]
TextFormat = Literal["plain", "markdown"]
MapDescription = Literal["regions", "neutral", "none"]


class StudyFileError(FileProblemsError):
    """A study file that cannot be used. The message gives each problem with its line and its
    cure.
    """


@dataclass(frozen=True)
class Debrief:
    """The text that a participant reads at the end."""

    text: Words


@dataclass(frozen=True)
class Images:
    """The images of a study, and the number of sets that rotate among participants and blocks.

    ``balance``: whether every class is shown equally often. ``confidence_bands``: the predictions
    are divided by their probability into this number of bands of equal size, and every band is
    shown equally often. ``names``: the only images that the trials may show; empty for all images
    of the set and split.
    """

    set: Words
    split: Words = "test"
    names: tuple[Words, ...] = ()
    sets: Annotated[int, Ge(1), Le(50)] = 1
    balance: Literal["classes", "none"] = "classes"
    confidence_bands: Annotated[int, Ge(1), Le(10)] = 1


@dataclass(frozen=True)
class Design:
    """Factors whose levels every participant sees. "condition" means the conditions themselves."""

    within: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Allocation:
    """The randomisation, whose ``method`` is a key of allocation.drawing.METHODS.

    At most ``places`` people are allocated. Blocks contain each arm ``m`` times its ratio, with
    ``m`` drawn from ``block_multiples``. Minimisation follows the balance with ``probability``.
    ``ratios`` (1 by default) and ``quotas`` are listed by arm. A place is held for ``hold_minutes``
    for a person who has consented but not seen anything that differs between arms. 0 holds it
    without limit.
    """

    block_multiples: tuple[int, ...]
    places: int
    method: str = "permuted_blocks"
    probability: float = 0.8
    ratios: Mapping[str, int] = field(default_factory=dict)
    quotas: Mapping[str, int] = field(default_factory=dict)
    strata: tuple[Stratum, ...] = ()
    hold_minutes: int = 60


@dataclass(frozen=True)
class Pages:
    """Settings of the pages.

    After a gap longer than ``resume_hours`` nobody can continue, and 0 sets no limit. ``map`` is
    "beside" to put the map next to the image, or "over" to put it over the image, with a slider for
    its opacity, or next to it without a script. ``texts`` is "markdown" if consent, debrief and
    text pages are written in Markdown, and "plain" if they are paragraphs. ``map_alt`` is what a
    screen reader says of a map: the "regions" where it is strongest, which is another stimulus, a
    "neutral" sentence, or "none". ``without_picture`` is what a participant can do with a trial
    whose pictures cannot be loaded: "skip" it without an answer, or "answer" it nevertheless.
    """

    resume_hours: Annotated[int, Ge(0), Le(MOST_HOURS)] = 0
    map: MapPlace = "beside"
    texts: TextFormat = "plain"
    map_alt: MapDescription = "regions"
    without_picture: Literal["skip", "answer"] = "skip"


@dataclass(frozen=True)
class StudyFile:
    """The whole file, in a single language.

    ``weights`` is a path relative to the project, and ``analysis`` is the plan. ``question`` is the
    research question, which the preregistration prints. ``classes`` gives the labels that
    participants read for the classes, and ``translations`` the whole file in its other languages.
    """

    slug: str
    title: str
    seed: int
    consent: Consent
    debrief: Debrief
    images: Images
    weights: str
    conditions: tuple[Condition, ...]
    design: Design
    parts: tuple[Part, ...]
    allocation: Allocation
    analysis: Mapping[str, Any]
    pages: Pages = Pages()
    language: str = "en"
    question: str = ""
    classes: Mapping[str, str] = field(default_factory=dict)
    translations: Mapping[str, "StudyFile"] = field(default_factory=dict)
    recruitment: Recruitment = field(default_factory=Recruitment)
    release: Release = field(default_factory=Release)
    retention: Retention = field(default_factory=Retention)
    signals: Signals = field(default_factory=Signals)
    bonus: Bonus | None = None
    endings: tuple[Ending, ...] = ()
    sessions: tuple[Session, ...] = ()

    @cached_property
    def arms(self) -> tuple[Arm, ...]:
        """Return the arms, each of which is a condition or an order of conditions."""
        return arms_of(self.conditions, self.design.within)

    @property
    def blocks(self) -> int:
        """Return the number of blocks in the arm that has most, which is 1 in a between-subjects
        study.
        """
        return max((len(arm.conditions) for arm in self.arms), default=1)

    @property
    def image_sets(self) -> int:
        """Return the number of image sets, which is at least one per block."""
        return max(self.images.sets, self.blocks)

    @property
    def predictions_shown(self) -> tuple[int, int]:
        """Return the numbers of correct and of wrong predictions in all image sets and pools
        together.
        """
        needs = [self.images_of_part(part) for part in self.trial_parts]
        return sum(right for right, _ in needs), sum(wrong for _, wrong in needs)

    def images_of_part(self, part: TrialsPart) -> tuple[int, int]:
        """Return how many images with correct and with wrong predictions the part shows to all
        people together.
        """
        if self.has_pool(part):
            return self.pool_of(part)
        return part.right * self.image_sets, part.wrong * self.image_sets

    def has_pool(self, part: TrialsPart) -> bool:
        """Check whether each person's images of the part are drawn from a pool."""
        varies = any(condition.accuracy is not None for condition in self.conditions)
        return bool(part.right_pool or part.wrong_pool) or (varies and not part.is_practice)

    @property
    def draws_images(self) -> bool:
        """Check whether images are drawn for each person."""
        return any(self.has_pool(part) for part in self.trial_parts)

    def pool_of(self, part: TrialsPart) -> tuple[int, int]:
        """Return the sizes of the part's pools of correct and of wrong predictions.

        A size that the file leaves out is the smallest that suffices for every arm, so that levels
        of accuracy share as many images as possible.
        """
        right, wrong = self.least_pool(part)
        return part.right_pool or right, part.wrong_pool or wrong

    def least_pool(self, part: TrialsPart) -> tuple[int, int]:
        """Return the sizes that the part's pools need so that nobody sees an image twice."""
        shown = {condition.key: self.shown_of(part, condition) for condition in self.conditions}
        needs = [[shown[key] for key in arm.conditions if part.is_in(key)] for arm in self.arms]
        return (
            max((sum(right for right, _ in arm) for arm in needs), default=part.right),
            max((sum(wrong for _, wrong in arm) for arm in needs), default=part.wrong),
        )

    def shown_of(self, part: TrialsPart, condition: Condition) -> tuple[int, int]:
        """Return how many correct and wrong predictions a block of the condition shows."""
        if condition.accuracy is None or part.is_practice:
            return part.right, part.wrong
        right = round(condition.accuracy * part.trials_per_block)
        return right, part.trials_per_block - right

    def condition(self, key: str) -> Condition:
        """Return the condition with this key."""
        return next(condition for condition in self.conditions if condition.key == key)

    def arms_alike(self, arm: str) -> tuple[str, ...]:
        """Return the arms that show the same conditions as the arm, in whatever order."""
        conditions = {one.key: frozenset(one.conditions) for one in self.arms}
        return tuple(key for key in conditions if conditions[key] == conditions[arm])

    @property
    def trial_parts(self) -> tuple[TrialsPart, ...]:
        return tuple(part for part in self.parts if isinstance(part, TrialsPart))

    @property
    def stores_looks(self) -> bool:
        """Check whether the places of pictures that people look at are stored."""
        return any(part.uncovers for part in self.trial_parts)

    @property
    def parts_with_bonus(self) -> tuple[TrialsPart, ...]:
        """Return the runs of trials that count for the bonus. Practice never does."""
        named = self.bonus.parts if self.bonus else ()
        return tuple(
            part
            for part in self.trial_parts
            if self.bonus and not part.is_practice and (not named or part.key in named)
        )

    @property
    def questionnaires(self) -> tuple[str, ...]:
        """Return the questionnaires that are asked, each only once, in their order."""
        asked = [part.questionnaire for part in self.parts if isinstance(part, QuestionnairePart)]
        return tuple(dict.fromkeys(filter(None, asked)))

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Return every page between consent and debrief. Parts of a block are repeated in each
        block.
        """
        sequence: list[Step] = []
        trials = 0
        for per_block, run in groupby(self.parts, key=lambda part: part.per_block):
            parts = tuple(run)
            for block in range(1, self.blocks + 1) if per_block else (0,):
                for part in parts:
                    if not part.is_in_block(block):
                        continue
                    pages = part.steps(Place(block, self.blocks, trials + 1))
                    sequence += [
                        replace(page, conditions=part.conditions, session=part.session)
                        for page in pages
                    ]
                    trials += part.trials_per_block
        return tuple(sequence)

    def steps_of(self, arm: str) -> tuple[Step, ...]:
        """Return the pages that participants of the arm with this key see."""
        return self._steps_by_arm[arm]

    @cached_property
    def _steps_by_arm(self) -> Mapping[str, tuple[Step, ...]]:
        return {
            arm.key: tuple(
                step
                for step in self.steps
                # Pages outside the blocks belong to the first: limited ones exist only where an
                # arm has a single condition.
                if not step.conditions or arm.conditions[max(step.block, 1) - 1] in step.conditions
            )
            for arm in self.arms
        }

    @property
    def later_studies(self) -> frozenset[str]:
        """Return the recruitment service's ids of the studies that send people to sessions."""
        return frozenset(session.study_id for session in self.sessions if session.study_id)

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the codes of the study's languages, the file's own language first."""
        return (self.language, *self.translations)

    def in_language(self, code: str) -> "StudyFile":
        """Return the study in the language, or in its own language if it lacks the other."""
        return self.translations.get(code, self)

    def class_label(self, name: str) -> str:
        """Return the label that participants read for the class."""
        return self.classes.get(name, name)

    @cached_property
    def branches(self) -> bool:
        """Return whether any page or item depends on an earlier answer."""
        return any(part.show_if or part.items_if for part in self.parts)

    def part(self, key: str) -> Part:
        """Return the part with this key."""
        return next(part for part in self.parts if part.key == key)
