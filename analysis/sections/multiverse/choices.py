"""The choices of a multiverse: who is kept, how the score is coded, which model measures it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from analysis.plan.plan import Outcome, kind_of
from analysis.plan.tables import MultiversePlan
from analysis.sections.multiverse.models import MODELS, ModelChoice
from analysis.study_data.scoring import MINIMUM_SHARE_ANSWERED
from analysis.study_data.study_data import StudyData

PEOPLE = {
    "randomised": "all randomised",
    "completed": "completed",
    "per_protocol": "per protocol",
}


@dataclass(frozen=True)
class People:
    """Whose data count: the study with its exclusions, and the set of it."""

    label: str
    data: StudyData
    outcome: Outcome  # with its population
    planned: bool


@dataclass(frozen=True)
class Coding:
    """The outcome with another rule for its score."""

    label: str
    outcome: Outcome
    planned: bool


def people(data: StudyData, outcome: Outcome, plan: MultiversePlan) -> Iterator[People]:
    """The plan's sets, the outcome's own among them; then each exclusion left out in turn."""
    rules = data.plan.exclusions
    for name in dict.fromkeys([outcome.population, *plan.populations]):
        if name == "per_protocol" and not rules and name != outcome.population:
            continue  # the same people as those who completed
        changed = replace(outcome, population=name)
        yield People(PEOPLE[name], data, changed, name == outcome.population)
    if not plan.without_each_rule:
        return
    for rule in rules:
        kept = tuple(one for one in rules if one.key != rule.key)
        other = replace(data, plan=replace(data.plan, exclusions=kept))
        changed = replace(outcome, population="per_protocol")
        yield People(f"without the rule “{rule.label}”", other, changed, False)


def codings(outcome: Outcome, plan: MultiversePlan) -> Iterator[Coding]:
    """The planned coding; then other shares of items that must be answered, or logarithms."""
    if kind_of(outcome).key == "scale":
        own = outcome.min_answered or MINIMUM_SHARE_ANSWERED
        yield Coding(_share(own), outcome, True)
        for share in plan.min_answered:
            if share != own:
                yield Coding(_share(share), replace(outcome, min_answered=share), False)
        return
    yield Coding("logarithms" if outcome.transform else "as measured", outcome, True)
    if plan.logarithms and outcome.kind == "trial_mean":
        other = replace(outcome, transform=None if outcome.transform else "log")
        yield Coding("as measured" if outcome.transform else "logarithms", other, False)


def models(outcome: Outcome, plan: MultiversePlan, *, yes_or_no: bool) -> list[ModelChoice]:
    """Those of the plan that the outcome can have, and the one its own analysis stands for."""
    wanted = [one for one in MODELS if one.key in plan.models or outcome.analysis in one.stands_for]
    return [one for one in wanted if yes_or_no or not one.of_trials]


def _share(share: float) -> str:
    return f"{share:.0%} of the items answered"
