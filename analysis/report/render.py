"""The self-contained file report.html, without scripts and with every number from the results."""

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from analysis import apa_numbers
from analysis.failures import Failure, Failures
from analysis.outcomes.finding import Failed
from analysis.outcomes.trial_model_kinds import FAMILIES
from analysis.outcomes.trial_models import MOST_SD
from analysis.plan.catalogues.optional_sections import OptionalSection
from analysis.plan.plan import family_of, kind_of, resolve
from analysis.report import allocation, sentences
from analysis.report.alternatives import alternatives
from analysis.report.assumptions import assumption_row
from analysis.report.bayes import ratio
from analysis.report.columns import fits_a_column
from analysis.report.level_sentences import (
    MOST_ROWS,
    level_cell,
    level_heads,
    level_n_varies,
    level_note,
    level_rows,
    level_sentences,
)
from analysis.report.look_sentences import look_words
from analysis.report.map_quality import heading
from analysis.report.method import method_notes
from analysis.report.outcome_sentences import fallen_back, outcome_sentences
from analysis.report.page_one.answers import answer_sentence, certainty_line
from analysis.report.page_one.robustness import what_would_change
from analysis.report.page_one.sample import overview_caption, sample_sentences
from analysis.report.paper.checklist import checklist
from analysis.report.paper.text import paper_text
from analysis.report.plan_decisions import plan_decisions
from analysis.report.signals import clean_share
from analysis.report.svg import inline_svg, paper_letters
from analysis.results import OutcomeResult, Results, is_shown
from analysis.sections.baseline import ArmBaseline
from analysis.sections.optional import sections_with_results
from analysis.sections.stimuli_shown import Exposures
from analysis.statistics.chance_imbalance import ChanceImbalance
from analysis.statistics.estimate import Bound, Estimate, HypothesisTest, NotEstimable
from analysis.study_data.diagnosis_rule import FEWEST
from analysis.study_data.rows_in_words import factor_words

HERE = Path(__file__).parent
NO_PICTURES: Mapping[str, bytes] = {}
DIAGNOSED_IMAGES = 12
"""Images of which participants name a fault that the page lists; results.json contains all."""


def render_report(
    results: Results,
    figures: Mapping[str, Path],
    command: str,
    medium: Literal["screen", "print"] = "screen",
    failures: Failures | None = None,
    pictures: Mapping[str, bytes] = NO_PICTURES,
) -> str:
    """Return the report as HTML. `figures` are SVG files by name, `command` made the report.

    `pictures` are PNG pictures of images and maps, by image and by key of the map.
    For "print", details are named instead of folded, and figures keep the colours of their files.
    Outcomes and optional sections whose page fails with an unexpected error are added to
    `failures`, and the report says so in their place.
    """
    failures = failures or Failures(list(results.failures))
    texts = failures.guarded("Alternative texts", lambda: alternatives(results), lambda _: {})
    # Paper has no dark mode, so figures keep the colours of their files.
    follow = medium == "screen"
    inlined = {
        name: inline_svg(path.read_text(encoding="utf-8"), name, texts.get(name, name), follow)
        for name, path in figures.items()
    }
    style = "\n".join(
        (HERE / name).read_text(encoding="utf-8")
        for name in ("report.css", "print.css")[: 1 if follow else 2]
    )
    if not follow:
        style += _foot(results) + paper_letters()
    environment = _environment()

    def findings(result: OutcomeResult, results: Results) -> list[str]:
        return failures.guarded(
            f"Outcome “{result.outcome.label}”, its sentences",
            lambda: outcome_sentences(result, results),
            lambda failure: [f"The sentences on this outcome failed: {failure.sentence}."],
        )

    context = {
        "results": results,
        "figures": inlined,
        "pictures": {name: _inline_picture(content) for name, content in pictures.items()},
        "command": command,
        "medium": medium,
        "findings": findings,
    }
    articles = {
        result.outcome.key: _article(environment, result, context, failures)
        for result in results.outcomes
    }
    sections = {
        part.key: _section(environment, part, context, failures)
        for part in sections_with_results(results.optional_sections)
        if part.place == "section"
    }
    return environment.get_template("report.html").render(
        context,
        css=Markup(style),  # noqa: S704 - style sheets of this package
        articles=articles,
        sections=sections,
        failures=failures.found,
    )


