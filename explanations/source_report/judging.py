"""What the functions that judge a claim share: lines of numbers, and the verdict by all lines.

The limits of the rules are stated in words, in the text of each verdict.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from explanations.evaluation.statistics import Mean
from explanations.source_report.evidence import Evidence, Judged, not_measured
from explanations.source_report.measuring import Numbers
from explanations.source_report.seeds import t_mean
from explanations.source_report.verdicts import (
    CHANGED,
    FAILS,
    HOLDS,
    MODULES,
    OPEN,
    REPEATED,
    Line,
    Quantity,
    Untrained,
    above,
    below,
    contrast,
    difference,
    either_side,
    entry,
    kinds_in,
    named,
    of_draws,
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
    control_is: str = "",
    classes: Sequence[str] = (),
    untrained: Untrained | None = None,
    *,
    against_draws: bool = True,
) -> list[Line]:
    """Return a line for each network that has the number.

    ``untrained`` is the same quantity of networks with random weights, as the control. Without
    ``against_draws``, it is shown and does not count against the claim.
    """
    lines = []
    for key, numbers in by_network.items():
        mean = over(numbers, value, classes)
        if mean is None:
            continue
        against = over(numbers, control, classes) if control else None
        verdict = rule(mean, limit) if rule else ""
        line = Line(labels[key], quantity, mean, against, control_is if against else "", verdict)
        draws = of_draws(numbers, untrained, classes) if untrained else []
        if draws:
            means = [draw.mean for draw in draws]
            counts = [draw.n for draw in draws]
            line = replace(
                line,
                control=t_mean(means, new=True),
                control_is=RANDOM,
                draws=means,
                drawn=(min(counts), max(counts)),
            )
            if rule and against_draws:
                holding = sum(rule(draw, limit) == HOLDS for draw in draws)
                line = replace(line, shown_by=holding, beyond=_beyond_draws(line, rule))
        lines.append(line)
    return lines


def judged_by(measured: str, lines: Sequence[Line]) -> Judged:
    """Return the verdict on which all lines agree, compared with that of random weights.

    A claim that holds must hold more strongly than it would for a new draw of random weights: a
    pattern that such a network can show as well says nothing about what was learned.
    """
    if not lines:
        return not_measured()
    verdict = together(lines)
    compared = [line for line in lines if line.verdict and line.draws]
    if verdict == HOLDS and not all(line.beyond for line in compared):
        verdict = OPEN
        measured += (
            " A new draw of random weights could show it as strongly where a number is marked “not "
            "beyond random weights”, so that it cannot be told from an effect of the architecture "
            "alone. Without this control, the sentence would hold as a description of the maps."
        )
    elif verdict == HOLDS and any(line.shown_by for line in compared):
        measured += " With random weights it holds too, but less strongly."
    return Judged(verdict, measured, lines)


def lines_by_kind(
    evidence: Evidence,
    what: str,
    name: str,
    modules: Sequence[int],
    others: Sequence[int],
    rule: Rule | None,
    limit: float = 0.0,
) -> list[Line]:
    """Return lines of the mean over some modules minus that over others, for each kind of module.

    ``what`` names the number in the text, ``name`` in the values.
    """
    lines: list[Line] = []
    for some, rest in kinds_in(modules, others).values():

        def contrasted(
            who: str, some: Sequence[int] = some, rest: Sequence[int] = rest
        ) -> Quantity:
            return contrast(f"{who}{name}", some, rest)

        quantity = f"{what}, {named(some)} minus {named(rest)}"
        lines += lines_of(
            evidence.depth,
            evidence.labels,
            quantity,
            contrasted(""),
            rule,
            limit,
            untrained=contrasted,
        )
    return lines


OURS = "as a rule for our images"
"""Scope of a sentence about a picture of the report."""


def seen_in_ours(judge: Judge) -> Judge:
    """Return the judge of a sentence about a picture of the report, by numbers of our images."""
    return lambda evidence: of_our_images(judge(evidence))


LATE = "exploratory: by a rule set after its numbers"
"""Scope of a verdict whose rule or limit was set after the numbers that it judges were seen."""
OF_OUR_IMAGES = (
    "The report says this of its own picture, which cannot be seen here. Judged is whether it is "
    "so on average over our images. "
)


def of_our_images(judged: Judged) -> Judged:
    """Return the judgement of a sentence about a picture of the report as one of our images."""
    return replace(judged, measured=OF_OUR_IMAGES + judged.measured, scope=OURS)


POSSIBLE = "The sentence says what is possible."


def possible(measured: str, lines: Sequence[Line]) -> Judged:
    """Judge a sentence that says that something can, may, might or sometimes does happen.

    A network is a case. The sentence holds if all its lines hold for at least one case, and more
    strongly than for a new draw of random weights where these are the control. A case in which they
    do not hold refutes nothing.
    """
    if not lines:
        return not_measured()
    cases = list(dict.fromkeys(line.network for line in lines if line.verdict))
    shown = [case for case in cases if _is_shown(_of(lines, case))]
    remark = (
        f" {POSSIBLE} Shown for: {'; '.join(shown)}."
        if shown
        else f" {POSSIBLE} No case of it was shown here, which does not refute it."
        f"{_in_part(lines, cases)}"
    )
    return Judged(HOLDS if shown else OPEN, measured + remark, lines)


def _in_part(lines: Sequence[Line], cases: Sequence[str]) -> str:
    """Say how many numbers of each case pass, if a case shows the sentence in part."""
    marked = {case: [line for line in _of(lines, case) if line.verdict] for case in cases}
    passing = {case: sum(_is_shown([line]) for line in found) for case, found in marked.items()}
    if not any(passing.values()):
        return ""
    counts = (f"{passing[case]} of {len(marked[case])} pass for {case}" for case in cases)
    return f" A case needs all its numbers with a mark: {'; '.join(counts)}."


def _is_shown(lines: Sequence[Line]) -> bool:
    return together(lines) == HOLDS and all(line.beyond for line in lines if line.verdict)


def _of(lines: Sequence[Line], network: str) -> list[Line]:
    return [line for line in lines if line.network == network]


def _beyond_draws(line: Line, rule: Rule) -> bool:
    """Check whether a number's interval and that for a new draw of random weights are disjoint,
    with the number's on the side on which the claim holds."""
    value, control = line.value, line.control
    if control is None or None in (value.low, value.high, control.low, control.high):
        return False
    higher = (value.low or 0) > (control.high or 0)
    lower = (value.high or 0) < (control.low or 0)
    if rule is either_side:
        return (higher or lower) and abs(value.mean) > abs(control.mean)
    return lower if rule is below else higher


