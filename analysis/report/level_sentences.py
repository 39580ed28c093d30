"""Text on the arms at the levels of a second factor: sentences, headings, a note."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.apa_numbers import bounded, interval, number, p_value, percent, reported
from analysis.outcomes.by_level import ByLevel
from analysis.outcomes.factorial import Factorial
from analysis.outcomes.factorial_within import FactorialWithin
from analysis.outcomes.trial_models import TrialModel
from analysis.plan.plan import compares_times
from analysis.results import OutcomeResult, Results
from analysis.statistics.descriptives import ArmSummary
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable
from analysis.study_data.rows_in_words import factor_words

MOST_NAMED = 6  # levels with a difference that a sentence lists
SPACE = "\N{NO-BREAK SPACE}"
MOST_ROWS = 30  # of a table by level; longer tables are folded


@dataclass(frozen=True)
class _Difference:
    """A difference at a level, by labels in print."""

    level: str
    label: str
    reference: str
    estimate: Estimate | NotEstimable
    p_adjusted: float | None


@dataclass(frozen=True)
class _Compared:
    """Differences at the `levels` of a factor, as many as Holm's `count`, and their change."""

    factor: str
    levels: int
    differences: tuple[_Difference, ...]
    count: int
    interaction: HypothesisTest | NotEstimable


def level_sentences(result: OutcomeResult, results: Results) -> list[str]:
    """Return where the arms differ most, and whether the differences change over the levels.

    The list is empty if the outcome has no second factor.
    """
    compared = _compared(result, results)
    if compared is None:
        return []
    parts = [" ".join(_differences(compared, results))]
    # The outcome's own test has its sentence already, with the p that is adjusted over the family.
    if compared.interaction != result.test:
        parts.append(" ".join(_interaction(result, compared, results)))
    return [part for part in parts if part]


def level_note(result: OutcomeResult, results: Results) -> str:
    """Return the note on the comparisons by level: their methods, and what they do not decide."""
    by_level = result.by_level
    if by_level is None:
        return ""
    of_times = compares_times(result.outcome)
    who = (
        "of the participants with all times"
        if of_times
        else "of each participant's mean over the trials at a level"
    )
    comparisons = len(by_level.contrasts)
    text = (
        f"Exploratory follow-ups of the interaction, which decide nothing about the outcome. "
        f"Differences by Welch's t test {who}: it has its own error at each level, so that neither "
        f"sphericity nor equal variances are assumed. Adjusted p: Holm over the {comparisons} "
        "comparisons."
    )
    if by_level.slopes:
        text += (
            " Linear trend: a least-squares slope per participant with all levels, compared by "
            "Welch, Holm over the arms."
        )
    if by_level.incomplete and not of_times:
        alone = by_level.incomplete == 1
        whole = " and the trend" if by_level.slopes else ""
        text += (
            f" {by_level.incomplete} participant{'' if alone else 's'} without all levels "
            f"{'is' if alone else 'are'} not in the test of the interaction{whole}."
        )
    return text


def level_heads(by_level: ByLevel) -> list[str]:
    """Return the heading of each arm's column, with the number of participants if it is fixed."""
    _, cells = level_rows(by_level)[0]
    if level_n_varies(by_level):
        return [cell.label for cell in cells]
    return [f"{cell.label} (n{SPACE}={SPACE}{cell.n})" for cell in cells]


def level_rows(by_level: ByLevel) -> list[tuple[str, list[ArmSummary]]]:
    """Return the arms' scores at each level, a row per level."""
    return [
        (level, [one.scores for one in by_level.scores if one.level == level])
        for level in by_level.levels
    ]


def level_cell(scores: ArmSummary) -> str:
    """Return a text such as '8.68 (4.02)', with dashes for what a single score cannot have."""
    if not scores.n:
        return "–"
    # Scores that are all equal are their own mean, although they have no interval.
    mean = scores.mean.value if isinstance(scores.mean, Estimate) else scores.minimum
    sd = "–" if scores.sd is None else number(scores.sd)
    return f"{number(mean or 0.0)} ({sd})"


def level_n_varies(by_level: ByLevel) -> bool:
    """Return whether an arm has more participants at a level than at another."""
    counts: dict[str, set[int]] = {}
    for one in by_level.scores:
        counts.setdefault(one.scores.arm, set()).add(one.scores.n)
    return any(len(several) > 1 for several in counts.values())


