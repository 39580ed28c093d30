"""Text on the arms at the levels of a factor within participants: sentences, headings, a note."""

from collections.abc import Iterator

from analysis.apa_numbers import bounded, interval, number, p_value, percent, reported
from analysis.outcomes.by_level import ByLevel, LevelContrast
from analysis.outcomes.trial_models import TrialModel
from analysis.plan.plan import compares_times
from analysis.results import OutcomeResult, Results
from analysis.statistics.descriptives import ArmSummary
from analysis.statistics.estimate import Estimate, HypothesisTest
from analysis.study_data.rows_in_words import factor_words

MOST_NAMED = 6  # levels with a difference that a sentence lists
SPACE = "\N{NO-BREAK SPACE}"
MOST_ROWS = 30  # of a table by level; longer tables are folded


def level_sentences(result: OutcomeResult, results: Results) -> list[str]:
    """Return where the arms differ most, and whether the differences change over the levels.

    The list is empty if the outcome has no levels.
    """
    by_level = result.by_level
    if by_level is None:
        return []
    parts = [" ".join(_differences(by_level, results))]
    # The outcome's own test has its sentence already, with the p that is adjusted over the family.
    if by_level.interaction != result.test:
        parts.append(" ".join(_interaction(result, by_level, results)))
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


def _differences(by_level: ByLevel, results: Results) -> Iterator[str]:
    """Yield the sentences on the largest estimated difference, and on all that are shown."""
    known = [one for one in by_level.contrasts if isinstance(one.difference, Estimate)]
    if not known:
        return
    largest = max(known, key=lambda one: abs(_value(one)))
    value, control = _value(largest), results.labels[results.plan.control]
    direction = "higher" if value > 0 else "lower"
    start = "In these simulated data, the" if results.simulated else "The"
    yield (
        f"{start} largest estimated difference is at {_at(by_level.factor, largest.level)}, where "
        f"the mean of “{largest.label}” is {number(abs(value))} {direction} than that of "
        f"“{control}”, {_numbers(largest)}."
    )
    shown = list(dict.fromkeys(one.level for one in by_level.contrasts if _is_shown(one, results)))
    comparisons = len(by_level.contrasts)
    if not shown:
        yield (
            f"At no level is a difference from “{control}” shown (Holm over {comparisons} "
            "comparisons)."
        )
        return
    named = f": {', '.join(shown)}" if len(shown) <= MOST_NAMED else ""
    yield (
        f"A difference from “{control}” is shown at {len(shown)} of {len(by_level.levels)} levels"
        f"{named} (exploratory, Holm over {comparisons} comparisons)."
    )


def _interaction(result: OutcomeResult, by_level: ByLevel, results: Results) -> Iterator[str]:
    """Yield the sentence on the interaction, and a caution if the model's test disagrees."""
    test, factor = by_level.interaction, factor_words(by_level.factor)
    if not isinstance(test, HypothesisTest):
        yield f"Whether the differences change with {factor} is not estimable: {test.reason}."
        return
    several = len(results.plan.arms_of(result.outcome)) > 2
    what = (
        "differences between the arms change"
        if several
        else ("difference between the arms changes")
    )
    epsilon = by_level.epsilon if len(by_level.levels) > 2 else None
    corrected = "" if epsilon is None else f", Greenhouse and Geisser's ε = {bounded(epsilon)}"
    numbers = f"{reported(test)}{corrected}"
    if test.p < results.plan.alpha:
        yield f"The {what} with {factor} (exploratory, {numbers})."
    else:
        yield f"It is not shown that the {what} with {factor}, {numbers}."
    found = result.found
    term = found.terms.get(f"arm:{by_level.factor}") if isinstance(found, TrialModel) else None
    if term is not None and (term.p < results.plan.alpha) != (test.p < results.plan.alpha):
        yield (
            f"The model's own test of this interaction (p {p_value(term.p)}) "
            + (
                "assumes sphericity and is not corrected."
                if term.symbol == "F"
                else "compares odds, and this test means of participants."
            )
        )


def _at(factor: str, level: str) -> str:
    """Return the words for a level, such as “position 12” or “right prediction”."""
    is_number = level.lstrip("-").replace(".", "", 1).isdigit()
    return f"{factor_words(factor)} {level}" if is_number else f"“{level}”"


def _numbers(one: LevelContrast) -> str:
    difference = one.difference
    if not isinstance(difference, Estimate) or one.p_adjusted is None:
        raise TypeError(f"{one.label} has no difference with a p value")
    return (
        f"{percent(difference.level)} CI of the difference {interval(difference)}, Holm-adjusted p "
        f"{p_value(one.p_adjusted)}"
    )


def _value(one: LevelContrast) -> float:
    return one.difference.value if isinstance(one.difference, Estimate) else 0.0


def _is_shown(one: LevelContrast, results: Results) -> bool:
    return one.p_adjusted is not None and one.p_adjusted < results.plan.alpha
