"""Plain sentences that answer each outcome's question, in the units of its scale.

A sentence never claims more than the decisions of `analysis.outcomes.answer`: a difference is named
only if it is shown, and where none is shown the sentence says how large it may still be.
"""

from collections.abc import Callable, Iterable

from analysis.apa_numbers import number
from analysis.outcomes.answer import Answer, Certainty, Difference
from analysis.outcomes.mixed_anova import MixedAnova
from analysis.outcomes.paired_preferences import PairedPreferences
from analysis.outcomes.ranks import Ranked
from analysis.report.fallback_sentences import bound_text
from analysis.report.sizes import decimals, of_share, size_text, smallest_text, unit_words
from analysis.results import OutcomeResult, PrintedUnit, Results, is_shown, printed_unit
from analysis.statistics.estimate import Bound, Estimate, NotEstimable

MOST_NAMED = 4
"""Comparisons that a sentence names; the figure and the tables show all."""


def answer_sentence(result: OutcomeResult, results: Results) -> str:
    """Return the answer to the outcome's question in one or two plain sentences.

    The outcome's label stands before the sentence, which therefore says "it".
    """
    answer = result.answer
    if isinstance(result.test, NotEstimable):
        return f"This cannot be told from the data: {result.test.reason}."
    if answer is None:
        different = is_shown(result, results)
        return (
            "The groups are shown to differ; the comparisons are below."
            if different
            else "No difference is shown."
        )
    shown = sorted(answer.shown, key=lambda one: -_distance(one, answer))
    parts = [_shown(shown, answer, result, results)] if shown else []
    if not shown and is_shown(result, results):
        parts.append(f"The {_groups(result)} differ, but no single comparison is shown to.")
    return " ".join([*parts, *_not_shown(answer, result, results, bool(shown))])


def certainty_line(result: OutcomeResult, results: Results) -> str:
    """Return how certain the answer is, in the words of `analysis.outcomes.answer.certainty`.

    If the plan declares a smallest effect that matters, the line says whether the difference
    reaches it.
    """
    answer = result.answer
    if answer is None or isinstance(result.test, NotEstimable):
        return "Inconclusive"
    if not answer.shown:
        return _undecided(answer, result)
    by_words: dict[Certainty, list[Difference]] = {}
    for one in sorted(answer.shown, key=lambda one: -_distance(one, answer)):
        by_words.setdefault(one.certainty, []).append(one)
    if len(by_words) == 1:
        said = next(iter(by_words)).capitalize()
    else:
        # "Evidence" is said once: strong evidence for one arm, moderate for another.
        said = ", ".join(
            f"{words if not number else words.removesuffix(' evidence')} for "
            f"{_joined(one.label for one in named[:MOST_NAMED])}"
            for number, (words, named) in enumerate(by_words.items())
        )
        said = said[0].upper() + said[1:]
    return f"{said}{_relevance(answer, result)}"


def scale_text(result: OutcomeResult) -> str:
    """Return where the outcome's scores lie: on the scale from 1 to 7. Empty if unknown."""
    low, high = result.score_range
    answer = result.answer
    if answer is None or answer.unit != "points" or low is None or high is None:
        return ""
    return f"on the scale from {number(low, 0)} to {number(high, 0)}"


def _shown(shown: list[Difference], answer: Answer, result: OutcomeResult, results: Results) -> str:
    named, rest = shown[:MOST_NAMED], shown[MOST_NAMED:]
    phrase = _phrases(answer, result, results)
    said = _joined(
        phrase(one, named[number - 1] if number else None) for number, one in enumerate(named)
    )
    references = {one.reference for one in named}
    # Comparisons with one control name it once, at the end; other pairs name theirs each.
    compared = f" compared with “{references.pop()}”" if _has_one_reference(answer) else ""
    scale = scale_text(result)
    at_scale = f" {scale}" if scale else ""
    return f"{said}{at_scale}{compared}.{_further(rest, answer)}"


