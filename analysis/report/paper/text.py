"""Methods and Results of a paper, as paragraphs in APA style.

What the data cannot state is left to the authors, in square brackets. Each paragraph names the
places of results.json that contain its numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from analysis.apa_numbers import bounded, interval, number, p_value, percent
from analysis.failures import Failures
from analysis.plan.plan import TIME_COLUMNS
from analysis.report.allocation import flow_columns, lead, population_words
from analysis.report.level_sentences import level_sentences
from analysis.report.method import method_notes
from analysis.report.outcome_sentences import fallen_back, outcome_sentences
from analysis.report.page_one.robustness import what_would_change
from analysis.report.page_one.sample import sample_sentences
from analysis.report.plan_decisions import plan_decisions
from analysis.report.sentences import source_of
from analysis.results import OutcomeResult, Results
from analysis.sections.instruments import Instrument
from analysis.sections.sample_size import SampleNeeded
from analysis.sections.stimuli_shown import Confidence, StimuliShown
from analysis.statistics.descriptives import ArmSummary
from analysis.statistics.estimate import Estimate, HypothesisTest

Part = Literal["Methods", "Results"]
Place = tuple[str | int, ...]
LOST = {
    "Stopped": "stopped early and kept their answers",
    "Left silently": "dropped out",
    "Ended by the study": "were ended by the study",
    "Not complete": "did not complete the study",
    "Data erased": "had their data erased",
}  # headings of report.allocation.flow_columns, as verbs
LIBRARIES = {"numpy": "NumPy", "scipy": "SciPy", "pandas": "pandas", "statsmodels": "statsmodels"}


@dataclass(frozen=True)
class Paragraph:
    """A paragraph under a heading of Methods or Results.

    `places` are paths in results.json, such as ("outcomes", 0), below which its numbers are.
    """

    part: Part
    heading: str
    text: str
    places: tuple[Place, ...]

    @property
    def addresses(self) -> str:
        """Return the places as text, such as "outcomes.0 plan"."""
        return " ".join(".".join(map(str, place)) for place in self.places)


def paper_text(results: Results) -> list[Paragraph]:
    """Return the paragraphs of Methods and Results, in the order of a paper."""
    return [*_methods(results), *_results(results)]


def _methods(results: Results) -> Iterator[Paragraph]:
    parts: tuple[tuple[str, list[str], tuple[Place, ...]], ...] = (
        (
            "Participants",
            [*_participants(results)],
            (("flow",), ("study_flow",), ("collection",), ("sample",), ("outcomes",)),
        ),
        ("Design", [*_design(results)], (("plan",), ("provenance",))),
        ("Materials", [*_materials(results)], (("stimuli_shown",),)),
        ("Measures", [*_measures(results)], (("instruments",), ("plan",))),
        ("Exclusion criteria", [*_exclusions(results)], (("plan",), ("study_flow",))),
        ("Statistical analysis", [*_models(results)], (("plan",), ("outcomes",))),
        ("Statistical analysis", method_notes(results), (("plan",),)),
        ("Preregistration, data and software", [*_openness(results)], (("provenance",),)),
    )
    for heading, sentences, places in parts:
        if sentences:
            yield Paragraph("Methods", heading, " ".join(sentences), places)


def _participants(results: Results) -> Iterator[str]:
    yield from sample_sentences(results)
    if results.simulated:
        yield (
            "All of them are simulated."
            if not results.simulated_and_real
            else ("Some of them are simulated.")
        )
    if isinstance(results.sample, SampleNeeded):
        yield (
            f"The sample was planned for {results.sample.effect} = {number(results.sample.size)} "
            f"with a power of {percent(results.sample.power)}, which needs "
            f"{results.sample.per_arm_rounded} participants per arm."
        )
    else:
        yield "[State the reason for the sample size.]"
    yield (
        "[State how participants were recruited and paid, who could take part, their age and "
        "gender, and the ethics approval.]"
    )


def _design(results: Results) -> Iterator[str]:
    plan, labels = results.plan, results.labels
    arms = [f"“{labels[arm]}”" for arm in plan.arms]
    if len(arms) > 1:
        verb = {
            "randomised": "Participants were assigned at random to one of",
            "not_randomised": "Participants were in one of",
            "not_stated": "Participants were in one of",
        }[plan.allocation]
        yield f"{verb} {len(arms)} arms: {_and(arms)}."
        yield f"The control arm was “{labels[plan.control]}”."
    within = sorted({outcome.within for outcome in plan.outcomes if outcome.within})
    for factor in within:
        named = "time of measurement" if factor in TIME_COLUMNS else factor
        yield f"The {named} varied within participants."
    if results.provenance.seed is not None and plan.allocation == "randomised":
        yield (
            f"The sequence of assignments was computed before the study from a seed "
            f"({results.provenance.seed}), and nobody could see the next assignment."
        )


def _materials(results: Results) -> Iterator[str]:
    shown = results.stimuli_shown
    if shown is None or not shown.images:
        return
    sets = f" from the set {_and(shown.image_sets)}" if shown.image_sets else ""
    yield f"Participants saw {_count(shown.images, 'image')}{sets} with a classifier's predictions."
    if shown.accuracy is not None:
        yield (
            f"The prediction was right for {shown.right:,} and wrong for {shown.wrong:,} of them"
            f"{f', {shown.both:,} of which had both,' if shown.both else ''} "
            f"(accuracy {percent(shown.accuracy, 1)})."
        )
    yield from _probabilities(shown)
    seeing = sum(arm.trials > 0 for arm in shown.arms)
    if seeing > 1:
        arms = "Every arm" if seeing == len(shown.arms) else "Every arm with participants"
        yield (
            f"{arms} saw the same images."
            if shown.same_images
            else "The arms did not all see the same images."
        )
    yield "[Describe the classifier, the explanations and the pages that participants saw.]"


def _probabilities(shown: StimuliShown) -> Iterator[str]:
    parts = [
        f"{bounded(sure.mean)} for {kind} predictions ({bounded(sure.lowest)} to "
        f"{bounded(sure.highest)})"
        for kind, sure in (("right", shown.sure_right), ("wrong", shown.sure_wrong))
        if isinstance(sure, Confidence)
    ]
    if parts:
        yield f"The classifier's mean probability for its prediction was {_and(parts)}."


def _measures(results: Results) -> Iterator[str]:
    for scale in results.instruments:
        yield _scale(scale)
    for result in results.outcomes:
        outcome = result.outcome
        role = "exploratory outcome" if result in results.exploratory else "outcome"
        yield f"The {role} “{outcome.label}” is the {_without_article(source_of(outcome))}."


def _scale(scale: Instrument) -> str:
    reversed_items = len(scale.reversed_items)
    said = (
        f"The scale “{scale.name}” has {_count(scale.items, 'item')}"
        f"{f' ({reversed_items} reversed)' if reversed_items else ''} with answers from "
        f"{number(scale.minimum, 0)} to {number(scale.maximum, 0)}"
    )
    reliabilities = [
        f"{name} = {bounded(value.value)}, {percent(value.level)} CI {interval(value, 'bounded')}"
        for name, value in (("Cronbach's α", scale.alpha), ("McDonald's ω", scale.omega))
        if isinstance(value, Estimate)
    ]
    if reliabilities:
        said += f"; in this study, {_and(reliabilities)}"
    source = f" {scale.source.rstrip('.')}." if scale.source else ""
    return f"{said}.{source}"


def _exclusions(results: Results) -> Iterator[str]:
    steps = results.study_flow.steps
    if not steps:
        yield "The plan excluded nobody."
        return
    for step in steps:
        sets = "all analyses" if step.scope == "all" else "the per-protocol set"
        yield f"Excluded from {sets}: {step.label} (n = {sum(step.excluded.values())})."


def _models(results: Results) -> Iterator[str]:
    for result in results.confirmatory:
        used = result if result.fallback is None else fallen_back(result)
        people = population_words(used.outcome.population, results.plan, results.study_flow.steps)
        yield f"“{result.outcome.label}”: {result.summary.model}, in {people}."
    yield f"The level of significance was {bounded(results.plan.alpha)}."


def _openness(results: Results) -> Iterator[str]:
    registered = results.plan.preregistration
    if registered is not None:
        day = f" on {registered.registered_at}" if registered.registered_at else ""
        yield f"The analysis plan was registered{day}: {registered.url}."
    else:
        yield "[State whether and where the study was preregistered.]"
    software = results.provenance.analysis_software
    used = [f"{name} {software[key]}" for key, name in LIBRARIES.items() if key in software]
    python = f"Python {software['python']}" if "python" in software else "Python"
    yield f"The analysis was carried out in {python}{f' with {_and(used)}' if used else ''}."
    yield "[State where the data, the materials and the code are.]"


def _results(results: Results) -> Iterator[Paragraph]:
    yield Paragraph(
        "Results", "Participant flow", " ".join(_flow(results)), (("flow",), ("study_flow",))
    )
    for place, result in enumerate(results.outcomes):
        words = " ".join(
            [
                *_means(result, results),
                *_sentences(result, results),
                *level_sentences(result, results),
            ]
        )
        yield Paragraph("Results", result.outcome.label, words, (("outcomes", place), ("plan",)))
    changes = what_would_change(results)
    if changes:
        yield Paragraph(
            "Results", "Robustness", " ".join(changes),
            (("outcomes",), ("optional_sections",), ("study_flow",), ("data_checks",)),
        )  # fmt: skip
    deviations = [
        f"{one.where}: planned was {one.planned}; done was {one.done}."
        for one in results.deviations
    ]
    # The rules' decisions are told with their outcomes.
    kept = "followed the plan's rules" if plan_decisions(results) else "was carried out as planned"
    yield Paragraph(
        "Results", "Deviations from the plan",
        " ".join(deviations) or f"Every analysis {kept}.", (("deviations",),),
    )  # fmt: skip


def _sentences(result: OutcomeResult, results: Results) -> list[str]:
    # The page marks and lists the same fault.
    return Failures().guarded(
        f"Outcome “{result.outcome.label}”, its sentences",
        lambda: outcome_sentences(result, results),
        lambda failure: [f"The sentences on this outcome failed: {failure.sentence}."],
    )


def _flow(results: Results) -> Iterator[str]:
    yield lead(results)
    lost = [
        f"{count} {LOST.get(heading, heading.lower())}"
        for heading, field in flow_columns(results)[2:]
        if field != "erased" or all(row.erased_known for row in results.flow)
        if (count := sum(getattr(row, field) or 0 for row in results.flow))
    ]
    if lost:
        yield f"Of the others, {_and(lost)}."
    for one in results.study_flow.attrition:
        if isinstance(one.test, HypothesisTest):
            # Not in brackets, since its p is not that of the χ² distribution.
            shows = "does not show" if one.test.p >= results.plan.alpha else "shows"
            yield (
                f"Attrition ({one.lost}): a permutation test {shows} a difference between the "
                f"arms, {one.test.symbol} = {number(one.test.statistic)}, permutation p "
                f"{p_value(one.test.p)}."
            )


def _means(result: OutcomeResult, results: Results) -> Iterator[str]:
    """Yield a sentence with the mean and standard deviation of each arm or condition."""
    arms = [arm for arm in getattr(result.decisive, "arms", ()) if isinstance(arm, ArmSummary)]
    parts = [
        f"“{arm.label}” {number(arm.mean.value)} ({number(arm.sd)})"
        for arm in arms
        if isinstance(arm.mean, Estimate) and arm.sd is not None
    ]
    if parts and len(parts) == len(arms):
        yield f"Means (and standard deviations): {_and(parts)}."


def _without_article(text: str) -> str:
    return text.removeprefix("the ")


def _count(amount: int, noun: str) -> str:
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def _and(parts: list[str] | tuple[str, ...]) -> str:
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
