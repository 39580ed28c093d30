"""The analysis plan, which is written before the data and uses the entries in catalogues/."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from analysis.plan.catalogues.analyses import ANALYSES, Analysis
from analysis.plan.catalogues.behaviour_measures import MEASURES, Measure
from analysis.plan.catalogues.exclusion_rules import RULES, Rule
from analysis.plan.catalogues.outcome_kinds import (
    KINDS,
    POPULATIONS,
    SCORE_FIELDS,
    OutcomeKind,
    Population,
)
from analysis.plan.tables import (
    AttentionPlan,
    BayesPrior,
    Behaviour,
    Exclusion,
    LooksPlan,
    MapQualityPlan,
    MediationPlan,
    MultiversePlan,
    PlannedContrast,
    Preregistration,
    SampleGoal,
    SignalsPlan,
    Source,
    States,
)
from analysis.toml.value_types import Cell, Level, OneOf, Positive, Share, Text, as_tuple

__all__ = [
    "ANALYSES",
    "EXPLORATORY",
    "KINDS",
    "MEASURES",
    "NO_FALLBACK",
    "POPULATIONS",
    "RULES",
    "SCORE_FIELDS",
    "TIME_COLUMNS",
    "Allocation",
    "Analysis",
    "Measure",
    "Outcome",
    "OutcomeKind",
    "Plan",
    "Population",
    "Role",
    "Rule",
    "analysis_of",
    "analysis_with",
    "asked_items",
    "compares_times",
    "effect_names",
    "fallbacks_of",
    "family_of",
    "kind_of",
    "level_factor",
    "resolve",
    "rule_of",
    "tested_effect",
]

Role = Literal["confirmatory", "exploratory"]
INTERACTION = "interaction"  # the effect of a factorial outcome that is not a factor's
Allocation = Literal["randomised", "not_randomised", "not_stated"]
DegreesOfFreedom = Literal["satterthwaite", "kenward_roger"]
EXPLORATORY = "exploratory"  # role and family of every exploratory outcome
TIME_COLUMNS = ("part", "block", "condition", "page")
"""Columns of answers.csv that say when a questionnaire was asked."""
KindKey = Annotated[str, OneOf(tuple(kind.key for kind in KINDS))]
AnalysisKey = Annotated[str, OneOf(tuple(analysis.key for analysis in ANALYSES))]
NO_FALLBACK = "none"
"""Value of `fallback` that ends the list without the default."""
FallbackKey = Annotated[str, OneOf((*(analysis.key for analysis in ANALYSES), NO_FALLBACK))]
Fallbacks = Annotated[tuple[FallbackKey, ...], BeforeValidator(as_tuple)]
MeasureKey = Annotated[str, OneOf(tuple(measure.key for measure in MEASURES))]


@dataclass(frozen=True)
class Outcome:
    """An outcome of the study.

    The fields are the keys of [[outcomes]] in plan.toml. `where` selects trials, or the time of a
    scale or item (TIME_COLUMNS); `before` is the time of an earlier measurement, which the analysis
    subtracts, uses as a covariate or compares (Analysis.before). `asked_in` lists the arms that
    were asked, all if empty; other arms are not compared. `smallest_effect` is the smallest
    difference that matters, for equivalence tests. The analysis "factorial" crosses the arms with a
    `factor` or two `factors` with each other, and `effect` names the effect that the outcome's test
    is about; "factorial_within" crosses two `factors` of the conditions that `within` names. A
    model of trials has `random` factors, some of them with `slopes` of arm and with
    `within_slopes` of the within factor (None: wherever the design crosses them).
    `fallback` lists analyses that supply the test if this analysis has none.
    """

    key: Text
    label: Text
    kind: KindKey
    family: Text = "primary"
    role: Role = "confirmatory"
    analysis: AnalysisKey = "one_way"
    population: Population = "completed"
    scale: Text | None = None
    item: Text | None = None
    column: Text | None = None
    measure: MeasureKey | None = None
    where: Mapping[str, Cell] = field(default_factory=dict)
    before: Mapping[str, Cell] = field(default_factory=dict)
    covariates: tuple[Text, ...] = ()  # of an ANCOVA: columns of participants.csv, items or scales
    asked_in: tuple[Text, ...] = ()
    min_answered: Share | None = None
    transform: Literal["log", "log1p"] | None = None
    without_logarithm: Literal["refuse", "leave_out"] = "refuse"
    smallest_effect: Positive | None = None
    factor: Text | None = None
    factors: tuple[Text, ...] = ()
    effect: Text | None = None
    within: Text | None = None
    random: tuple[Text, ...] = ("participant", "image")
    slopes: tuple[Text, ...] = ()
    within_slopes: tuple[Text, ...] | None = None
    degrees_of_freedom: DegreesOfFreedom = "satterthwaite"
    fallback: Fallbacks = ()


@dataclass(frozen=True)
class Plan:
    """A complete plan. `arms` are in the order of the report, and `control` is one of them.

    `ai_only` is the arm with the classifier's answer and without an explanation, `human_alone` the
    arm without the classifier; both are arms of the study or None.
    """

    title: str
    control: Text
    arms: tuple[Text, ...]
    outcomes: tuple[Outcome, ...]
    alpha: Level = 0.05
    mix_simulated_and_real: bool = False
    ai_only: Text | None = None
    human_alone: Text | None = None
    exclusions: tuple[Exclusion, ...] = ()
    contrasts: tuple[PlannedContrast, ...] = ()
    behaviour: Behaviour | None = None
    sample_goal: SampleGoal | None = None
    looks: LooksPlan | None = None
    source: Source | None = None
    bayes: BayesPrior | None = None
    mediation: MediationPlan | None = None
    multiverse: MultiversePlan | None = None
    map_quality: MapQualityPlan | None = None
    attention_maps: AttentionPlan | None = None
    signals: SignalsPlan | None = None
    preregistration: Preregistration | None = None
    covariates: tuple[Text, ...] = ()  # of table 1: columns of participants.csv, items or scales

    @property
    def level(self) -> float:
        """Return the level of the intervals that correspond to two-sided tests at alpha."""
        return 1 - self.alpha

    @property
    def allocation(self) -> Allocation:
        """Return what is known about how participants came to the arms.

        The platform randomises them; of another study only its [source] can state it.
        """
        if len(self.arms) == 1:
            return "not_randomised"
        if self.source is None or self.source.randomised:
            return "randomised"
        return "not_stated" if self.source.randomised is None else "not_randomised"

    @property
    def states(self) -> States:
        """Return how the data show who completed the study."""
        return "recorded" if self.source is None else self.source.states

    @property
    def families(self) -> Mapping[str, tuple[Outcome, ...]]:
        """Return outcomes by family in the plan's order, with a family of exploratory outcomes."""
        names = dict.fromkeys(family_of(outcome) for outcome in self.outcomes)
        return {
            name: tuple(outcome for outcome in self.outcomes if family_of(outcome) == name)
            for name in names
        }

    def arms_of(self, outcome: Outcome) -> tuple[str, ...]:
        """Return the arms that were asked about the outcome, in the plan's order."""
        return tuple(arm for arm in self.arms if not outcome.asked_in or arm in outcome.asked_in)


