"""Notes on method: what was done in this report, and nothing that was not."""

from collections.abc import Iterator

from analysis.apa_numbers import percent
from analysis.outcomes.trial_model_kinds import FAMILIES
from analysis.outcomes.trial_models import TrialModel
from analysis.plan.plan import EXPLORATORY
from analysis.results import Results
from analysis.sections.optional import sections_with_results
from analysis.statistics.attrition import DRAWS
from analysis.study_data.scoring import MINIMUM_SHARE_ANSWERED

DRAWN = ("mediation", "map_quality")  # sections whose intervals come from samples


def method_notes(results: Results) -> list[str]:
    """One or two sentences each, in the order of the report."""
    used = _analyses(results)
    return [note for part in (_unit, _scores, _comparisons, _sizes) for note in part(used, results)]


def _analyses(results: Results) -> set[str]:
    """Keys of the analyses that were carried out, the fallbacks of models among them."""
    return {
        result.outcome.fallback
        if isinstance(result.found, TrialModel)
        and result.found.fallback is not None
        and result.outcome.fallback is not None
        else result.outcome.analysis
        for result in results.outcomes
    }


def _unit(used: set[str], results: Results) -> Iterator[str]:
    if used - set(FAMILIES):
        yield (
            "Tests of scores use one value per participant and take the images as given: they do "
            "not speak for images that were not shown."
        )
    if used & set(FAMILIES):
        yield (
            "Models of trials take people, and the images where the model names them, as samples; "
            "how far they speak for others depends on how many there were."
        )


def _scores(used: set[str], results: Results) -> Iterator[str]:
    if results.instruments:
        yield (
            "Scale scores are means over items after reversal (minimum + maximum − value), for "
            f"participants who answered at least {percent(MINIMUM_SHARE_ANSWERED)} of the scale's "
            "items, or the share that the plan names; otherwise there is no score."
        )
    yield "Means have t intervals."
    if "one_way" in used:
        yield (
            "The omnibus test of scores is Welch's ANOVA, which lets each arm have its own "
            "variance; Kruskal-Wallis stands beside it."
        )


def _comparisons(used: set[str], results: Results) -> Iterator[str]:
    families = {
        name: members
        for name, members in results.plan.families.items()
        if any(outcome.role != EXPLORATORY for outcome in members)
    }
    told = ", ".join(f"“{name}” ({len(members)})" for name, members in families.items())
    yield (
        "Within a family of outcomes, p is adjusted by Holm's method over the outcomes' tests: "
        f"{told}. A planned test that could not be done stays in the count."
    )
    if results.exploratory:
        yield "Exploratory outcomes are adjusted among themselves by Benjamini and Hochberg."
    if "one_way" in used:
        yield (
            "Arms are compared with the control by Dunnett's method with unequal variances (Hasler "
            "and Hothorn), all pairs by Games-Howell: p and intervals are adjusted over the "
            "comparisons within one outcome, not over outcomes."
        )
    yield (
        "An arm is said to differ from the control only where the outcome's own adjusted p is "
        "below α too."
    )
    if any(result.outcome.smallest_effect is not None for result in results.outcomes):
        yield (
            "Where the plan names a smallest effect that matters, two one-sided t tests ask "
            "whether a difference is smaller: Welch's between scores, with the model's own error "
            "where trials were modelled (of shares where they are yes or no). With the test of a "
            "difference there are four verdicts: different; different but too small to matter; "
            "equivalent; undecided."
        )
    yield "A test that shows no difference is no evidence of equality."


def _sizes(used: set[str], results: Results) -> Iterator[str]:
    level = percent(1 - 2 * results.plan.alpha)
    if used & {"one_way", "ranks"}:
        yield (
            "Cliff's δ has Feng and Cliff's interval, the probability of superiority Brunner and "
            f"Munzel's. ε² comes from H / (n − 1); its {level} interval inverts the noncentral F."
        )
    if "one_way" in used:
        yield (
            f"ω² comes from Welch's F; its {level} interval inverts the noncentral F, so that its "
            "lower limit lies above zero exactly when the test's p is below α. ω² below zero is "
            "printed as zero."
        )
    if "one_way" in used:
        yield (
            "Hedges' g uses the pooled standard deviation and a noncentral t interval; it is not "
            "adjusted over pairs, so that it may leave out zero where the adjusted difference "
            "does not."
        )
    if results.instruments:
        yield (
            "Cronbach's α has Feldt's interval, over participants who answered every item; "
            "item-rest correlations have Fisher's. McDonald's ω comes from one factor by maximum "
            "likelihood, its interval from the delta method on the logit."
        )
    yield "Shares of participants have Wilson's intervals."
    drawn = " and ".join(
        f"“{part.label}”"
        for part in sections_with_results(results.optional_sections)
        if part.key in DRAWN
    )
    others = f"as are the samples behind {drawn}" if drawn else "the only random numbers here"
    yield (
        f"Attrition is tested by Pearson's χ² with p from {DRAWS:,} tables of the same margins, "
        f"drawn with a fixed seed, {others}."
    )