LOSS = (
    "Each number is the probability that the class loses by the map's strongest tenth, minus its "
    "loss by the pixels of a control (see “influence” at the top of the page)."
)
INFLUENCE = (
    f"{LOSS} The sentence holds if this is above 0 for all three controls and both networks."
)
NEEDED = (
    f"{LOSS} That this is above 0 for all three controls and both networks is needed, but not "
    "enough:"
)
MOST = (
    f"{LOSS} For “most”, no other pixels may count more (rule “Most” at the top). The sentence "
    "does not hold if the strongest tenth of Integrated Gradients from a blurred image costs more "
    "for both networks: by a difference within the images, or, where the maps are of different "
    "numbers of images, by intervals that do not overlap. Otherwise, that the numbers are above 0 "
    "for all three controls is needed, but not enough, because other pixels may count still more. "
    "This rule was set after its numbers had been seen."
)
CRUCIAL = (
    f"{NEEDED} pixels that count more than others need not be crucial, and the report does not say "
    "how much would be."
)
FAITHFUL = ("deletion_blur", "deletion_mean", "insertion_blur", "insertion_mean", "road")
"""Measures of evaluate_explanations that hide or show the pixels of a map."""
SIX = (*FAITHFUL, "infidelity")
"""Measures of evaluate_explanations that change pixels, by which a control can be better."""
EVALUATED = {"integrated_gradients:black": "integrated_gradients"}
"""Method of evaluate_explanations of each map whose key differs from it."""


