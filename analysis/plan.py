"""The analysis plan, written before the data; and the lists of what a plan can ask for.

A new kind of outcome, analysis, exclusion rule or measure is a function and one line below.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from analysis.planparts import (
    Behaviour,
    Cell,
    Exclusion,
    PlannedContrast,
    SampleGoal,
    Source,
)

Population = Literal["completed", "randomised", "per_protocol"]
POPULATIONS: tuple[Population, ...] = ("completed", "randomised", "per_protocol")
Role = Literal["confirmatory", "exploratory"]
EXPLORATORY = "exploratory"  # the family of every exploratory outcome


@dataclass(frozen=True)
class OutcomeKind:
    """How one score per participant comes about: `path` names (StudyData, Outcome) → Series."""

    key: str
    label: str
    needs: tuple[str, ...]  # fields of Outcome that must be given
    population: Population  # unless the outcome names another
    path: str


@dataclass(frozen=True)
class Analysis:
    """What is done with the scores: `path` names (StudyData, scores, Outcome) → its results.

    `check` names the same without all but arms and test, for the other set of participants.
    `words` names (OutcomeResult, Results) → the sentences about them; the template in report/ has
    the analysis's key; `figures` names (OutcomeResult, Results, scores) → drawings by name.
    """

    key: str
    label: str
    path: str
    words: str
    figures: str = ""
    needs: tuple[str, ...] = ()  # fields of Outcome that must be given
    check: str = ""  # `path` if empty


@dataclass(frozen=True)
class Rule:
    """Whom an exclusion leaves out: `path` names (StudyData, Exclusion) → exclusions.Flagged."""

    key: str
    label: str
    needs: tuple[str, ...]  # fields of Exclusion that must be given
    path: str


@dataclass(frozen=True)
class Measure:
    """A measure of behaviour: `path` names what takes it from behaviour.trials.

    per "participant": trials → value, numerator, denominator by participant; such a measure can be
    an outcome. per "arm": (trials, level) → Estimate. `null`: the mean is tested against it.
    """

    key: str
    label: str
    needs: tuple[str, ...]  # columns of behaviour.trials that must hold something
    path: str
    unit: Literal["share", "score", "ms"] = "share"
    per: Literal["participant", "arm"] = "participant"
    null: float | None = None


KINDS = (
    OutcomeKind(
        "scale",
        "mean of a scale's items, after reversal",
        ("scale",),
        "completed",
        "analysis.scoring.scale_score",
    ),
    OutcomeKind(
        "item",
        "the answer to a single item",
        ("item",),
        "completed",
        "analysis.scoring.item_score",
    ),
    OutcomeKind(
        "trial_mean",
        "mean of a trial column over the participant's answered trials",
        ("column",),
        "randomised",
        "analysis.scoring.trial_mean",
    ),
    OutcomeKind(
        "behaviour",
        "a measure of behaviour over the participant's trials",
        ("measure",),
        "randomised",
        "analysis.behaviour.measures.participant_measure",
    ),
)
ANALYSES = (
    Analysis(
        "one_way",
        "Welch ANOVA between arms, with its company",
        "analysis.one_way.one_way",
        "analysis.report.sentences.one_way",
        "analysis.figures.one_way.drawings",
        check="analysis.one_way.arms_and_test",
    ),
    Analysis(
        "ranks",
        "Kruskal-Wallis between arms, for single ordered answers",
        "analysis.ranked.ranked",
        "analysis.report.sentences.omnibus_only",
    ),
    Analysis(
        "repeated",
        "Friedman over conditions that every participant saw",
        "analysis.repeated.repeated",
        "analysis.report.sentences.omnibus_only",
        needs=("within",),
    ),
    Analysis(
        "factorial",
        "arms by a second factor between participants, with aligned ranks beside it",
        "analysis.factorial.factorial",
        "analysis.report.sentences.omnibus_only",
        needs=("factor",),
    ),
    Analysis(
        "binary_trials",
        "odds ratio and risk difference of yes-or-no trials, clustered by participant",
        "analysis.binary_trials.binary_trials",
        "analysis.report.sentences.omnibus_only",
        needs=("column",),
    ),
    Analysis(
        "logistic_trials",
        "logistic mixed model of yes-or-no trials, people and images random",
        "analysis.trial_models.logistic_trials",
        "analysis.report.sentences.trial_model",
        needs=("column",),
    ),
    Analysis(
        "linear_trials",
        "linear mixed model of trials, people and images random",
        "analysis.trial_models.linear_trials",
        "analysis.report.sentences.trial_model",
        needs=("column",),
    ),
)
RULES = (
    Rule(
        "not_completed", "did not complete the study", (), "analysis.exclusions.rules.not_completed"
    ),
    Rule("listed", "named in the plan", ("participants",), "analysis.exclusions.rules.listed"),
    Rule(
        "participant",
        "a participant's value fits the condition",
        ("column",),
        "analysis.exclusions.rules.participant_value",
    ),
    Rule(
        "trials",
        "enough trials fit the condition",
        ("column",),
        "analysis.exclusions.rules.trials_that_fit",
    ),
    Rule(
        "same_choices",
        "the same choices throughout enough blocks of trials",
        ("columns", "block"),
        "analysis.exclusions.rules.same_choices",
    ),
    Rule(
        "answer",
        "the answer to an item fits the condition",
        ("item",),
        "analysis.exclusions.rules.answer_that_fits",
    ),
    Rule(
        "same_answers",
        "the same answer to all of these items",
        ("items",),
        "analysis.exclusions.rules.same_answers",
    ),
)

_R = "analysis.behaviour.ratios."
_S = "analysis.behaviour.scores."
_C = "analysis.behaviour.calibration."
MEASURES = (
    Measure("agreement", "Advice followed", ("accepted",), _R + "AGREEMENT"),
    Measure(
        "switching",
        "Switched to the advice, where it differed",
        ("first_agreed", "accepted"),
        _R + "SWITCHING",
    ),
    Measure("accuracy_before", "Accuracy before advice", ("first_right",), _R + "ACCURACY_BEFORE"),
    Measure("accuracy", "Accuracy with advice", ("final_right",), _R + "ACCURACY"),
    Measure(
        "accuracy_disagreeing",
        "Accuracy where first answer and advice differed",
        ("first_agreed", "final_right"),
        _R + "ACCURACY_DISAGREEING",
    ),
    Measure(
        "over_reliance",
        "Over-reliance: wrong advice followed",
        ("advice_right", "accepted"),
        _R + "OVER_RELIANCE",
    ),
    Measure(
        "under_reliance",
        "Under-reliance: right advice not followed",
        ("advice_right", "accepted"),
        _R + "UNDER_RELIANCE",
    ),
    Measure(
        "over_reliance_first_right",
        "Over-reliance where the first answer was right",
        ("advice_right", "first_right", "accepted"),
        _R + "OVER_RELIANCE_FIRST_RIGHT",
    ),
    Measure(
        "under_reliance_first_wrong",
        "Under-reliance where the first answer was wrong",
        ("advice_right", "first_right", "accepted"),
        _R + "UNDER_RELIANCE_FIRST_WRONG",
    ),
    Measure(
        "rair",
        "Relative AI reliance (RAIR): wrong at first, right after right advice",
        ("first_right", "advice_right", "final_right"),
        _R + "RAIR",
    ),
    Measure(
        "rsr",
        "Relative self-reliance (RSR): right at first, still right after wrong advice",
        ("first_right", "advice_right", "final_right"),
        _R + "RSR",
    ),
    Measure(
        "woa",
        "Weight of advice, median",
        ("weight_of_advice",),
        _S + "weight_of_advice",
        "score",
    ),
    Measure(
        "woa_clipped",
        "Weight of advice, cut at 0 and 1",
        ("weight_of_advice",),
        _S + "clipped_weight_of_advice",
    ),
    Measure(
        "d_prime",
        "d′: right advice told from wrong",
        ("advice_right", "accepted"),
        _S + "d_prime",
        "score",
        null=0.0,
    ),
    Measure(
        "criterion",
        "Criterion c: above 0 rather rejects",
        ("advice_right", "accepted"),
        _S + "criterion",
        "score",
        null=0.0,
    ),
    Measure("brier", "Brier score", ("probability", "final_right"), _S + "brier"),
    Measure(
        "overconfidence",
        "Overconfidence: stated minus true accuracy",
        ("probability", "final_right"),
        _S + "overconfidence",
        "score",
        null=0.0,
    ),
    Measure(
        "ece",
        "Expected calibration error",
        ("probability", "final_right"),
        _C + "expected_calibration_error",
        per="arm",
    ),
    Measure(
        "ece_debiased",
        "Calibration error, debiased",
        ("probability", "final_right"),
        _C + "debiased_calibration_error",
        per="arm",
    ),
    Measure(
        "auroc",
        "AUROC: surer when right than when wrong",
        ("confidence", "final_right"),
        _C + "auroc",
        per="arm",
    ),
    Measure(
        "simulation",
        "Forward simulation: classifier's answer foretold",
        ("guess_right",),
        _R + "SIMULATION",
    ),
    Measure(
        "simulation_above_chance",
        "Forward simulation above chance",
        ("guess_above_chance",),
        _S + "guess_above_chance",
        "score",
        null=0.0,
    ),
    Measure(
        "response_time",
        "Response time",
        ("response_time",),
        _S + "log_response_time",
        "ms",
    ),
)


@dataclass(frozen=True)
class Outcome:
    """One thing that the study measures; the fields are the keys of [[outcomes]] in plan.toml.

    `asked_in`: the arms in which it was asked, all if empty; the others are not compared.
    `smallest_effect`: the least difference of means that matters, for equivalence. Of a model of
    trials: `random` factors, those with `slopes` of arm, and the `fallback` analysis if it fails.
    """

    key: str
    label: str
    kind: str
    family: str = "primary"
    role: Role = "confirmatory"
    analysis: str = "one_way"
    population: Population = "completed"
    scale: str | None = None
    item: str | None = None
    column: str | None = None
    measure: str | None = None
    where: Mapping[str, Cell] = field(default_factory=dict)
    asked_in: tuple[str, ...] = ()
    min_answered: float | None = None
    transform: Literal["log"] | None = None
    smallest_effect: float | None = None
    factor: str | None = None
    within: str | None = None
    random: tuple[str, ...] = ("participant", "image")
    slopes: tuple[str, ...] = ()
    fallback: str | None = None


@dataclass(frozen=True)
class Plan:
    """The whole plan; `arms` in the order of the report, `control` one of them.

    `ai_only`: the arm with the classifier's answer and no explanation; `human_alone`: the arm
    without the classifier. Both are arms of the study, or empty.
    """

    title: str
    control: str
    arms: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    alpha: float = 0.05
    mix_simulated_and_real: bool = False
    ai_only: str | None = None
    human_alone: str | None = None
    exclusions: tuple[Exclusion, ...] = ()
    contrasts: tuple[PlannedContrast, ...] = ()
    behaviour: Behaviour | None = None
    sample_goal: SampleGoal | None = None
    source: Source | None = None

    @property
    def level(self) -> float:
        """Level of the intervals that go with two-sided tests at alpha."""
        return 1 - self.alpha

    @property
    def families(self) -> Mapping[str, tuple[Outcome, ...]]:
        """Outcomes by family, in the plan's order; all exploratory ones in one of their own."""
        names = dict.fromkeys(family_of(outcome) for outcome in self.outcomes)
        return {
            name: tuple(outcome for outcome in self.outcomes if family_of(outcome) == name)
            for name in names
        }

    def arms_of(self, outcome: Outcome) -> tuple[str, ...]:
        """The arms in which the outcome was asked, in the plan's order."""
        return tuple(arm for arm in self.arms if not outcome.asked_in or arm in outcome.asked_in)


def family_of(outcome: Outcome) -> str:
    """The family over which the outcome's p is adjusted."""
    return EXPLORATORY if outcome.role == "exploratory" else outcome.family


def kind_of(outcome: Outcome) -> OutcomeKind:
    """The entry of KINDS that the outcome names."""
    return next(kind for kind in KINDS if kind.key == outcome.kind)


def analysis_of(outcome: Outcome) -> Analysis:
    """The entry of ANALYSES that the outcome names."""
    return analysis_with(outcome.analysis)


def analysis_with(key: str) -> Analysis:
    """The entry of ANALYSES of that key."""
    return next(analysis for analysis in ANALYSES if analysis.key == key)


def rule_of(exclusion: Exclusion) -> Rule:
    """The entry of RULES that the exclusion names."""
    return next(rule for rule in RULES if rule.key == exclusion.rule)


def resolve(path: str) -> Callable[..., Any]:
    """The function behind a dotted path; imported only now."""
    module, _, name = path.rpartition(".")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function
