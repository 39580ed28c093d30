"""Who took part and when, in a few words for page one."""

from datetime import date

from analysis.apa_numbers import number, percent
from analysis.report.allocation import lead
from analysis.results import Results
from analysis.sections.collection import Collection

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def sample_sentences(results: Results) -> list[str]:
    """Return sentences on participants, the number analysed, the days and the duration."""
    said = [lead(results), _analysed(results)]
    if results.collection is not None:
        said += [_days(results.collection), _duration(results.collection)]
    return [sentence for sentence in said if sentence]


def day_text(day: str) -> str:
    """Return an ISO 8601 date as text: 2 March 2026."""
    parsed = date.fromisoformat(day)
    return f"{parsed.day} {MONTHS[parsed.month - 1]} {parsed.year}"


def _analysed(results: Results) -> str:
    counts = {one.summary.participants for one in results.confirmatory}
    if not counts:
        return ""
    low, high = min(counts), max(counts)
    if low == high == 1:
        return "1 was analysed."
    return f"{low} were analysed." if low == high else f"{low} to {high} were analysed, by outcome."


def _days(collected: Collection) -> str:
    if collected.first_day is None or collected.last_day is None:
        return ""
    first, last = day_text(collected.first_day), day_text(collected.last_day)
    return f"Collected on {first}." if first == last else f"Collected from {first} to {last}."


def _duration(collected: Collection) -> str:
    if collected.minutes is None:
        return ""
    _, middle, _ = collected.minutes
    if middle < 0.05:  # people of a simulation answer at once
        return ""
    return f"Median duration {number(middle, 0 if middle >= 10 else 1)} minutes."


def overview_caption(results: Results) -> str:
    """Return the caption of the figure of all outcomes."""
    answers = [one.answer for one in results.confirmatory if one.answer is not None]
    methods = sorted({one.adjusted_by for one in answers} - {"none"})
    references = {one.reference for answer in answers for one in answer.differences}
    what = "All outcomes"
    if len(references) == 1:
        what = f"All outcomes: difference from “{references.pop()}”"
    adjusted = f" adjusted over each outcome's comparisons ({', '.join(methods)})"
    level = percent(results.plan.level)
    said = f"{what}, with {level} intervals{adjusted if methods else ''}."
    if any(one.outcome.smallest_effect is not None for one in results.confirmatory):
        said += " Band: too small to matter by the plan."
        if any(
            difference.certainty == "too small to matter"
            for answer in answers
            for difference in answer.differences
        ):
            # Two one-sided tests at alpha are an interval of 1 - 2 alpha within the band.
            level = percent(1 - 2 * results.plan.alpha)
            said += f" The tests of equivalence use {level} intervals, narrower than these."
    return said
