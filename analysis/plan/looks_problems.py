"""Rules of [looks]: what can be looked at before the end, and when."""

from analysis.plan.plan import EXPLORATORY, NO_FALLBACK, Outcome, Plan, family_of
from analysis.plan.tables import ANYTIME, LooksPlan
from analysis.toml.positions import Path
from analysis.toml.problems import Problems

OUTCOME: Path = ("looks", "outcome")
GROUP_SEQUENTIAL = ("one_way", "paired", "linear_trials", "logistic_trials")
"""Analyses whose estimates are known to behave like a random walk from look to look."""
AT_ANY_TIME = ("one_way", "paired")
"""Analyses of scores of independent people, which tests at any time need."""


def check_looks(looks: LooksPlan, plan: Plan, problems: Problems) -> None:
    """Report every rule that [looks] breaks."""
    _check_times(looks, problems)
    _check_futility(looks, problems)
    if plan.source is not None:
        said = (
            "looks: they are held by the platform while it collects data, but [source] reads the "
            "files of a finished study. Remove [looks]."
        )
        problems.add(("looks",), said, ("source",))
    for number, outcome in enumerate(plan.outcomes):
        if outcome.key == looks.outcome:
            _check_outcome(looks, outcome, plan, ("outcomes", number), problems)
            return
    known = ", ".join(outcome.key for outcome in plan.outcomes)
    said = f"looks: there is no outcome {looks.outcome!r}. Name one of {known}."
    # The intended key may be a key that cannot be read.
    faulty = [("outcomes", *rest) for rest in problems.faults_below(("outcomes",))]
    problems.add(OUTCOME, said, ("outcomes",), *faulty)


def _check_times(looks: LooksPlan, problems: Problems) -> None:
    times, place = list(looks.times), ("looks", "times")
    faulty = [(*place, *rest) for rest in problems.faults_below(place)]
    if len(times) < 2 or sorted(set(times)) != times:
        said = (
            "looks: times must be two or more numbers of participants that grow, of which the last "
            f"is the planned sample, but is {times}. Correct it."
        )
        problems.add(place, said, *faulty)
    elif looks.is_anytime and len(times) != 2:
        said = (
            f"looks: with {looks.kind!r} you may look as often as you like, so times has two "
            f"numbers: the first possible look and the planned sample; it is {times}. Correct it."
        )
        problems.add(place, said, ("looks", "kind"), *faulty)


def _check_futility(looks: LooksPlan, problems: Problems) -> None:
    place, power = ("looks", "futility"), ("looks", "power")
    if looks.futility == "none":
        return
    if looks.is_anytime:
        said = (
            f"looks: {looks.kind!r} has no boundary for futility. Remove futility, or use one of "
            "obrien_fleming, pocock, haybittle_peto."
        )
        problems.add(place, said, ("looks", "kind"))
    elif looks.power is None:
        said = (
            "looks: futility needs power, the probability of detecting the planned effect, whose "
            "complement is spent on stopping for futility. Add power = 0.9, for example."
        )
        problems.add(place, said, power)


def _check_outcome(
    looks: LooksPlan, outcome: Outcome, plan: Plan, path: Path, problems: Problems
) -> None:
    """Check that the outcome has a single test whose behaviour over the looks is known."""
    name, analysis = f"looks: the outcome {outcome.key!r}", (*path, "analysis")

    def add(said: str, *others: Path) -> None:
        problems.add(OUTCOME, f"{name} {said}", *others)

    if outcome.role == EXPLORATORY:
        add("is exploratory, and nothing is claimed from it. Name another.", (*path, "role"))
    family = [other.key for other in plan.outcomes if family_of(other) == family_of(outcome)]
    if len(family) > 1:
        add(
            f"shares its family with {', '.join(key for key in family if key != outcome.key)}, but "
            "boundaries are for one test. Give it a family of its own.",
            (*path, "family"),
        )
    able = AT_ANY_TIME if looks.is_anytime else GROUP_SEQUENTIAL
    if outcome.analysis not in able:
        add(_unable(looks, outcome, able), analysis, ("looks", "kind"))
    elif outcome.analysis != "paired" and len(plan.arms_of(outcome)) != 2:
        add(
            f"compares {len(plan.arms_of(outcome))} arms, but boundaries are for the difference of "
            'two. Name them in asked_in of the outcome, such as ["control", "other"].',
            (*path, "asked_in"),
            ("arms",),
        )
    if outcome.within is not None and outcome.analysis in ("linear_trials", "logistic_trials"):
        add("has within, which looks cannot use. Remove within.", (*path, "within"))
    if outcome.fallback != (NO_FALLBACK,):
        add(
            f"may be tested by another analysis, but boundaries are for one test. Write "
            f"fallback = {NO_FALLBACK!r} in the outcome.",
            (*path, "fallback"),
        )


def _unable(looks: LooksPlan, outcome: Outcome, able: tuple[str, ...]) -> str:
    """Return why the analysis cannot be looked at by this kind, and what can."""
    if looks.kind in ANYTIME and outcome.analysis in GROUP_SEQUENTIAL:
        return (
            f"is analysed by {outcome.analysis!r}. No test at any time is proven for crossed "
            "participants and images, because trials of an image are not independent. Use the kind "
            f"obrien_fleming, pocock or haybittle_peto, or an analysis of {', '.join(able)}."
        )
    return f"is analysed by {outcome.analysis!r}, which has no looks. Use one of {', '.join(able)}."
