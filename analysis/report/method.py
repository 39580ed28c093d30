"""Notes on method: only the methods that this report used."""

from collections.abc import Iterator

from analysis.apa_numbers import bounded, percent
from analysis.outcomes.answer import STRENGTHS
from analysis.outcomes.trial_model_kinds import FAMILIES
from analysis.outcomes.trial_models import TrialModel
from analysis.plan.plan import EXPLORATORY
from analysis.results import Results
from analysis.sections.optional import sections_with_results
from analysis.statistics.attrition import DRAWS
from analysis.statistics.comparisons.permutation import DRAWS as PERMUTATIONS
from analysis.statistics.comparisons.permutation import SEED
from analysis.study_data.scoring import MINIMUM_SHARE_ANSWERED

DRAWN = ("mediation", "map_quality", "attention_maps")  # optional sections with bootstrap intervals


def method_notes(results: Results) -> list[str]:
    """Return notes of one or two sentences, in the order of the report."""
    used = _analyses(results)
    return [note for part in (_unit, _scores, _comparisons, _sizes) for note in part(used, results)]


def _analyses(results: Results) -> set[str]:
    """Return the keys of the analyses carried out, with a fallback in place of its model."""
    return {
        result.outcome.analysis if result.fallback is None else result.fallback.analysis
        for result in results.outcomes
    }


def _unit(used: set[str], results: Results) -> Iterator[str]:
    source = results.plan.source
    if source is not None and source.unit is not None:
        yield (
            f"The unit of this study is the {source.unit}: where this report says participant, it "
            f"means a {source.unit}."
        )
    models = {*FAMILIES, "likelihood_ratio"}
    if used - models - {"paired_preferences"}:
        yield (
            "Tests of scores use one value per participant and treat the images as fixed, so they "
            "do not generalise to images that were not shown."
        )
    if used & models:
        yield (
            "Models of trials treat participants, and images where the model names them, as "
            "samples; how well they generalise depends on the numbers of participants and images."
        )
    same = [
        result.outcome.label
        for result in results.outcomes
        if isinstance(result.found, TrialModel)
        and any(spread.factor == "image" for spread in result.found.spreads)
        and "image" not in result.outcome.slopes
    ]
    if same:
        yield (
            "Without random slopes of the arms by image, the effect of an arm is taken to be the "
            f"same for all images: {', '.join(same)}."
        )


def _scores(used: set[str], results: Results) -> Iterator[str]:
    if results.instruments:
        yield (
            "Scale scores are means over items after reversal (minimum + maximum − value), for "
            f"participants who answered at least {percent(MINIMUM_SHARE_ANSWERED)} of the scale's "
            "items, or the share that the plan declares; other participants have no score."
        )
    yield "Means have t intervals."
    if "one_way" in used:
        yield (
            "The omnibus test of scores is Welch's ANOVA, which allows unequal variances; the "
            "Kruskal-Wallis test is reported as a check."
        )


