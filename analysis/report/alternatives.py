"""Alternative texts of the figures, for readers who cannot see them."""

from analysis.apa_numbers import interval, number, percent
from analysis.figures.overview import lines_of, unit_text
from analysis.figures.preferences import pairs_of
from analysis.figures.reliance import PLANES, places
from analysis.figures.times import compares_conditions, differences
from analysis.figures.trials import forest_of
from analysis.outcomes.ancova import Ancova
from analysis.outcomes.factorial import Factorial
from analysis.outcomes.factorial_within import FactorialWithin
from analysis.outcomes.mixed_anova import MixedAnova
from analysis.outcomes.one_way import OneWay
from analysis.outcomes.paired_preferences import PairedPreferences
from analysis.plan.plan import resolve
from analysis.report.fallback_sentences import bound_text
from analysis.report.level_sentences import MOST_ROWS
from analysis.results import OutcomeResult, Results
from analysis.sections.optional import sections_with_results
from analysis.statistics.descriptives import ArmSummary
from analysis.statistics.estimate import Bound, Estimate, NotEstimable
from analysis.study_data.rows_in_words import factor_words


def alternatives(results: Results) -> dict[str, str]:
    """Return the alternative text by figure name (figures.draw)."""
    texts = {
        "overview": _overview(results),
        "agreement": _agreement(results),
        "flow": _flow(results),
        **_behaviour(results),
    }
    for result in results.outcomes:
        texts[f"scores-{result.outcome.key}"] = _scores(result)
        texts[f"contrasts-{result.outcome.key}"] = _contrasts(result, results)
        texts |= _levels(result, results)
        texts[f"worths-{result.outcome.key}"] = _worths(result)
    for part in sections_with_results(results.optional_sections):
        if part.figures:
            drawings = resolve(part.figures)(results.optional_sections[part.key], results)
            texts |= {name: text for name, (_, text) in drawings.items()}
    return {name: _marked(text, results) for name, text in texts.items()}


def _overview(results: Results) -> str:
    """Return each outcome's differences and which of them are shown."""
    panels = []
    for result in (one for line in lines_of(results) for one in line.panels):
        answer = result.answer
        if answer is None:
            continue
        shown = {id(one) for one in answer.shown}
        entries = "; ".join(
            f"{one.label} against {one.reference} {_mean(one.estimate)}"
            f"{', shown' if id(one) in shown else ''}"
            for one in answer.differences
        )
        panels.append(f"{result.outcome.label}, {unit_text(result)}: {entries}")
    return f"Differences with adjusted intervals, by outcome. {'. '.join(panels)}."


def _agreement(results: Results) -> str:
    arms = "; ".join(
        f"{arm.label} {_share(arm.agreement_right)} and {_share(arm.agreement_wrong)}"
        for arm in results.agreement
    )
    return f"Share of right and of wrong predictions accepted, by arm: {arms}."


def _behaviour(results: Results) -> dict[str, str]:
    if results.behaviour is None:
        return {}
    texts = {}
    # Planes without arms have no figure; their texts are not used.
    for plane in PLANES:
        arms = "; ".join(
            f"{entry.label} {_mean(entry.x)} and {_mean(entry.y)}"
            for entry in places(results.behaviour, plane)
        )
        texts[plane.name] = (
            f"Reliance plane, by arm, {plane.x_label} and {plane.y_label}: {arms}. Perfect "
            f"reliance is at {number(plane.ideal, 0)} and {number(plane.ideal, 0)}."
        )
    shares = "; ".join(
        f"{entry.label} at {number(entry.stated, 1)}: {percent(entry.share)}"
        for entry in results.behaviour.calibration
    )
    texts["calibration"] = (
        f"Share of right answers by stated confidence, a panel per arm: {shares}."
    )
    return texts


def _scores(result: OutcomeResult) -> str:
    found = result.found
    if isinstance(found, MixedAnova):
        cells = "; ".join(f"{cell.label}, {cell.time} {_mean(cell.mean)}" for cell in found.cells)
        return f"{result.outcome.label}, mean by arm and time: {cells}."
    if isinstance(found, FactorialWithin):
        means = "; ".join(f"{cell.label} {_mean_of(cell)}" for cell in found.arms)
        return f"{result.outcome.label}, mean by combination of levels: {means}."
    if isinstance(found, Ancova):
        means = "; ".join(f"{arm.label} {_mean(arm.mean)}" for arm in found.adjusted)
        return f"{result.outcome.label}, mean by arm at the covariates' means: {means}."
    arms = "; ".join(f"{arm.label} {_mean_of(arm)}" for arm in result.found.arms)
    return f"{result.outcome.label}, a dot per participant, and the mean score by arm: {arms}."


