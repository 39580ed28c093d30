"""The page: everything that was drawn, measured and judged, as one HTML file without scripts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from explanations import catalogue
from explanations.classifier.by_group import GroupFigures
from explanations.evaluation import controls
from explanations.evaluation.reporting import STYLE, p_value
from explanations.evaluation.statistics import LEVEL, Mean
from explanations.source_report import measuring, network_table, seeds, stated
from explanations.source_report.claims import SECTIONS, Answer, judged_quantities
from explanations.source_report.evidence import MEASURED, REASONED, REASONS, SAME
from explanations.source_report.fairness import ClassQuality
from explanations.source_report.figures import DepthRow
from explanations.source_report.judging import (
    LATE,
    MORE_COUNT,
    NAMES,
    OURS,
    POSSIBLE,
    not_beyond_controls,
)
from explanations.source_report.judging_recipes import OF_OUR_TRAININGS, printed
from explanations.source_report.maps import Example
from explanations.source_report.numbers import DRAWS
from explanations.source_report.sources import LABELS
from explanations.source_report.verdicts import FAILS, HOLDS, OPEN, STEPS, VERDICTS, Line
from explanations.source_report.wording import counted, percent, with_zeros, worded

HERE = Path(__file__).parent
CHEAP = measuring.CHEAP.label


@dataclass(frozen=True, eq=False)
class Content:
    """What the page shows, in the order of the report."""

    answers: Sequence[Answer]
    examples: Mapping[str, Sequence[Example]]
    """Maps by section of the page."""
    curves: Mapping[str, Mapping[str, str]]
    """Figures of the numbers by depth, by the network's label and the section of the page."""
    points: Mapping[str, Mapping[str, Sequence[DepthRow]]]
    """Values of these figures, by the network's label and the section of the page."""
    cards: Mapping[str, Sequence[Mapping[str, Any]]]
    card_figures: Mapping[str, Mapping[str, str]]
    fairness: Mapping[str, Sequence[GroupFigures]]
    """Figures by class, by the network's label."""
    quality: Mapping[str, Mapping[str, Sequence[ClassQuality]]]
    """Faithfulness by class, by the network's label and method."""
    study: Mapping[str, Any] | None
    evaluations: Mapping[str, Mapping[str, Any]]
    """Results of evaluate_explanations, by the network's label."""
    samples: Sequence[tuple[str, str, int]]
    """Network, group of numbers, and number of images."""
    missing: Sequence[str]
    trained_with: Mapping[str, int] = field(default_factory=dict)
    """Seed of each network's training, by the network's label."""
    planted: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Effects that the study's synthetic participants were given, by outcome and arm."""
    base_alone: Sequence[Answer] | None = None
    """Claims that would have this other verdict if the report's network were the only one; None
    without a second network."""
    beyond_random: Mapping[str, Mapping[str, Mean]] = field(default_factory=dict)
    """Loss of probability minus that of random pixels, by the network's label and the map."""
    about: Mapping[str, str] = field(default_factory=dict)