def family_of(outcome: Outcome) -> str:
    """Return the family over which the outcome's p is adjusted."""
    return EXPLORATORY if outcome.role == "exploratory" else outcome.family


def effect_names(outcome: Outcome) -> dict[str, str]:
    """Return the names of the effects of a factorial outcome.

    "a" and "b" are its two factors, the first of which may be the arms, and "a:b" is their
    interaction.
    """
    first, second = outcome.factors if len(outcome.factors) == 2 else ("arm", str(outcome.factor))
    return {"a": first, "b": second, "a:b": INTERACTION}


def tested_effect(outcome: Outcome) -> str:
    """Return the effect that the outcome's test is about: "a", "b" or "a:b".

    By default it is the interaction of two factors, or the effect of the arms crossed with a
    single factor.
    """
    names = effect_names(outcome)
    if outcome.effect is None:
        return "a:b" if outcome.factors else "a"
    return next(key for key, name in names.items() if name == outcome.effect)


def kind_of(outcome: Outcome) -> OutcomeKind:
    """Return the entry of KINDS that the outcome names."""
    return next(kind for kind in KINDS if kind.key == outcome.kind)


def analysis_of(outcome: Outcome) -> Analysis:
    """Return the entry of ANALYSES that the outcome names."""
    return analysis_with(outcome.analysis)


def analysis_with(key: str) -> Analysis:
    """Return the entry of ANALYSES with this key."""
    return next(analysis for analysis in ANALYSES if analysis.key == key)


def asked_items(outcome: Outcome) -> tuple[str, str] | None:
    """Return the column of the codebook and the key of the outcome's scale or item, or None."""
    if kind_of(outcome).table != "answers.csv":
        return None
    named = outcome.scale if outcome.kind == "scale" else outcome.item
    return None if named is None else (outcome.kind, named)


def compares_times(outcome: Outcome) -> bool:
    """Return whether the outcome's analysis compares several measurements of a participant."""
    return analysis_of(outcome).before == "times"


def level_factor(outcome: Outcome, plan: Plan) -> str | None:
    """Return the factor at whose levels the report compares the arms, or None."""
    if not analysis_of(outcome).by_level or len(plan.arms_of(outcome)) < 2:
        return None
    return outcome.within or ("time" if compares_times(outcome) else None)


def has_a_curve(outcome: Outcome) -> bool:
    """Return whether [multiverse] can vary the outcome: one score, compared between arms."""
    analysis = analysis_of(outcome)
    compares_scores = analysis.between_arms and outcome.analysis != "factorial"
    return compares_scores and analysis.before not in ("covariate", "times")


def fallbacks_of(outcome: Outcome) -> tuple[str, ...]:
    """Return the analyses to try, in order, if the outcome's analysis has no test.

    These are the fallbacks that the plan names, then the last default of the analysis; or all of
    its defaults if the plan names none.
    """
    defaults = analysis_of(outcome).fallback
    if not outcome.fallback:
        return defaults
    named = tuple(key for key in outcome.fallback if key != NO_FALLBACK)
    if NO_FALLBACK in outcome.fallback:
        return named
    return (*named, *(key for key in defaults[-1:] if key not in named))


def rule_of(exclusion: Exclusion) -> Rule:
    """Return the entry of RULES that the exclusion names."""
    return next(rule for rule in RULES if rule.key == exclusion.rule)


def resolve(path: str) -> Callable[..., Any]:
    """Import and return the function at a dotted path."""
    module, _, name = path.rpartition(".")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function