def _levels(result: OutcomeResult, results: Results) -> dict[str, str]:
    """Return the texts of the means by level of a second factor, and of their differences."""
    key, label, found = result.outcome.key, result.outcome.label, result.found
    if isinstance(found, Factorial):
        cells = "; ".join(f"{cell.label} {_mean_of(cell)}" for cell in found.cell_scores)
        return {f"levels-{key}": f"{label}, mean by combination of levels: {cells}."}
    if result.by_level is None:
        return {}
    by_level, factor = result.by_level, factor_words(result.by_level.factor)
    control = results.labels[results.plan.control]
    means = [f"{one.level}, {one.scores.label} {_mean_of(one.scores)}" for one in by_level.scores]
    differences = [
        f"{one.level}, {one.label} {_mean(one.difference)}" for one in by_level.contrasts
    ]
    return {
        f"levels-{key}": f"{label}, mean by {factor} and arm: {_listed(means)}.",
        f"level-contrasts-{key}": (
            f"{label}, difference of means from {control} by {factor}: {_listed(differences)}."
        ),
    }


def _listed(numbers: list[str]) -> str:
    """Return the numbers, or where they are if nobody would listen to all of them."""
    if len(numbers) <= MOST_ROWS:
        return "; ".join(numbers)
    return f"{len(numbers)} numbers, which the table after the figure contains"


def _worths(result: OutcomeResult) -> str:
    worths = result.found.worths if isinstance(result.found, PairedPreferences) else ()
    methods = "; ".join(f"{one.label} {_mean(one.worth)}" for one in worths)
    return f"{result.outcome.label}, worth of each method: {methods}."


def _flow(results: Results) -> str:
    total = sum(row.randomised for row in results.flow)
    steps = "; ".join(
        f"{step.label} {sum(step.excluded.values())}, {sum(step.remaining.values())} remain"
        for step in results.study_flow.steps
    )
    kept = sum(results.study_flow.sets.per_protocol.values())
    everyone = "randomised" if results.plan.allocation == "randomised" else "in all arms"
    return f"Flow of participants: {total} {everyone}; {steps}; {kept} per protocol."


def _contrasts(result: OutcomeResult, results: Results) -> str:
    control = results.labels[results.plan.control]
    if isinstance(result.found, PairedPreferences):
        rows, _ = pairs_of(result, results)
        pairs = "; ".join(f"{row.label} {_mean(row.estimate)}" for row in rows)
        return f"{result.outcome.label}, odds of being preferred: {pairs}."
    if isinstance(result.found, OneWay):
        entries: list[tuple[str, Estimate | Bound | NotEstimable]] = [
            (contrast.label, contrast.difference) for contrast in result.found.contrasts
        ]
        what = "difference of means"
    elif isinstance(result.found, Ancova | MixedAnova):
        changes = isinstance(result.found, MixedAnova)
        what = "difference of changes" if changes else "difference of adjusted means"
        entries = [(contrast.label, contrast.difference) for contrast in result.found.contrasts]
    elif compares_conditions(result):
        entries = [(row.label, row.estimate) for row in differences(result, results)]
        pairs = "; ".join(f"{label} {_mean(estimate)}" for label, estimate in entries)
        return f"{result.outcome.label}, difference within participants: {pairs}."
    else:
        rows, forest = forest_of(result, results)
        entries = [(contrast.label, contrast.estimate) for contrast in rows]
        what = "odds ratio" if forest.ratio else "difference"
    arms = "; ".join(f"{label} {_mean(estimate)}" for label, estimate in entries)
    return f"{result.outcome.label}, {what} from {control}: {arms}."


def _mean(value: Estimate | Bound | NotEstimable) -> str:
    if isinstance(value, Bound):
        return bound_text(value)
    if isinstance(value, NotEstimable):
        return "not estimable"
    return f"{number(value.value)} {interval(value)}"


def _mean_of(arm: ArmSummary) -> str:
    if arm.without_interval and arm.minimum is not None:
        return f"{number(arm.minimum)} (no interval: {arm.without_interval})"
    return _mean(arm.mean)


def _share(value: Estimate | NotEstimable) -> str:
    return percent(value.value) if isinstance(value, Estimate) else "not estimable"


def _marked(text: str, results: Results) -> str:
    return f"{text} Simulated data." if results.simulated else text