def render(content: Content) -> str:
    """Render the page. Raises jinja2's UndefinedError for a misspelt name in the template."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "decimal": decimal,
        "interval": interval,
        "mean": mean,
        "precise_mean": precise_mean,
        "signed": signed,
        "signed_mean": signed_mean,
        "mark": mark,
        "printed": printed,
        "p": lambda value: with_zeros(p_value(value)),
        "zeros": with_zeros,
        "percent": percent,
        "counted": counted,
        "planted": planted_effect,
        "by_network": by_network,
        "new_draw": new_draw,
    }
    return environment.get_template("page.html").render(
        content=content,
        sections=_sections(content.study),
        verdicts=VERDICTS,
        counts=Counter(answer.judged.verdict for answer in content.answers),
        tally=_tally(content.answers),
        measured=Counter(
            answer.judged.verdict for answer in content.answers if answer.judged.basis == MEASURED
        ),
        ours=sum(
            answer.judged.scope == OURS and answer.judged.basis == MEASURED
            for answer in content.answers
        ),
        late=sum(
            answer.judged.scope == LATE and answer.judged.basis == MEASURED
            for answer in content.answers
        ),
        possible=sum(
            POSSIBLE in answer.judged.measured
            for answer in content.answers
            if answer.judged.verdict == HOLDS and answer.judged.basis == MEASURED
        ),
        quotes={answer.claim.key: answer.claim.quote for answer in content.answers},
        short=_short(content.answers),
        prefixes={
            answer.claim.key: PREFIXES.get(answer.claim.section, "") for answer in content.answers
        },
        unequal=_unequal(content),
        shared=_shared(content.answers),
        most=sum(_decided_by_most(content.answers, again) for again in (False, True)),
        most_same=_decided_by_most(content.answers, True),
        marks=MARKS,
        scales=_scales(content.study),
        reasons=REASONS,
        steps=sum(answer.judged.verdict in STEPS for answer in content.answers),
        intervals=judged_quantities(content.answers),
        reproduced={HOLDS: "yes", FAILS: "no", OPEN: OPEN},
        by_section={
            key: [answer for answer in content.answers if answer.claim.section == key]
            for key in SECTIONS
        },
        table=network_table.compared(),
        sizes={
            "printed in the report": stated.SIZES_MB,
            "this network at 64 × 64, if it accepted it": network_table.sizes_mb(stated.LAYERS, 64),
            "this network at 32 × 32": network_table.sizes_mb(
                [row.actual for row in network_table.compared()], 32
            ),
        },
        recipes=_recipes(content),
        against_l2=_against_l2(content),
        fewest_seeds=seeds.FEWEST_SEEDS,
        draws=DRAWS,
        near=seeds.NEAR,
        labels=worded({method.key: method.label for method in catalogue.METHODS}) | controls.LABELS,
        outcomes=_outcomes(content.study),
        quality=_map_quality(content.study),
        quality_cells=_quality_cells,
        mediation=_mediation(content.study),
        planted=_planted(content),
        leaders={network: leaders(found) for network, found in content.evaluations.items()},
        not_beyond={network: _not_beyond(found) for network, found in content.evaluations.items()},
        better=_better,
        lacking=_lacking(content.evaluations),
        slow_seconds=_slow_seconds(content.evaluations),
        names=LABELS,
        seed_of=lambda label: content.trained_with.get(label, "unknown"),
        images_of={label: images for label, group, images in content.samples if group == CHEAP},
        next_figure=iter(range(1, 1000)).__next__,
        css=Markup(  # noqa: S704 - our own file
            "".join(file.read_text(encoding="utf-8") for file in (STYLE, HERE / "page.css"))
        ),
    )


def _short(answers: Sequence[Answer]) -> dict[str, list[str]]:
    """Return the keys of the claims with a measured verdict, for the summary at the top."""
    measured = [answer for answer in answers if answer.judged.basis == MEASURED]
    kinds = ("fails", "holds", "possible", *(f"{a}_{b}" for a in SCOPES.values() for b in KINDS))
    found: dict[str, list[str]] = {kind: [] for kind in kinds}
    for answer in measured:
        kind = "fails" if answer.judged.verdict == FAILS else "holds"
        if answer.judged.scope in SCOPES:
            kind = f"{SCOPES[answer.judged.scope]}_{kind}"
        elif kind == "holds" and POSSIBLE in answer.judged.measured:
            kind = "possible"
        found[kind].append(answer.claim.key)
    return found


KINDS = ("fails", "holds")
SCOPES = {OURS: "ours", OF_OUR_TRAININGS: "figures", LATE: "late"}
"""Scopes whose verdicts the summary lists apart, because they are about less than the sentence."""
PREFIXES = {
    "gradcam": "Grad-CAM",
    "saliency": "Saliency",
    "lime": "LIME",
    "ig": "Integrated Gradients",
    "shap": "SHAP",
}
"""Names of the methods, by section, before quotations that do not name theirs."""


def _decided_by_most(answers: Sequence[Answer], again: bool) -> int:
    """Count the rows that the rule on “most” decides, or the rows that say the same as these."""
    decided = {a.claim.key for a in answers if MORE_COUNT in a.judged.measured}
    return sum(a.judged.same_as in decided for a in answers) if again else len(decided)


MARKS = {HOLDS: "passes", FAILS: "fails", OPEN: "undecided"}
"""Words for a number by the rule of its row. They differ from the verdicts of sentences, because a
number can be of less than the sentence says."""

SHARED = {
    "saliency's focus by depth": (
        "saliency-early",
        "saliency-3-5",
        "saliency-6-8",
        "saliency-9-10",
        "saliency-11-12",
    ),
    "the pixels that cost more than a map's (“most”)": (
        "saliency-affect",
        "lime-pinpoint",
        "shap-identifying",
    ),
    "saliency's noise": ("saliency-noisy", "saliency-sometimes"),
    "the train figures of l2": ("l2-train", "l2-train-loss"),
    "the distance of SHAP's maps of two draws of the background": ("shap-background", "shap-runs"),
}
"""Rows that rest on related numbers, so that their verdicts are not findings of their own."""


def _shared(answers: Sequence[Answer]) -> str:
    """Name the related numbers on which several measured verdicts rest."""
    measured = {answer.claim.key for answer in answers if answer.judged.basis == MEASURED}
    counts = {cause: len(measured.intersection(keys)) for cause, keys in SHARED.items()}
    return "; ".join(f"{cause} of {count}" for cause, count in counts.items() if count > 1)


def by_network(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """Group lines by their network, in the order of the networks' first lines."""
    return {
        network: [line for line in lines if line.network == network]
        for network in dict.fromkeys(line.network for line in lines)
    }


