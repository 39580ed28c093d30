"""What the functions that judge a claim share: lines of numbers, and the verdict by all lines.

The limits of the rules are stated in words, in the text of each verdict.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from explanations.evaluation.statistics import Mean
from explanations.source_report.evidence import Evidence, Judged, not_measured
from explanations.source_report.measuring import Numbers
from explanations.source_report.verdicts import (
    FAILS,
    HOLDS,
    MODULES,
    OPEN,
    REPEATED,
    Line,
    Quantity,
    above,
    difference,
    entry,
    over,
    together,
)

Judge = Callable[[Evidence], Judged]
Rule = Callable[[Mean, float], str]

RANDOM = "random weights"
LAST = len(MODULES) - 1
VISIBLE = 0.02
"""Smallest difference of two shares that counts: with 1,000 images, less is significant, too."""


def lines_of(
    by_network: Mapping[str, Numbers],
    labels: Mapping[str, str],
    quantity: str,
    value: Quantity,
    rule: Rule | None = None,
    limit: float = 0.0,
    control: Quantity | None = None,
    control_is: str = RANDOM,
    classes: Sequence[str] = (),
) -> list[Line]:
    """Return a line for each network that has the number."""
    lines = []
    for key, numbers in by_network.items():
        mean = over(numbers, value, classes)
        if mean is None:
            continue
        against = over(numbers, control, classes) if control else None
        verdict = rule(mean, limit) if rule else ""
        of_control = rule(against, limit) if rule and against and control_is == RANDOM else ""
        lines.append(
            Line(
                labels[key],
                quantity,
                mean,
                against,
                control_is if against else "",
                verdict,
                of_control,
            )
        )
    return lines


def judged_by(measured: str, lines: Sequence[Line]) -> Judged:
    """Return the verdict on which all lines agree, compared with that of random weights."""
    if not lines:
        return not_measured()
    verdict = together(lines)
    compared = [line for line in lines if line.verdict and line.control_verdict]
    if verdict == HOLDS and compared and all(line.control_verdict == HOLDS for line in compared):
        if all(_beyond_control(line) for line in compared):
            measured += " With random weights it holds too, but less strongly."
        else:
            # A pattern that random weights show as well says nothing about what was learned.
            verdict = OPEN
            alike = [line.network for line in compared if not _beyond_control(line)]
            measured += (
                f" Random weights show it as strongly ({'; '.join(dict.fromkeys(alike))}), so it "
                "cannot be told from an effect of the architecture alone."
            )
    return Judged(verdict, measured, lines)


def _beyond_control(line: Line) -> bool:
    """Check whether a number is farther from 0 than its control, with disjoint intervals."""
    value, control = line.value, line.control
    if control is None or None in (value.low, value.high, control.low, control.high):
        return False
    apart = max(value.low or 0, control.low or 0) > min(value.high or 0, control.high or 0)
    return apart and abs(value.mean) > abs(control.mean)


TURNED = (
    " The control is the same map rotated by 180 degrees, which has the same shape in another "
    "place: a compact region loses more than scattered pixels, wherever it is. Influential pixels "
    "would be above 0 against both; a map in the centre of the image overlaps its rotated copy, "
    "which makes the second difference small."
)


MOST = (
    " Counting more than these pixels is less than being the most influential or crucial: whether "
    "still other pixels count more was not tested."
)


def marks_what_counts(
    key: str, label: str, classes: Sequence[str] = (), *, most: bool = False
) -> Judge:
    """Return the judge whether hiding a method's pixels lowers the probability more than hiding
    others: random pixels, and the pixels of the same map turned by 180 degrees.

    A sentence about the ``most`` influential or the crucial pixels does not hold by that alone.
    """

    def judge(evidence: Evidence) -> Judged:
        # Slow methods are measured on fewer images.
        slow = key in ("deepshap", "lime")
        by_network = evidence.methods if slow else evidence.depth
        judged = judged_by(
            "Probability that the class loses when the strongest tenth of the pixels is blurred, "
            "minus its loss by a random tenth." + TURNED,
            loss_lines(by_network, evidence.labels, key, f"{label}'s", classes),
        )
        return without_most(judged) if most else judged

    return judge


def without_most(judged: Judged) -> Judged:
    """Return the judgement without a verdict that "most" influential pixels were marked."""
    if judged.verdict != HOLDS:
        return judged
    return replace(judged, verdict=OPEN, measured=judged.measured + MOST)


def loss_lines(
    by_network: Mapping[str, Numbers],
    labels: Mapping[str, str],
    key: str,
    label: str,
    classes: Sequence[str] = (),
    rule: Rule | None = above,
) -> list[Line]:
    """Return two lines a network: the loss minus random pixels, and minus the rotated map."""
    of = f", {' and '.join(classes)} only" if classes else ""
    lines: list[Line] = []
    for other, name in (("random", "random pixels"), (f"turned:{key}", "the rotated map")):
        lines += lines_of(
            by_network,
            labels,
            f"loss of probability by {label} tenth, minus {name}{of}",
            difference(f"drop:{key}", f"drop:{other}"),
            rule,
            0,
            entry(f"drop:{other}"),
            f"loss by {name}",
            classes,
        )
    return lines


def evaluated(
    evidence: Evidence,
    measure: str,
    method: str,
    quantity: str,
    rule: Rule | None = None,
    limit: float = 0.0,
) -> list[Line]:
    """Return the line of a method's mean over all images of evaluate_explanations, if there is
    one."""
    measures = (evidence.evaluation or {}).get("measures", ())
    rows = [row for m in measures if m["key"] == measure for row in m["rows"]]
    return [
        Line(evidence.labels["strong"], quantity, mean, verdict=rule(mean, limit) if rule else "")
        for row in rows
        if row["method"] == method and row["images"] == "all"
        for mean in [Mean(row["mean"], row["low"], row["high"], row["n"])]
    ]


def held(sentence: str) -> Judge:
    """Return the judge of a claim that is true by construction, with the reason."""
    return lambda _: Judged(HOLDS, sentence)


def failed(sentence: str) -> Judge:
    """Return the judge of a claim that is false by construction, with the reason."""
    return lambda _: Judged(FAILS, sentence)


def unknown(sentence: str) -> Judge:
    """Return the judge of a claim that this page cannot decide, with the reason."""
    return lambda _: Judged(OPEN, sentence)


def repeated(sentence: str) -> Judge:
    """Return the judge of a sentence on what the report did, with how this page repeats it."""
    return lambda _: Judged(REPEATED, sentence)