def marks_what_counts(
    key: str, label: str, classes: Sequence[str] = (), *, rule: str = INFLUENCE
) -> Judge:
    """Return the judge whether hiding a method's pixels lowers the probability more than hiding
    others: random pixels, the pixels of the same map turned by 180 degrees, and the centre's.

    A sentence about the most influential or the crucial pixels does not hold by that alone: the
    ``rule`` MOST or CRUCIAL says so.
    """

    def judge(evidence: Evidence) -> Judged:
        # Slow methods are measured on fewer images.
        slow = key in ("deepshap", "lime")
        by_network = evidence.methods if slow else evidence.depth
        judged = judged_by(
            rule, loss_lines(by_network, evidence.labels, key, f"{label}'s", classes)
        )
        judged = unless_beaten(judged, evidence, key)
        if rule == MOST:
            return _unless_others_count_more(judged, evidence, key, label, classes)
        return judged if rule == INFLUENCE else unless_enough(judged)

    return judge


def _unless_others_count_more(
    judged: Judged, evidence: Evidence, key: str, label: str, classes: Sequence[str]
) -> Judged:
    """Return the judgement that a map marks the pixels that count most, which fails if another map
    marks pixels that count more. The two maps can be of different numbers of images.

    All methods are compared with the same map, which is none of theirs: Integrated Gradients from
    a blurred image. It was chosen because its pixels cost most, and that they exist is enough.
    """
    lines = []
    for network, numbers in evidence.methods.items():
        other = over(numbers, entry(STRONGEST), classes)
        if key in ("lime", "deepshap"):  # of the same images
            quantity = f"loss of probability by {label}'s tenth, minus {STRONGEST_NAME}"
            mine = over(numbers, difference(f"drop:{key}", STRONGEST), classes)
            least: float | None = 0.0
        else:
            quantity = f"loss of probability by {label}'s tenth"
            mine = over(evidence.depth.get(network, {}), entry(f"drop:{key}"), classes)
            least = other.low if other else None
        if mine is None or other is None:
            continue
        less = mine.high is not None and least is not None and mine.high < least
        name = f"loss by {STRONGEST_NAME} tenth"
        line = Line(evidence.labels[network], quantity, mine, other, name)
        lines.append(replace(line, verdict=FAILS if less else OPEN))
    others_count = bool(lines) and together(lines) == FAILS
    lines = [*judged.lines, *lines]
    if not others_count:
        return replace(unless_enough(judged), lines=lines)
    measured = f"{judged.measured.replace(DISAGREE, '')} {MORE_COUNT}"
    return Judged(FAILS, measured, lines, scope=LATE)


STRONGEST = "drop:integrated_gradients:blurred"
STRONGEST_NAME = "Integrated Gradients' (blurred)"
DISAGREE = " The measures disagree, so that this page gives no verdict."
MORE_COUNT = (
    "The last numbers alone decide this row: on both networks, other pixels cost more. Whether the "
    "map's pixels count more than a control's, on which the other numbers can disagree, does not "
    "change this."
)


def unless_beaten(judged: Judged, evidence: Evidence, *keys: str) -> Judged:
    """Return the judgement without a verdict that pixels count, if a control exceeds a method.

    A method is exceeded if a map that ignores the network is better by any of the measures that
    change pixels, with disjoint intervals. A judgement that remains names the measures by which a
    method is not shown to be better than every such map.
    """
    methods = {EVALUATED.get(key, key) for key in keys}

    def said(found: Callable[[Mapping[str, Any]], dict[str, list[str]]], words: str) -> str:
        remark = ""
        for network, evaluation in evidence.evaluations.items():
            listed = ", ".join(
                f"{NAMES.get(method, method)} ({'; '.join(measures)})"
                for method, measures in found(evaluation).items()
                if method in methods
            )
            if listed:
                where = f"By other measures of “The methods compared” ({network})"
                remark += f" {where}, {words.format(listed)}."
        return remark

    remark = said(beaten_by_controls, "a map that ignores the network is better than {}")
    if judged.verdict == FAILS:
        return judged
    if not remark:
        unclear = said(
            not_beyond_controls,
            "{} is not shown to be better than every map that ignores the network",
        )
        return replace(judged, measured=judged.measured + unclear)
    if judged.verdict == HOLDS:
        remark += DISAGREE
    return replace(judged, verdict=OPEN, measured=judged.measured + remark)


