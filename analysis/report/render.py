"""The self-contained file report.html, without scripts and with every number from the results."""

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
from analysis.report import allocation, sentences
from analysis.report.alternatives import alternatives
from analysis.report.assumptions import assumption_row
from analysis.report.bayes import ratio
from analysis.report.map_quality import heading
from analysis.report.method import method_notes
from analysis.report.svg import inline_svg, paper_letters
from analysis.results import OutcomeResult, Results, is_shown
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
    """Return the report as HTML. `figures` are SVG files by name, `command` made the report.

    For "print" all details are unfolded, and the figures keep the colours of their files.
    """
    texts = alternatives(results)
    # Paper has no dark mode, so figures keep the colours of their files.
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
            css=Markup(style),  # noqa: S704 - style sheets of this package
        )
    )


def _foot(results: Results) -> str:
    """Return the style that prints the hashes of data and plan at the foot of every page."""
    source = results.provenance
    text = f"data {source.data_sha256[:12]}, plan {source.plan_sha256[:12]}"
    font = "font: 8pt sans-serif; color: #59606b;"
    return f'\n@page {{ @bottom-left {{ content: "{text}"; {font} }} }}\n'


def attrition_columns(results: Results, level: str) -> list[str]:
    """Return the headings of the table of attrition: each share, and its interval."""
    lost = [attrition.lost for attrition in results.study_flow.attrition]
    return ["Arm", *(text for name in lost for text in (name.capitalize(), f"{level} CI"))]


def mean_and_sd(arm: ArmBaseline) -> str:
    """Return a text such as '3.41 (1.02)', with a dash in place of an undefined number."""
    mean, sd = (
        apa_numbers.number(value) if value is not None else "–" for value in (arm.mean, arm.sd)
    )
    return f"{mean} ({sd})"


def count_and_share(arm: ArmBaseline, level: str) -> str:
    """Return a text such as '12 (60%)', of the participants who have the covariate."""
    count = arm.counts[level]
    return f"{count} ({apa_numbers.percent(count / arm.n)})" if arm.n else "0"


def fallen_back(result: OutcomeResult) -> OutcomeResult:
    """Return the result of a model's fallback as if the plan had asked for the fallback."""
    found, fallback = result.found, result.outcome.fallback
    if not isinstance(found, TrialModel) or found.fallback is None or fallback is None:
        raise TypeError(f"{result.outcome.key} has no fallback")
    outcome = replace(result.outcome, analysis=fallback)
    return replace(result, outcome=outcome, found=found.fallback)


def section_words(part: OptionalSection, results: Results) -> Any:
    """Return the sentences of an optional section, by outcome if it is part of the outcomes."""
    return resolve(part.words)(results.optional_sections[part.key], results)


@cache
def _environment() -> Environment:
    # StrictUndefined turns a misspelt name in a template into an error instead of an empty cell.
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
        "is_shown": is_shown,
        "verdict_text": sentences.verdict_text,
        "source_of": sentences.source_of,
        "left_out": sentences.left_out,
        "population_words": allocation.population_words,
        "words": allocation,
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