def _comparisons(used: set[str], results: Results) -> Iterator[str]:
    families = {
        name: members
        for name, members in results.plan.families.items()
        if any(outcome.role != EXPLORATORY for outcome in members)
    }
    counts = ", ".join(f"“{name}” ({len(members)})" for name, members in families.items())
    yield (
        "Within a family of outcomes, p is adjusted by Holm's method over the outcomes' tests: "
        f"{counts}. A planned test that has no result stays in its family with p = 1, so the "
        "others are adjusted for as many tests as were planned. Comparisons of arms within an "
        "outcome that have no result count in the same way where they are adjusted by Holm's "
        "method."
    )
    if "paired_preferences" in used:
        yield (
            "Preferences between two maps are analysed by Bradley and Terry's model of worths, "
            "with ties by Davidson's extension and an effect of the first place. Standard errors "
            "are between participants (sandwich), the test of equal worths is Hotelling's T², and "
            "worths describe the average choice of the population at the images shown, not the "
            "choice of a person."
        )
    if used & {"permutation", "permutation_within"}:
        yield (
            "Permutation tests compare the observed assignment with all assignments, or with a "
            f"fixed random sample of up to {PERMUTATIONS:,} assignments (seed {SEED})."
        )
    if "likelihood_ratio" in used:
        yield (
            "Likelihood-ratio tests of trials compare the suprema of the likelihoods with and "
            "without the effect of the arms, by χ². They exist where an odds ratio is 0 or "
            "infinite and Wald's tests do not."
        )
    # Each note depends on the plan, so that the section never describes an unused method.
    if results.exploratory:
        yield "Exploratory outcomes are adjusted together by Benjamini and Hochberg's method."
    if "one_way" in used:
        yield (
            "Arms are compared with the control by Dunnett's method for unequal variances (Hasler "
            "and Hothorn), all pairs by the Games-Howell method. p and intervals are adjusted over "
            "the comparisons within an outcome, not over outcomes."
        )
    yield (
        "The report states that an arm differs from the control only if the outcome's adjusted p "
        "is also below α."
    )
    if any(result.by_level is not None for result in results.outcomes):
        yield (
            "Comparisons of arms at the levels of a factor within participants are exploratory: "
            "Welch's t tests of each participant's mean at a level, with Holm's adjustment over "
            "the arms and levels of an outcome. Whether differences change over the levels is "
            "tested in participants with all levels, with Greenhouse and Geisser's correction of "
            "both degrees of freedom. No decision about an outcome rests on these comparisons."
        )
    if any(result.answer is not None and result.answer.shown for result in results.confirmatory):
        strongest, strong = (bounded(limit, 3) for limit, _ in STRENGTHS)
        yield (
            "The words of Findings follow the larger of the two adjusted p, after the scale of "
            f"Muff et al. (2022): below {strongest} very strong evidence, below {strong} strong, "
            "below α moderate."
        )
    if any(result.outcome.smallest_effect is not None for result in results.outcomes):
        yield (
            "Where the plan declares a smallest effect that matters, two one-sided t tests check "
            "whether a difference is smaller: Welch's tests for scores, and tests with the model's "
            "standard error for models of trials (on shares if the answers are yes or no). "
            "Combined with the test of a difference they give four verdicts: different; different "
            "but too small to matter; equivalent; undecided."
        )
    yield "A test that does not show a difference is not evidence of equality."


def _sizes(used: set[str], results: Results) -> Iterator[str]:
    level = percent(1 - 2 * results.plan.alpha)
    if used & {"one_way", "ranks"}:
        yield (
            "Cliff's δ has Feng and Cliff's interval, the probability of superiority Brunner and "
            f"Munzel's. ε² is H / (n − 1); its {level} interval inverts the noncentral F."
        )
    if "one_way" in used:
        yield (
            f"ω² is computed from Welch's F; its {level} interval inverts the noncentral F, so its "
            "lower limit is above zero exactly when the test's p is below α. A negative ω² is "
            "printed as zero."
        )
    if "one_way" in used:
        yield (
            "Hedges' g uses the pooled standard deviation and a noncentral t interval. This "
            "interval is not adjusted over pairs, so it may exclude zero where the adjusted "
            "difference does not."
        )
    if "paired" in used:
        yield "dz is the mean difference in standard deviations of the differences, noncentral t."
    if used & {"ancova", "mixed_anova", "factorial_within"}:
        yield f"Partial η² has {level} limits from the noncentral F."
    if results.instruments:
        yield (
            "Cronbach's α has Feldt's interval, over participants who answered every item; "
            "item-rest correlations have Fisher's. McDonald's ω is computed from a one-factor "
            "model by maximum likelihood, with an interval by the delta method on the logit."
        )
    yield "Shares of participants have Wilson's intervals."
    if results.study_flow.attrition:
        yield (
            f"Attrition is tested by Pearson's χ² with p from {DRAWS:,} random tables with the "
            "observed margins."
        )
    # Readers need to know where chance enters in order to reproduce the numbers.
    drawn = list(_drawn(used, results))
    if drawn:
        *others, last = drawn
        named = f"{', '.join(others)} and {last}" if others else last
        yield f"Random numbers enter only {named}; they have fixed seeds."


def _drawn(used: set[str], results: Results) -> Iterator[str]:
    if any(row.by_chance is not None for row in results.baseline):
        yield "the differences by chance in table 1"
    if results.study_flow.attrition:
        yield "the test of attrition"
    if used & {"permutation", "permutation_within"}:
        yield "the permutation tests"
    for part in sections_with_results(results.optional_sections):
        if part.key in DRAWN:
            yield f"the bootstrap samples behind “{part.label}”"
