"""report.html: one file, no script, nothing fetched; every number from the results object."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis import apa_numbers
from analysis.outcomes.trial_model_kinds import FAMILIES
from analysis.outcomes.trial_models import TrialModel
from analysis.plan.catalogues.optional_sections import OptionalSection
from analysis.plan.plan import family_of, kind_of, resolve
from analysis.report import sentences
from analysis.report.alternatives import alternatives
from analysis.report.assumptions import assumption_row
from analysis.report.bayes import ratio
from analysis.report.map_quality import heading
from analysis.report.method import method_notes
from analysis.report.svg import inline_svg, paper_letters
from analysis.results import OutcomeResult, Results
from analysis.sections.baseline import ArmBaseline
from analysis.sections.optional import sections_with_results
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable

HERE = Path(__file__).parent


def render_report(
    results: Results,
    figures: Mapping[str, Path],
    command: str,
    medium: Literal["screen", "print"] = "screen",
) -> str:
    """The report as HTML. `figures` are svg files by name; `command` is what made the report.

    For "print" everything is unfolded, and the figures keep the colours of their files.
    """
    texts = alternatives(results)
    follow = medium == "screen"
    inlined = {
        name: inline_svg(path.read_text(encoding="utf-8"), name, texts[name], follow)
        for name, path in figures.items()
    }
    style = "\n".join(
        (HERE / name).read_text(encoding="utf-8")
        for name in ("report.css", "print.css")[: 1 if follow else 2]
    )
    if not follow:
        style += _foot(results) + paper_letters()
    return (
        _environment()
        .get_template("report.html")
        .render(
            results=results,
            figures=inlined,
            command=command,
            medium=medium,
            css=Markup(style),  # noqa: S704 - our own files
        )
    )


def _foot(results: Results) -> str:
    """Which data and which plan, at the foot of every page of paper."""
    source = results.provenance
    text = f"data {source.data_sha256[:12]}, plan {source.plan_sha256[:12]}"
    font = "font: 8pt sans-serif; color: #59606b;"
    return f'\n@page {{ @bottom-left {{ content: "{text}"; {font} }} }}\n'


def attrition_columns(results: Results, level: str) -> list[str]:
    """Headings of the table of shares lost: each share, and its interval."""
    lost = [one.lost for one in results.study_flow.attrition]
    return ["Arm", *(text for name in lost for text in (name.capitalize(), f"{level} CI"))]


def mean_and_sd(one: ArmBaseline) -> str:
    """'3.41 (1.02)'; a dash for what few values do not have."""
    mean, sd = (
        apa_numbers.number(value) if value is not None else "–" for value in (one.mean, one.sd)
    )
    return f"{mean} ({sd})"


def count_and_share(one: ArmBaseline, level: str) -> str:
    """'12 (60%)' of those who have the covariate."""
    count = one.counts[level]
    return f"{count} ({apa_numbers.percent(count / one.n)})" if one.n else "0"


def fallen_back(result: OutcomeResult) -> OutcomeResult:
    """The result as its fallback would show it, had the plan asked for that at once."""
    found, fallback = result.found, result.outcome.fallback
    if not isinstance(found, TrialModel) or found.fallback is None or fallback is None:
        raise TypeError(f"{result.outcome.key} has no fallback")
    outcome = replace(result.outcome, analysis=fallback)
    return replace(result, outcome=outcome, found=found.fallback)


def section_words(part: OptionalSection, results: Results) -> Any:
    """The part's sentences; by outcome where it stands inside of the outcomes."""
    return resolve(part.words)(results.optional_sections[part.key], results)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": apa_numbers.number,
        "fine": apa_numbers.fine,
        "bounded": apa_numbers.bounded,
        "percent": apa_numbers.percent,
        "p": apa_numbers.p_cell,
        "degrees": apa_numbers.degrees,
        "interval": apa_numbers.interval,
        "reported": apa_numbers.reported,
        "p_text": apa_numbers.p_value,
        "typeset": sentences.typeset,
        "symbols": sentences.symbols,
        "bayes_ratio": ratio,
        "quality_heading": heading,
        "mean_and_sd": mean_and_sd,
        "count_and_share": count_and_share,
    }
    environment.globals |= {
        "findings": sentences.findings,
        "is_shown": sentences.is_shown,
        "verdict_text": sentences.verdict_text,
        "source_of": sentences.source_of,
        "population_words": sentences.population_words,
        "method_notes": method_notes,
        "kind_of": kind_of,
        "family_of": family_of,
        "trial_families": FAMILIES,
        "sections_with_results": sections_with_results,
        "section_words": section_words,
        "fallen_back": fallen_back,
        "assumption_row": assumption_row,
        "attrition_columns": attrition_columns,
    }
    environment.tests |= {
        "estimate": lambda value: isinstance(value, Estimate),
        "hypothesis_test": lambda value: isinstance(value, HypothesisTest),
        "not_estimable": lambda value: isinstance(value, NotEstimable),
    }
    return environment