def _further(rest: list[Difference], answer: Answer) -> str:
    """Name the differences that are shown and for whose sizes a sentence has no room."""
    if not rest:
        return ""
    one_reference = _has_one_reference(answer)
    pairs = _joined(
        _quoted(one.label) + ("" if one_reference else f" compared with {_quoted(one.reference)}")
        for one in rest
    )
    return f" {'A difference is' if len(rest) == 1 else 'Differences are'} also shown for {pairs}."


def _has_one_reference(answer: Answer) -> bool:
    return len({one.reference for one in answer.differences}) == 1 and answer.unit != "chance"


def _phrases(
    answer: Answer, result: OutcomeResult, results: Results
) -> Callable[[Difference, Difference | None], str]:
    """Return the function that words a difference, given the one before it in the sentence."""
    changes = isinstance(result.decisive, MixedAnova)
    caused = results.plan.allocation == "randomised" and _has_one_reference(answer)
    several_references = not _has_one_reference(answer)

    def additive(one: Difference, before: Difference | None) -> str:
        estimate = one.estimate
        if not isinstance(estimate, Estimate):
            raise TypeError(f"{one.label} has no estimate")
        value, low, high = estimate.value, estimate.low, estimate.high
        if answer.unit == "ratio":
            value, low, high = (100 * (end - 1) for end in (value, low, high))
        up = value >= 0
        ends = (low, high) if up else (-high, -low)
        size, between = _sizes(abs(value), ends, printed_unit(result))
        # After another difference in this direction, neither verb nor unit is repeated.
        goes_on = before is not None and _is_up(before, answer) == up
        if goes_on:
            size = size.split(" ")[0]
        if goes_on and (changes or caused):
            return f"{'with ' if changes else ''}{_quoted(one.label)} by {size} ({between})"
        if changes:
            verb = "rose more" if up else "rose less"
            return f"with {_quoted(one.label)} it {verb} by {size} ({between})"
        if caused:
            return f"{_quoted(one.label)} {'raised' if up else 'lowered'} it by {size} ({between})"
        than = f" than with {_quoted(one.reference)}" if several_references else ""
        if goes_on:
            return f"{size} ({between}) with {_quoted(one.label)}{than}"
        higher = "higher" if up else "lower"
        return f"it was {size} ({between}) {higher} with {_quoted(one.label)}{than}"

    def chance(one: Difference, before: Difference | None) -> str:
        estimate = one.estimate
        if not isinstance(estimate, Estimate):
            raise TypeError(f"{one.label} has no estimate")
        turned = estimate.value < 0.5
        label, other = (one.reference, one.label) if turned else (one.label, one.reference)
        value, low, high = estimate.value, estimate.low, estimate.high
        if turned:
            value, low, high = 1 - value, 1 - high, 1 - low
        share = f"{of_share(value)}% ({of_share(low)}% to {of_share(high)}%)"
        if isinstance(result.decisive, PairedPreferences):
            return f"{_quoted(label)} is preferred to {_quoted(other)} in {share} of choices"
        return f"a person with {_quoted(label)} scores higher than one with {_quoted(other)} in {share} of pairs"  # noqa: E501

    def odds(one: Difference, before: Difference | None) -> str:
        estimate = one.estimate
        if isinstance(estimate, Bound):
            return f"with {_quoted(one.label)} the odds were {bound_text(estimate)} times as high"
        if not isinstance(estimate, Estimate):
            raise TypeError(f"{one.label} has no estimate")
        return (
            f"with {_quoted(one.label)} the odds of a higher answer were {number(estimate.value)} "
            f"times as high ({number(estimate.low)} to {number(estimate.high)})"
        )

    kinds = {"chance": chance, "odds": odds}
    phrase = kinds.get(answer.unit, additive)

    def worded(one: Difference, before: Difference | None) -> str:
        kind = odds if isinstance(one.estimate, Bound) else phrase
        said = kind(one, before)
        return said if before else said[0].upper() + said[1:]

    return worded