def _scales(study: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return what each outcome of the study's tables is: its range, its questions, its test, and
    whether its intervals are adjusted for the number of arms."""
    if not study:
        return []
    scales = {found["scale"]: found for found in study.get("instruments", ())}
    rows = []
    for outcome in _outcomes(study):
        about = outcome["outcome"]
        scale = scales.get(about.get("scale"))
        contrasts = outcome["found"].get("contrasts") or [{}]
        estimate = contrasts[0].get("difference") or contrasts[0].get("estimate") or {}
        rows.append(
            {
                "label": about["label"] or about["key"],
                "range": outcome.get("score_range"),
                "construct": scale["construct"] if scale else "",
                "items": scale["items"] if scale else None,
                "scale": about.get("scale"),
                "trials": about.get("kind") == "trial_mean",
                "which": WHICH.get((about.get("where") or {}).get("prediction_correct"), ""),
                "test": _test_of_all_arms(outcome["found"]),
                "family": about.get("family", ""),
                "family_size": outcome.get("family_size", 1),
                "adjustment": outcome.get("adjustment", ""),
                "adjusted": "simultaneous" in estimate.get("method", ""),
            }
        )
    return rows


WHICH: Mapping[Any, str] = {
    0: " and whose prediction is wrong",
    1: " and whose prediction is right",
}
"""Words for the trials of an outcome that is restricted to wrong or to right predictions."""


def _test_of_all_arms(found: Mapping[str, Any]) -> str:
    """Name the test whose p is in the last row of the table of arms."""
    if found.get("welch"):
        return str(found["welch"]["name"])
    if found.get("test") and found.get("model"):
        return f"{found['test']['symbol']} test of the arms in the model “{found['model']}”"
    return "as in the study's report"


def _unequal(content: Content) -> str:
    """Name the classes whose maps differ from all others', by network and method."""
    names = {"gradcam": "Grad-CAM", "saliency": "saliency"}
    found = []
    for label, methods in content.quality.items():
        for method, rows in methods.items():
            classes = [row.class_name for row in rows if row.p_holm < 1 - LEVEL]
            if classes:
                found.append(f"{names[method]} of {label} differs for {', '.join(classes)}")
    return "; ".join(found)


def _sections(study: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the chapters' titles, which say so if a study's participants are synthetic."""
    synthetic = ", of synthetic participants" if study and study.get("simulated") else ""
    return SECTIONS | {"study": SECTIONS["study"] + synthetic}


def _lacking(evaluations: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the measures of other networks that a network's stored results do not have."""
    labels = {
        measure["key"]: measure["label"]
        for evaluation in evaluations.values()
        for measure in evaluation["measures"]
    }
    return {
        network: [
            label
            for key, label in labels.items()
            if key not in {measure["key"] for measure in evaluation["measures"]}
        ]
        for network, evaluation in evaluations.items()
    }


def _better(measure: Mapping[str, Any]) -> str:
    """Return the better side of a measure; a rank correlation of two maps is best near 0."""
    if measure["key"].startswith("randomised") or measure["key"] == "class_sensitivity":
        return "nearer 0"
    return str(measure["better"])


def _slow_seconds(evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the shortest and the longest mean time for a map of the slow methods."""
    times = [
        row["mean"] / 1000
        for evaluation in evaluations.values()
        for measure in evaluation["measures"]
        if measure["key"] == "milliseconds"
        for row in measure["rows"]
        if row["method"] in SLOW and row["images"] == "all"
    ]
    return f"{min(times):.1f} to {max(times):.1f} seconds" if times else "about a second"


def _tally(answers: Sequence[Answer]) -> dict[str, dict[str, int]]:
    """Count the verdicts of each basis, in the order of the page's head."""
    rows = (MEASURED, REASONED, SAME, *REASONS)
    return {
        basis: Counter(a.judged.verdict for a in answers if a.judged.basis == basis)
        for basis in rows
        if any(a.judged.basis == basis for a in answers)
    }


SLOW = ("integrated_gradients", "deepshap", "lime")


def _recipes(content: Content) -> dict[str, list[seeds.FigureOverSeeds]]:
    return {key: seeds.over_seeds(key, content.cards.get(key, ())) for key in stated.RECIPES}


def _against_l2(content: Content) -> list[seeds.BaseAgainstL2]:
    return seeds.base_against_l2(*(content.cards.get(key, ()) for key in ("base", "l2")))


def _outcomes(study: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """List the study's outcomes that compare arms."""
    outcomes = study["outcomes"] if study else []
    return [
        outcome
        for outcome in outcomes
        if isinstance(outcome["found"], Mapping) and outcome["found"].get("arms")
    ]


def _map_quality(study: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the study's section on map quality, or None if it has none that could be computed."""
    section = (study or {}).get("optional_sections", {}).get("map_quality")
    if not section or not section.get("together"):
        return None
    labels = {quality["measure"]: quality["label"] for quality in section["qualities"]}
    return {**section, "labels": labels}


def _quality_cells(
    method: Mapping[str, Any], section: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Return a method's qualities and mean outcomes, in the order of the section's lists."""
    qualities = [method["qualities"].get(row["measure"], {}) for row in section["qualities"]]
    return qualities + [method["outcomes"].get(key, {}) for key in section["outcomes"]]


def _mediation(study: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the arms of the study's mediation, or None if it has none that could be computed."""
    section = (study or {}).get("optional_sections", {}).get("mediation")
    if not study or not section or not section.get("arms"):
        return None
    control = study["plan"]["control"]
    return {
        "arms": section["arms"],
        "control": study["labels"].get(control, control),
        "n": section["arms"][0]["total"].get("n"),
    }


def _not_beyond(evaluation: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return, by the name of each method, the measures by which it is not beyond every control.

    Empty if every method is beyond every control by every measure.
    """
    found = not_beyond_controls(evaluation)
    methods = evaluation["methods"] if found else ()
    return {NAMES.get(method, method): found.get(method, []) for method in methods}


def _planted(content: Content) -> Mapping[str, Any] | None:
    """Return the planted effects next to the estimates, or None if they are not known."""
    study = content.study
    if not study or not study.get("simulated") or not content.planted:
        return None
    outcomes = [row for row in _outcomes(study) if row["outcome"]["key"] in content.planted]
    control = study["plan"]["control"]
    labels = study["labels"]
    arms = [arm for arm in study["plan"]["arms"] if arm != control]
    cells = [_cell(row, arm, content.planted) for row in outcomes for arm in arms]
    effects = [cell for cell in cells if cell["planted"] != cell["null"]]
    without = [cell for cell in cells if cell["planted"] == cell["null"]]
    return {
        "effects": len(effects),
        "seen": sum(map(_excludes_null, effects)),
        "none": len(without),
        "false": sum(map(_excludes_null, without)),
        "control": labels.get(control, control),
        "outcomes": [
            {"label": row["outcome"]["label"] or row["outcome"]["key"]} for row in outcomes
        ],
        "arms": [
            {
                "label": labels.get(arm, arm),
                "cells": [_cell(row, arm, content.planted) for row in outcomes],
            }
            for arm in arms
        ],
    }


def _excludes_null(cell: Mapping[str, Any]) -> bool:
    """Check whether the estimate's interval excludes the value of no effect."""
    estimate = cell["estimate"]
    if not estimate or estimate["low"] is None or estimate["high"] is None:
        return False
    return bool(estimate["low"] > cell["null"] or estimate["high"] < cell["null"])


def _cell(
    row: Mapping[str, Any], arm: str, planted: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    contrasts = {contrast["arm"]: contrast for contrast in row["found"].get("contrasts", ())}
    contrast: Mapping[str, Any] = contrasts.get(arm, {})
    estimate: Mapping[str, Any] = contrast.get("difference") or contrast.get("estimate") or {}
    return {
        "planted": planted[row["outcome"]["key"]].get(arm),
        "estimate": estimate,
        "ratio": estimate.get("name") == "odds ratio",
        "null": 1 if estimate.get("name") == "odds ratio" else 0,
    }


FEWEST_IMAGES = 100
"""Fewest images of a measure for which the page names a best method."""


def leaders(evaluation: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Return the measures by which each method has the best mean, for measures of all methods.

    An asterisk follows a measure by which the best method's interval overlaps no other method's.
    Measures of fewer than ``FEWEST_IMAGES`` images are left out.
    """
    best: dict[str, list[str]] = {}
    for measure in (evaluation or {}).get("measures", ()):
        methods = evaluation["methods"] if evaluation else ()
        rows = {row["method"]: row for row in measure["rows"] if row["images"] == "all"}
        sign = {"higher": 1, "lower": -1}.get(measure["better"])
        if sign is None or not all(method in rows for method in methods):
            continue
        if any(rows[method]["n"] < FEWEST_IMAGES for method in methods):
            continue
        of_methods = [rows[method] for method in methods]
        leader = max(of_methods, key=lambda row: sign * row["mean"])
        apart = all(
            leader["low"] > other["high"] if sign > 0 else leader["high"] < other["low"]
            for other in of_methods
            if other is not leader
        )
        best.setdefault(leader["method"], []).append(measure["label"] + ("*" if apart else ""))
    return dict(sorted(best.items(), key=lambda item: -len(item[1])))


def as_json(content: Content) -> dict[str, Any]:
    """Return every number of the page, without its pictures."""
    return {
        "about": dict(content.about),
        "missing": list(content.missing),
        "samples": [
            {"network": network, "numbers": group, "images": images}
            for network, group, images in content.samples
        ],
        "base_alone": {
            answer.claim.key: answer.judged.verdict for answer in content.base_alone or ()
        },
        "claims": [
            {
                "key": answer.claim.key,
                "quote": answer.claim.quote,
                "section": answer.claim.section,
                "verdict": answer.judged.verdict,
                "basis": answer.judged.basis,
                "scope": answer.judged.scope,
                "same_as": answer.judged.same_as,
                "measured": answer.judged.measured,
                "lines": [asdict(line) for line in answer.judged.lines],
            }
            for answer in content.answers
        ],
        "network": {
            "layers": [asdict(row) for row in network_table.compared()],
            "sizes_mb": {
                "printed": stated.SIZES_MB,
                "at 32 x 32": network_table.sizes_mb(
                    [row.actual for row in network_table.compared()], 32
                ),
            },
        },
        "recipes": {
            key: [asdict(figure) for figure in figures]
            for key, figures in _recipes(content).items()
        },
        "base_minus_l2": [asdict(row) for row in _against_l2(content)],
        "by_class": {
            label: [asdict(figures) for figures in rows] for label, rows in content.fairness.items()
        },
        "planted": {outcome: dict(arms) for outcome, arms in content.planted.items()},
        "best_by_measure": {
            network: leaders(found) for network, found in content.evaluations.items()
        },
        "map_quality_by_class": {
            label: {method: [asdict(row) for row in rows] for method, rows in methods.items()}
            for label, methods in content.quality.items()
        },
        "examples": {
            section: [
                {
                    "network": example.title,
                    "sentence": example.sentence,
                    "pictures": [
                        {"title": picture.title, "note": picture.note}
                        for picture in example.pictures
                    ],
                }
                for example in examples
            ]
            for section, examples in content.examples.items()
        },
    }


def number(value: float) -> str:
    """Format with three decimals, and numbers of 10 and more, such as milliseconds, with one.

    A number that three decimals would round to 0 gets up to six, so that an end of an interval is
    not printed as 0 where 0 is outside.
    """
    for decimals in range(4, 7):
        if round(value, decimals - 1) == 0 != round(value, decimals):
            return f"{value:.{decimals}f}".replace("-", "−")
    text = f"{value:,.{3 if abs(value) < 10 else 1}f}".replace("-", "−")
    return text[1:] if text == "−0.000" else text


def decimal(value: float, decimals: int | None) -> str:
    """Format with the given number of decimals, or with the page's usual ones for None."""
    return number(value) if decimals is None else f"{value:.{decimals}f}".replace("-", "−")


def interval(value: Mean, decimals: int | None = None) -> str:
    """Format the 95 % interval, or say that there is none."""
    if value.low is None or value.high is None:
        return "no interval"
    return f"[{decimal(value.low, decimals)}, {decimal(value.high, decimals)}]"


def new_draw(line: Line) -> str:
    """Format the prediction interval for a new draw of random weights, in words for a share.

    Student's interval can end beyond 0 and 1, where no share is.
    """
    about = line.control
    if about is None or about.low is None or about.high is None:
        return "no interval"
    if "share of" not in line.quantity or (about.low > 0 and about.high < 1):
        return interval(about, line.decimals)
    if about.low <= 0 and about.high >= 1:
        return "any share"
    if about.low <= 0:
        return f"at most {decimal(about.high, line.decimals)}"
    return f"at least {decimal(about.low, line.decimals)}"


def mean(value: Mean | None, decimals: int | None = None) -> str:
    """Format a mean with its interval."""
    return "–" if value is None else f"{decimal(value.mean, decimals)} {interval(value, decimals)}"


def planted_effect(value: float | None, ratio: bool) -> str:
    """Format an odds ratio, or a difference with its sign.

    A value that two decimals would round to no effect gets as many as tell it from no effect.
    """
    if value is None:
        return "–"
    null = 1 if ratio else 0
    digits = 2
    while digits < 4 and value != null and round(value, digits) == null:
        digits += 1
    text = f"{value:.{digits}f}" if ratio else f"{value:+.{digits}f}"
    return text.replace("-", "−")


def precise_mean(value: Mean) -> str:
    """Format a mean with its interval with three decimals, in which seeds differ."""
    if value.low is None or value.high is None:
        return f"{value.mean:.3f}, no interval"
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]"


def signed(value: float) -> str:
    """Format with three decimals and the sign, which 0.000 lacks."""
    text = f"{value:+.3f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def signed_mean(value: Mean | None) -> str:
    """Format a mean difference with its interval, with three decimals and signs."""
    if value is None:
        return "–"
    if value.low is None or value.high is None:
        return f"{signed(value.mean)}, no interval"
    return f"{signed(value.mean)} [{signed(value.low)}, {signed(value.high)}]"


def mark(verdict: str) -> str:
    """Return the class of a verdict in the style sheet."""
    return verdict.replace(",", "").replace(" ", "-")