def _compared(result: OutcomeResult, results: Results) -> _Compared | None:
    """Return the comparisons at the levels of the outcome's second factor, if it has any."""
    labels, by_level, found = results.labels, result.by_level, result.found
    control = labels[results.plan.control]
    if by_level is not None:
        return _Compared(
            by_level.factor,
            len(by_level.levels),
            tuple(
                _Difference(one.level, one.label, control, one.difference, one.p_adjusted)
                for one in by_level.contrasts
            ),
            len(by_level.contrasts),
            by_level.interaction,
        )
    if not isinstance(found, Factorial | FactorialWithin):
        return None
    effects = () if isinstance(found.simple_effects, NotEstimable) else found.simple_effects
    of_first = [one for one in effects if one.factor == "a"]
    named = labels if found.factors[0] == "arm" else {}
    return _Compared(
        found.factors[1],
        len({one.at for one in of_first}),
        tuple(
            _Difference(
                one.at,
                named.get(one.level, one.level),
                named.get(one.reference, one.reference),
                one.difference,
                one.p_adjusted,
            )
            for one in of_first
        ),
        len(of_first),
        found.effects["a:b"],
    )


def _differences(compared: _Compared, results: Results) -> Iterator[str]:
    """Yield the sentences on the largest estimated difference, and on all that are shown."""
    known = [one for one in compared.differences if isinstance(one.estimate, Estimate)]
    if not known:
        return
    largest = max(known, key=lambda one: abs(_value(one)))
    value, factor = _value(largest), compared.factor
    start = "In these simulated data, the" if results.simulated else "The"
    yield (
        f"{start} largest estimated difference is at {_at(factor, largest.level)}, where the mean "
        f"of “{largest.label}” is {number(abs(value))} {'higher' if value > 0 else 'lower'} than "
        f"that of “{largest.reference}”, {_numbers(largest)}."
    )
    shown = [one for one in known if _is_shown(one, results)]
    levels = list(dict.fromkeys(one.level for one in shown))
    references = {one.reference for one in compared.differences}
    what = f"a difference from “{references.pop()}”" if len(references) == 1 else "a difference"
    over = f"Holm over {compared.count} comparisons"
    if not shown:
        yield f"At no level is {what} shown ({over})."
        return
    named = f": {', '.join(levels)}" if len(levels) <= MOST_NAMED else ""
    yield (
        f"{what[0].upper()}{what[1:]} is shown at {len(levels)} of {compared.levels} levels{named} "
        f"(exploratory, {over})."
    )


def _interaction(result: OutcomeResult, compared: _Compared, results: Results) -> Iterator[str]:
    """Yield the sentence on the interaction, and a caution if the model's test disagrees."""
    test, factor = compared.interaction, factor_words(compared.factor)
    if not isinstance(test, HypothesisTest):
        yield f"Whether the differences change with {factor} is not estimable: {test.reason}."
        return
    pairs = {(one.label, one.reference) for one in compared.differences}
    what = "differences change" if len(pairs) > 1 else "difference changes"
    by_level = result.by_level
    epsilon = None if by_level is None or compared.levels < 3 else by_level.epsilon
    corrected = "" if epsilon is None else f", Greenhouse and Geisser's ε = {bounded(epsilon)}"
    numbers = f"{reported(test)}{corrected}"
    if test.p < results.plan.alpha:
        yield f"The {what} with {factor} (exploratory, {numbers})."
    else:
        yield f"The test does not show that the {what} with {factor}, {numbers}."
    found = result.found
    term = found.terms.get(f"arm:{compared.factor}") if isinstance(found, TrialModel) else None
    if term is not None and (term.p < results.plan.alpha) != (test.p < results.plan.alpha):
        why = "is of the trials and their random effects, and this test of participants' means"
        if assumes_sphericity(result):
            why = "assumes sphericity and is not corrected"
        elif result.outcome.analysis != "linear_trials":
            why = "compares odds, and this test the means of participants"
        yield f"The model's own test of this interaction (p {p_value(term.p)}) {why}."


def assumes_sphericity(result: OutcomeResult) -> bool:
    """Return whether the outcome's model takes all differences between levels to vary alike."""
    return (
        isinstance(result.found, TrialModel)
        and result.outcome.analysis == "linear_trials"
        and result.by_level is not None
        and len(result.by_level.levels) > 2
        and not any(one.at for one in result.found.spreads)
    )


def _at(factor: str, level: str) -> str:
    """Return the words for a level, such as “position 12” or “right prediction”."""
    is_number = level.lstrip("-").replace(".", "", 1).isdigit()
    return f"{factor_words(factor)} {level}" if is_number else f"“{level}”"


def _numbers(one: _Difference) -> str:
    estimate = one.estimate
    if not isinstance(estimate, Estimate) or one.p_adjusted is None:
        raise TypeError(f"{one.label} has no difference with a p value")
    return (
        f"unadjusted {percent(estimate.level)} CI of the difference {interval(estimate)}, "
        f"Holm-adjusted p {p_value(one.p_adjusted)}"
    )


def _value(one: _Difference) -> float:
    return one.estimate.value if isinstance(one.estimate, Estimate) else 0.0


def _is_shown(one: _Difference, results: Results) -> bool:
    return one.p_adjusted is not None and one.p_adjusted < results.plan.alpha