def _not_shown(
    answer: Answer, result: OutcomeResult, results: Results, any_shown: bool
) -> list[str]:
    """Return the sentence on the comparisons that are not shown, with what remains possible."""
    shown = {id(one) for one in answer.shown}
    rest = [one for one in answer.differences if id(one) not in shown]
    estimated = [one for one in rest if isinstance(one.estimate, Estimate)]
    missing = len(rest) - len(estimated)
    sentences = []
    if estimated:
        possible = _possible(estimated, answer, result)
        if any_shown:
            kind = "comparison" if not _has_one_reference(answer) else _kind(result)
            number_of = f"the other {kind}" if len(rest) == 1 else f"the other {len(rest)} {kind}s"
            sentences.append(f"No difference is shown for {number_of}: {possible}.")
        else:
            # The head of page one names the control, so that only another reference is told.
            versus = ""
            control = results.labels.get(results.plan.control)
            if _has_one_reference(answer) and answer.differences[0].reference != control:
                versus = f" from {_quoted(answer.differences[0].reference)}"
            scale = scale_text(result)
            sentences.append(
                f"No difference{versus} is shown: {possible}{f' {scale}' if scale else ''}."
            )
    if missing:
        what = "comparison" if missing == 1 else "comparisons"
        sentences.append(f"{missing} {what} cannot be estimated.")
    return sentences


def _possible(rest: list[Difference], answer: Answer, result: OutcomeResult) -> str:
    """Return which differences remain possible.

    Tests of equivalence can rule out more than the adjusted intervals do, which are wider. What
    they rule out must not be called possible.
    """
    small = [one for one in rest if one.certainty == "too small to matter"]
    smallest = result.outcome.smallest_effect
    if not small or smallest is None:
        return _left_by_intervals(rest, answer, result)
    ruled_out = f"tests of equivalence rule out {smallest_text(result)} or more"
    others = [one for one in rest if one not in small]
    if not others:
        return f"{ruled_out} either way"
    # What holds for the fewer comparisons names them; the rest need no names.
    left = _left_by_intervals(others, answer, result)
    if len(others) < len(small):
        return f"for {_labels(others)}, {left}; for the rest, {ruled_out} either way"
    return f"for {_labels(small)}, {ruled_out} either way; for the rest, {left}"


def _labels(differences: list[Difference]) -> str:
    return _joined(_quoted(one.label) for one in differences)


def _left_by_intervals(rest: list[Difference], answer: Answer, result: OutcomeResult) -> str:
    """Return which differences the adjusted intervals leave possible, from the lowest end on.

    Both ends are told: the larger alone, said of both directions, would call possible what the
    intervals rule out.
    """
    estimates = [one.estimate for one in rest if isinstance(one.estimate, Estimate)]
    low, high = min(one.low for one in estimates), max(one.high for one in estimates)
    if answer.unit == "chance":
        return _chances_left(low, high, rest, result)
    if answer.unit == "odds":
        return f"odds ratios from {number(low)} to {number(high)} remain possible"
    if answer.unit == "ratio":
        return (
            f"changes from {number(100 * (low - 1), 0)}% to {number(100 * (high - 1), 0)}% remain "
            "possible"
        )
    down, up = ("less", "more") if isinstance(result.decisive, MixedAnova) else ("lower", "higher")
    return f"anything {_from_to(low, high, printed_unit(result), down, up)} remains possible"


def _chances_left(low: float, high: float, rest: list[Difference], result: OutcomeResult) -> str:
    """Return which probabilities of scoring higher, or of being preferred, remain possible."""
    shares = f"{of_share(low)}% to {of_share(high)}%"
    label = _quoted(rest[0].label) if len(rest) == 1 else None
    if isinstance(result.decisive, PairedPreferences):
        preferred = label or "one of two maps"
        return f"{preferred} may be preferred in {shares} of choices"
    person = f"the person with {label}" if label else "a person with one of them"
    return f"{person} may score higher in {shares} of pairs of people"


