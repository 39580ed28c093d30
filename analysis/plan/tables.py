"""Tables of an analysis plan except its outcomes, with a field for each key of plan.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from analysis.plan.catalogues.exclusion_rules import RULES
from analysis.plan.catalogues.outcome_kinds import POPULATIONS, Population
from analysis.plan.catalogues.signal_rules import PROGRAM_RULES, SIGNAL_RULES
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
Repeats = Literal["refuse", "drop_identical", "keep_first", "keep_last", "keep_all"]
States = Literal["recorded", "by_rows", "unknown"]
"""How the data show who completed: a column, the number of rows, or not at all."""
DecimalSign = Literal[".", ","]
SignalRuleKey = Annotated[str, OneOf(tuple(rule.key for rule in SIGNAL_RULES))]
ColumnType = Literal["integer", "number", "text", "category", "datetime"]


@dataclass(frozen=True)
class Exclusion:
    """An exclusion criterion, which is a rule from plan.RULES with the fields that it needs.

    With `scope` "per_protocol" the participants remain in the intention-to-treat set; "all"
    excludes them from every set. `below`, `above`, `equals` and `other_than` compare the values of
    a column, `differs_from` compares it with another column; `at_least` is the number of matches
    required. `signals` are keys of SIGNAL_RULES.
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
    alike: tuple[tuple[Cell, ...], ...] = ()  # lists of answers that count as equal
    participants: tuple[Text, ...] = ()
    signals: tuple[SignalRuleKey, ...] = ()


@dataclass(frozen=True)
class PlannedContrast:
    """Σ weight × mean over arms, such as {placebo = -1, gradcam = 1}, whose weights sum to 0."""

    key: Text
    label: Text
    weights: Mapping[str, Number]


@dataclass(frozen=True)
class Behaviour:
    """Names of the trial columns that the measures of behaviour need (plan.MEASURES).

    With two answers per trial, `first` is given before `advice` is shown and `final` after it. With
    a single answer, `accepted` is 1 where the advice was followed. `confidence`, with the ends
    `confidence_range`, is mapped to a probability of being right between the ends of
    `probability_range`. Sliders are `estimate_*`. `guess` is the participant's prediction of the
    classifier's answer, which is right with probability `chance` by guessing.
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
    smallest_gap: float = 0.0  # between advice and first estimate, for the weight of advice
    guess: Text | None = None
    chance: Annotated[float, Gt(0), Lt(1)] | None = None
    response_time: Text | None = None
    shortest_time: float = 0.0  # faster answers cannot be a response to the image


PLATFORM_BEHAVIOUR = Behaviour(
    advice="predicted_class",
    truth="true_class",
    accepted="agreed",
    confidence="sureness",
    response_time="response_time_ms",
)
"""Columns of this platform's export, which are read if a plan does not name any."""


def is_inside(name: str, column: str) -> bool:
    """Return whether `name` is the path of a value in the JSON of their column."""
    return name == column or name.startswith(f"{column}.")


