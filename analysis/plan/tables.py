"""The tables of an analysis plan except its outcomes; each field is a key of plan.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from analysis.plan.catalogues.exclusion_rules import RULES
from analysis.plan.catalogues.outcome_kinds import POPULATIONS, Population
from analysis.toml.value_types import (
    Cell,
    CellOrCells,
    Character,
    Number,
    OneOf,
    Positive,
    Text,
)

MissingKind = Literal["not_asked", "does_not_apply", "not_answered"]
MISSING_KINDS: tuple[MissingKind, ...] = ("not_asked", "does_not_apply", "not_answered")
Scope = Literal["per_protocol", "all"]
Into = Literal["participants", "trials", "answers"]
Repeats = Literal["refuse", "drop_identical", "keep_first", "keep_last"]


@dataclass(frozen=True)
class Exclusion:
    """A rule by which participants are left out, from plan.RULES; which fields, the rule says.

    `scope`: "per_protocol" leaves them in the intention-to-treat set, "all" out of every set.
    Values of a column are compared by `below`, `above`, `equals`, `other_than`, or with a second
    column by `differs_from`; `at_least` is how often that must happen.
    """

    key: Text
    label: Text
    rule: Annotated[str, OneOf(tuple(rule.key for rule in RULES))]
    scope: Scope = "per_protocol"
    column: Text | None = None
    below: float | None = None
    above: float | None = None
    equals: Cell | None = None
    other_than: Cell | None = None
    differs_from: Text | None = None
    at_least: int = 1
    block: Text | None = None
    columns: tuple[Text, ...] = ()
    item: Text | None = None
    items: tuple[Text, ...] = ()
    alike: tuple[tuple[Cell, ...], ...] = ()  # answers that count as one and the same
    participants: tuple[Text, ...] = ()


@dataclass(frozen=True)
class PlannedContrast:
    """Σ weight × mean over arms; the weights sum to zero. {placebo = -1, gradcam = 1}"""

    key: Text
    label: Text
    weights: Mapping[str, Number]


@dataclass(frozen=True)
class Behaviour:
    """Which trial columns hold what the measures of behaviour need (plan.MEASURES).

    Two answers a trial: `first`, then `advice` is shown, then `final`. One answer: `accepted`, 1
    where the advice was followed. `confidence` (`confidence_range` its ends) becomes a probability
    of being right between the ends of `probability_range`. Sliders: `estimate_*`. `guess` is what
    the participant thought that the classifier says, right with probability `chance` by guessing.
    """

    advice: Text | None = None
    truth: Text | None = None
    first: Text | None = None
    final: Text | None = None
    accepted: Text | None = None
    confidence: Text | None = None
    confidence_range: tuple[Number, ...] = ()
    probability_range: tuple[Number, ...] = ()
    estimate_first: Text | None = None
    estimate_advice: Text | None = None
    estimate_final: Text | None = None
    smallest_gap: float = 0.0  # of advice and first estimate, for the weight of advice
    guess: Text | None = None
    chance: Annotated[float, Gt(0), Lt(1)] | None = None
    response_time: Text | None = None
    shortest_time: float = 0.0  # answers faster than this cannot be answers to the image


@dataclass(frozen=True)
class SourceTable:
    """One csv file of another study: which of its columns are ours, and which rows count.

    `columns`: our name → theirs. `where`: their column → the values to keep. `constants`: our
    column → one value for every row. `codes`: our column → {their cell → ours}. `types`: of our
    further columns. `repeats`: what to do with rows that stand twice.
    """

    file: Text
    into: Into
    columns: Mapping[str, Text]
    where: Mapping[str, CellOrCells] = field(default_factory=dict)
    constants: Mapping[str, Cell] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    types: Mapping[str, Text] = field(default_factory=dict)
    repeats: Repeats = "refuse"


@dataclass(frozen=True)
class SourceItem:
    """A questionnaire item of another study: its row of the codebook.

    With `minimum` and `maximum` its answers are whole numbers between them.
    """

    item: Text
    questionnaire: Text
    minimum: float | None = None
    maximum: float | None = None
    label: Text | None = None
    scale: Text | None = None
    reversed: int = 0
    missing: Mapping[str, MissingKind] = field(default_factory=dict)  # cell → kind of missing


@dataclass(frozen=True)
class Source:
    """How another study's csv files become the tidy tables.

    `complete`: rows per participant that a file must have for the state "completed". `missing`:
    cell → kind of missing (schema.MISSING_KINDS), and `codes`, in every file; see SourceTable.
    """

    tables: tuple[SourceTable, ...]
    items: tuple[SourceItem, ...] = ()
    encoding: Text = "utf-8"
    separator: Character = ","
    arm_labels: Mapping[str, Text] = field(default_factory=dict)
    complete: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, MissingKind] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)


@dataclass(frozen=True)
class Preregistration:
    """Where the plan was registered: an address, a time (ISO, with its zone), and the plan's hash
    as manage.py preregister printed it."""

    url: Text
    registered_at: Text | None = None
    plan_sha256: Text | None = None


@dataclass(frozen=True)
class SampleGoal:
    """The effect that the study was planned to find (Cohen's d or f), and how surely."""

    power: float
    d: float | None = None
    f: float | None = None


Model = Literal["means", "ranks", "odds", "mixed_odds"]


@dataclass(frozen=True)
class BayesPrior:
    """Cauchy prior of the standardised difference: half of it lies within ± `scale`."""

    scale: Positive = 0.5**0.5


@dataclass(frozen=True)
class MediationPlan:
    """Keys of outcomes: arm → mediators, in this order → outcome; `runs` bootstrap samples."""

    outcome: Text
    mediators: tuple[Text, ...]
    runs: Annotated[int, Ge(200), Le(100_000)] = 5000
    seed: int = 0


@dataclass(frozen=True)
class MultiversePlan:
    """Choices beside the planned ones, all combined; `outcomes` empty: every confirmatory one.

    `min_answered`: shares of a scale's items. `logarithms` of trial columns. `without_each_rule`:
    every exclusion left out in turn.
    """

    outcomes: tuple[Text, ...] = ()
    populations: tuple[Population, ...] = POPULATIONS
    without_each_rule: bool = True
    min_answered: tuple[Annotated[Number, Gt(0), Le(1)], ...] = (0.5, 1.0)
    logarithms: bool = False
    models: tuple[Model, ...] = ("means", "ranks", "odds")


@dataclass(frozen=True)
class MapQualityPlan:
    """What was measured of the maps beside what people made of them.

    `measures`: keys of evaluate_explanations. `outcomes`: keys of outcomes, every confirmatory one
    if empty.
    """

    measures: tuple[Text, ...] = ("insertion_blur", "deletion_blur", "pointing_game")
    outcomes: tuple[Text, ...] = ()
    seed: int = 0