NAMES = {
    "gradcam": "Grad-CAM",
    "saliency": "saliency",
    "lime": "LIME",
    "integrated_gradients": "Integrated Gradients from black",
    "deepshap": "SHAP",
}


def beaten_by_controls(evaluation: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Return the measures of changed pixels by which a control exceeds each method."""
    return _measures_where(evaluation, SIX, lambda control, method: control > method)


def not_beyond_controls(evaluation: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Return the measures by which each method's interval is not beyond every control's."""
    return _measures_where(evaluation, SIX, lambda control, method: not method > control)


@dataclass(frozen=True)
class _Reach:
    """An interval, oriented so that higher is better."""

    low: float
    high: float

    def __gt__(self, other: "_Reach") -> bool:
        """Check whether the whole interval is on the better side of the other one."""
        return self.low > other.high


def _measures_where(
    evaluation: Mapping[str, Any] | None,
    keys: Sequence[str],
    condition: Callable[[_Reach, _Reach], bool],
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for measure in (evaluation or {}).get("measures", ()):
        sign = {"higher": 1, "lower": -1}.get(measure["better"])
        if sign is None or measure["key"] not in keys:
            continue
        reaches = {
            row["method"]: _Reach(*sorted((sign * row["low"], sign * row["high"])))
            for row in measure["rows"]
            if row["images"] == "all" and None not in (row["low"], row["high"])
        }
        controls = [reaches[key] for key in (evaluation or {})["controls"] if key in reaches]
        for method in (evaluation or {})["methods"]:
            if method in reaches and any(condition(c, reaches[method]) for c in controls):
                found.setdefault(method, []).append(measure["label"])
    return found


def unless_enough(judged: Judged) -> Judged:
    """Return the judgement without a verdict for which its numbers are needed, but not enough."""
    return replace(judged, verdict=OPEN) if judged.verdict == HOLDS else judged


def loss_lines(
    by_network: Mapping[str, Numbers],
    labels: Mapping[str, str],
    key: str,
    label: str,
    classes: Sequence[str] = (),
    rule: Rule | None = above,
) -> list[Line]:
    """Return three lines a network: the loss minus random pixels, minus the rotated map, and minus
    the centre of the image."""
    of = f", {' and '.join(classes)} only" if classes else ""
    lines: list[Line] = []
    for other, name in (
        ("random", "random pixels"),
        (f"turned:{key}", "the rotated map"),
        ("centre", "the centre of the image"),
    ):
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


def only_tested(judged: Judged, reason: str) -> Judged:
    """Return the judgement with its numbers but without a verdict, which they do not carry."""
    return replace(judged, verdict=OPEN, measured=f"{judged.measured} {reason}")


def held(sentence: str) -> Judge:
    """Return the judge of a claim that is true by construction, with the reason."""
    return lambda _: Judged(HOLDS, sentence)


def failed(sentence: str) -> Judge:
    """Return the judge of a claim that is false by construction, with the reason."""
    return lambda _: Judged(FAILS, sentence)


def unknown(sentence: str, reason: str) -> Judge:
    """Return the judge of a claim that this page does not decide, with the reason."""
    return lambda _: Judged(OPEN, sentence, reason=reason)


def changed(sentence: str) -> Judge:
    """Return the judge of a sentence on what the report did, with what this page does instead."""
    return lambda _: Judged(CHANGED, sentence)


def repeated(sentence: str) -> Judge:
    """Return the judge of a sentence on what the report did, with how this page repeats it."""
    return lambda _: Judged(REPEATED, sentence)