def _from_to(low: float, high: float, unit: PrintedUnit, down: str, up: str) -> str:
    """Return a range of differences in words: from 0.3 points lower to 0.9 higher."""
    first, last = _end_text(low, unit), _end_text(high, unit)
    words = "".join(f" {word}" for word in unit_words(unit))
    if low < 0 < high:
        return f"from {first}{words} {down} to {last} {up}"
    return f"from {first} to {last}{words} {up if low >= 0 else down}"


def _end_text(end: float, unit: PrintedUnit) -> str:
    return of_share(end) if unit == "share" else number(abs(end), decimals(unit))


def _undecided(answer: Answer, result: OutcomeResult) -> str:
    smallest = result.outcome.smallest_effect
    small = [one for one in answer.differences if one.certainty == "too small to matter"]
    if smallest is None:
        return "Inconclusive"
    size = smallest_text(result)
    if small and len(small) == len(answer.differences):
        return f"Shown to be too small to matter (below {size})"
    if small:
        return (
            f"Too small to matter (below {size}) for {_joined(one.label for one in small)}; "
            "inconclusive for the rest"
        )
    return f"Inconclusive; a difference that matters ({size}) is not ruled out"


def _relevance(answer: Answer, result: OutcomeResult) -> str:
    """Return whether the differences shown reach the plan's smallest effect that matters."""
    smallest = result.outcome.smallest_effect
    if smallest is None or answer.unit in ("chance", "odds", "ratio"):
        return ""
    size = smallest_text(result)
    ends = [
        sorted((abs(one.estimate.low), abs(one.estimate.high)))
        for one in answer.shown
        if isinstance(one.estimate, Estimate)
    ]
    crosses = any(
        one.estimate.low <= 0 <= one.estimate.high
        for one in answer.shown
        if isinstance(one.estimate, Estimate)
    )
    if ends and not crosses and all(near > smallest for near, _ in ends):
        return f"; large enough to matter (over {size})"
    if ends and all(far < smallest for _, far in ends):
        return f"; too small to matter (below {size})"
    return f"; unclear whether large enough to matter ({size})"


def _is_up(one: Difference, answer: Answer) -> bool | None:
    """Return whether an estimate lies above no difference; None without a single estimate."""
    if not isinstance(one.estimate, Estimate):
        return None
    return one.estimate.value >= answer.null


def _sizes(value: float, ends: tuple[float, float], unit: PrintedUnit) -> tuple[str, str]:
    """Return a size with its unit, and the ends of its interval without."""
    if unit == "ratio":
        low, high = (number(end, 0) for end in ends)
        return f"{number(value, 0)}%", f"{low}% to {high}%"
    if unit == "share":
        digits = 0 if value >= 0.01 else 1
        low, high = (_signed_share(end, digits) for end in ends)
        return size_text(value, unit, digits), f"{low} to {high}"
    low, high = (number(end, decimals(unit)) for end in ends)
    return size_text(value, unit), f"{low} to {high}"


def _signed_share(end: float, digits: int) -> str:
    """Return the end of an interval as a percentage that is 0 only if the end is.

    “0 to 7” would say that the interval contains no difference, which 0.4 to 7 does not.
    """
    return number(100 * end, max(digits, 0 if abs(end) >= 0.005 or end == 0 else 1))


def _distance(one: Difference, answer: Answer) -> float:
    """Return how far an estimate is from no difference, for the order of the sentence."""
    if not isinstance(one.estimate, Estimate):
        return float("inf")
    return abs(one.estimate.value - answer.null)


def _groups(result: OutcomeResult) -> str:
    return f"{_kind(result)}s"


def _kind(result: OutcomeResult) -> str:
    return "group" if isinstance(result.decisive, Ranked) else "arm"


def _quoted(label: str) -> str:
    return f"“{label}”"


def _joined(texts: Iterable[str]) -> str:
    *others, last = texts
    return f"{', '.join(others)} and {last}" if others else last