@dataclass(frozen=True)
class SourceChoice:
    """Their columns of a file with a row for each choice between the maps of two methods.

    `winner` and `loser` contain the methods. `first` contains the method in the first place, if the
    file tells it, and `tied` is 1 where neither map was preferred.
    """

    winner: Text
    loser: Text
    first: Text | None = None
    tied: Text | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of their columns."""
        named = (self.winner, self.loser, self.first, self.tied)
        return tuple(name for name in named if name is not None)


@dataclass(frozen=True)
class SourceTable:
    """A CSV file of another study, with the mapping of its columns and the rows that count.

    `file` may contain * and ?, and then names every file of the folder that matches; the part of
    the name that * matches fills our column `named`. `columns` maps our name to theirs, `where`
    their column to the values to keep, `constants` our column to a value for every row, `codes` our
    column to {their cell: ours}. `types` contains types of our other columns. `repeats` decides
    about duplicate rows.

    A file with several answers or trials in a row has `items` (our item to their column) or `wide`
    (our column to their columns, such as "rating_{image}", whose part in braces fills our column of
    that name), and becomes a table with a row for each.

    `json` lists their columns whose cells contain JSON. Each value in them becomes a column, which
    is named by its path, such as "response.Q0". `choice` fills `map_methods` and `preferred_map`.
    """

    file: Text
    into: Into
    columns: Mapping[str, Text]
    named: Text | None = None
    items: Mapping[str, Text] = field(default_factory=dict)
    wide: Mapping[str, Text] = field(default_factory=dict)
    where: Mapping[str, CellOrCells] = field(default_factory=dict)
    constants: Mapping[str, Cell] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    repeats: Repeats = "refuse"
    json: tuple[Text, ...] = ()
    choice: SourceChoice | None = None

    @property
    def named_columns(self) -> tuple[str, ...]:
        """Return their columns that the table names one by one, each once."""
        choice = () if self.choice is None else self.choice.columns
        named = (*self.columns.values(), *self.items.values(), *self.where, *choice)
        return tuple(dict.fromkeys(named))

    def file_column(self, name: str) -> str:
        """Return the column of the file that contains the column `name`, itself or as JSON."""
        return next((one for one in self.json if is_inside(name, one)), name)


@dataclass(frozen=True)
class SourceItem:
    """A questionnaire item of another study, as a row of the codebook.

    With `minimum` and `maximum` its answers are whole numbers between them.
    """

    item: Text
    questionnaire: Text
    minimum: float | None = None
    maximum: float | None = None
    label: Text | None = None
    scale: Text | None = None
    reversed: int = 0
    missing: Mapping[str, MissingKind] = field(default_factory=dict)  # kind of missing by cell


@dataclass(frozen=True)
class Source:
    """Mapping of another study's CSV files to the tidy tables.

    `randomised` states whether the participants were randomised to the arms; without it the report
    says that nothing is known about it. `complete` is the number of rows per participant that a
    file must have for the state "completed"; without it and without a column `state` the states of
    the participants are unknown. `missing` (kind of missing by cell, see schema.MISSING_KINDS) and
    `codes` apply to every file; see SourceTable. `unit` names what a participant of the tables is,
    if it is not a person, such as "team".
    """

    tables: tuple[SourceTable, ...]
    items: tuple[SourceItem, ...] = ()
    randomised: bool | None = None
    encoding: Text = "utf-8"
    separator: Character = ","
    decimal: DecimalSign = "."
    arm_labels: Mapping[str, Text] = field(default_factory=dict)
    complete: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, MissingKind] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    unit: Text | None = None

    @property
    def states(self) -> States:
        """Return how the files show who completed the study."""
        if any("state" in {**table.columns, **table.constants} for table in self.tables):
            return "recorded"
        return "by_rows" if self.complete else "unknown"


@dataclass(frozen=True)
class Preregistration:
    """Registration of the plan.

    `url` is its address, `registered_at` its time (ISO with time zone), and `plan_sha256` the
    plan's hash as printed by manage.py preregister.
    """

    url: Text
    registered_at: Text | None = None
    plan_sha256: Text | None = None


@dataclass(frozen=True)
class SampleGoal:
    """The effect (Cohen's d or f) that the study was planned to detect, and the power."""

    power: float
    d: float | None = None
    f: float | None = None


LooksKind = Literal["obrien_fleming", "pocock", "haybittle_peto", "anytime_bounded", "anytime_mean"]
ANYTIME: tuple[LooksKind, ...] = ("anytime_bounded", "anytime_mean")
"""Kinds of looks that may be held as often as people like."""


@dataclass(frozen=True)
class LooksPlan:
    """Looks at an outcome before the end of the study, any of which may stop it.

    `times` are numbers of participants with a score, both arms together, in growing order; the last
    is the planned sample. The kinds of ANYTIME have the first possible look and the planned sample
    alone. `futility` stops a study that will hardly show the effect that it would detect with
    `power`.
    """

    outcome: Text
    kind: LooksKind
    times: tuple[Annotated[int, Ge(4)], ...]
    futility: Literal["none", "obrien_fleming", "pocock"] = "none"
    power: Annotated[float, Gt(0.5), Lt(1)] | None = None

    @property
    def sample(self) -> int:
        """Return the planned number of participants with a score."""
        return self.times[-1]

    @property
    def is_anytime(self) -> bool:
        """Return whether any number of looks may be held."""
        return self.kind in ANYTIME


Model = Literal["means", "ranks", "odds", "mixed_odds"]


@dataclass(frozen=True)
class BayesPrior:
    """Cauchy prior of the standardised difference: half of it is within ± `scale`."""

    scale: Positive = 0.5**0.5


@dataclass(frozen=True)
class MediationPlan:
    """A mediation analysis from arms through mediators, in this order, to an outcome.

    `runs` is the number of bootstrap samples.
    """

    outcome: Text
    mediators: tuple[Text, ...]
    runs: Annotated[int, Ge(200), Le(100_000)] = 5000
    seed: int = 0


@dataclass(frozen=True)
class MultiversePlan:
    """Alternatives to the planned choices, in all combinations.

    `outcomes` defaults to every confirmatory outcome. `min_answered` contains alternative shares of
    a scale's items; `logarithms` adds logarithms of trial columns; `without_each_rule` leaves out
    every exclusion criterion in turn.
    """

    outcomes: tuple[Text, ...] = ()
    populations: tuple[Population, ...] = POPULATIONS
    without_each_rule: bool = True
    min_answered: tuple[Annotated[Number, Gt(0), Le(1)], ...] = (0.5, 1.0)
    logarithms: bool = False
    models: tuple[Model, ...] = ("means", "ranks", "odds")


@dataclass(frozen=True)
class SignalsPlan:
    """Participants with signs of programs, and the results without them.

    `rules` are keys of SIGNAL_RULES. A participant counts as flagged if any of them flags.
    """

    rules: tuple[SignalRuleKey, ...] = PROGRAM_RULES


@dataclass(frozen=True)
class MapQualityPlan:
    """Comparison of map quality with participants' outcomes.

    `measures` are keys of evaluate_explanations, `outcomes` keys of outcomes (every confirmatory
    outcome if empty).
    """

    measures: tuple[Text, ...] = ("insertion_blur", "deletion_blur", "pointing_game")
    outcomes: tuple[Text, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class AttentionPlan:
    """Comparison of maps with where people look in the task "uncover".

    `methods` are the methods to compare, or every method with a map of each image if empty. `seed`
    is that of the bootstrap and of the halves of the participants.
    """

    methods: tuple[Text, ...] = ()
    seed: int = 0