def _article(
    environment: Environment, result: OutcomeResult, context: Mapping[str, Any], failures: Failures
) -> Markup:
    """Return an outcome's part of the page, or one that names the outcome and its failure."""

    def failed(failure: Failure) -> str:
        template = environment.get_template("failed_article.html")
        return template.render(key=result.outcome.key, label=result.outcome.label, failure=failure)

    text = failures.guarded(
        f"Outcome “{result.outcome.label}”, its part of the page",
        lambda: environment.get_template("outcome.html").render(context, result=result),
        failed,
    )
    return Markup(text)  # noqa: S704 - rendered by this package's templates, which escape


def _section(
    environment: Environment, part: OptionalSection, context: Mapping[str, Any], failures: Failures
) -> Markup:
    def failed(failure: Failure) -> str:
        return f'<p class="warning">This section failed: {escape(failure.sentence)}.</p>'

    text = failures.guarded(
        f"Section “{part.label}”, its part of the page",
        lambda: environment.get_template("section.html").render(context, part=part),
        failed,
    )
    return Markup(text)  # noqa: S704 - rendered by this package's templates, which escape


def _inline_picture(content: bytes) -> str:
    """Return the picture as an address that contains it, since the page is a single file."""
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


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


def by_chance(chance: ChanceImbalance | None) -> str:
    """Return the median and the 95th percentile of the largest difference by chance."""
    if chance is None:
        return "–"
    median, high = (
        apa_numbers.number(value) if value is not None else "∞"
        for value in (chance.median, chance.percentile_95)
    )
    return f"{median} ({high})"


def condition_label(key: str, exposures: Sequence[Exposures]) -> str:
    """Return the label of a condition, or its key if nobody saw an image under it."""
    return next((one.label for one in exposures if one.condition == key), key)


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
        "by_chance": by_chance,
        "condition_label": condition_label,
    }
    environment.globals |= {
        "is_shown": is_shown,
        "fits_a_column": fits_a_column,
        "verdict_text": sentences.verdict_text,
        "source_of": sentences.source_of,
        "left_out": sentences.left_out,
        "population_words": allocation.population_words,
        "words": allocation,
        "method_notes": method_notes,
        "plan_decisions": plan_decisions,
        "too_few_to_check": allocation.too_few_to_check,
        "answer_sentence": answer_sentence,
        "certainty_line": certainty_line,
        "what_would_change": what_would_change,
        "sample_sentences": sample_sentences,
        "overview_caption": overview_caption,
        "look_words": look_words,
        "factor_words": factor_words,
        "level_cell": level_cell,
        "level_heads": level_heads,
        "level_n_varies": level_n_varies,
        "level_note": level_note,
        "level_rows": level_rows,
        "level_sentences": level_sentences,
        "most_rows": MOST_ROWS,
        "paper_text": paper_text,
        "checklist": checklist,
        "kind_of": kind_of,
        "family_of": family_of,
        "trial_families": FAMILIES,
        "most_sd": MOST_SD,
        "sections_with_results": sections_with_results,
        "section_words": section_words,
        "fallen_back": fallen_back,
        "clean_share": clean_share,
        "assumption_row": assumption_row,
        "attrition_columns": attrition_columns,
        "diagnosed_images": DIAGNOSED_IMAGES,
        "fewest_to_suspect": FEWEST,
    }
    environment.tests |= {
        "estimate": lambda value: isinstance(value, Estimate),
        "hypothesis_test": lambda value: isinstance(value, HypothesisTest),
        "bound": lambda value: isinstance(value, Bound),
        "failed": lambda value: isinstance(value, Failed),
        "not_estimable": lambda value: isinstance(value, NotEstimable),
    }
    return environment
