"""Optional analyses that a plan can declare in addition to its outcomes, without testing a claim.

A new section is a table of the plan (a field of Plan with the key's name), a function, its
sentences, a template in report/ with the key's name, and an entry in OPTIONAL_SECTIONS.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class OptionalSection:
    """An optional part of the report: `path` names (StudyData, scores) → a frozen dataclass.

    `words` names (results, Results) → sentences; `figures` names (results, Results) → {name:
    (drawing, alternative text)}. `place` is a section of its own or inside each outcome; in the
    latter case results and sentences are mappings by the outcome's key.
    """

    key: str
    label: str
    path: str
    words: str
    figures: str = ""
    place: Literal["section", "outcome"] = "section"


OPTIONAL_SECTIONS = (
    OptionalSection(
        "bayes",
        "Bayes factors",
        "analysis.outcomes.bayes.bayes_factors",
        "analysis.report.bayes.sentences",
        place="outcome",
    ),
    OptionalSection(
        "mediation",
        "Mediation",
        "analysis.sections.mediation.mediation",
        "analysis.report.mediation.sentences",
    ),
    OptionalSection(
        "multiverse",
        "Multiverse",
        "analysis.sections.multiverse.multiverse",
        "analysis.report.multiverse.sentences",
        figures="analysis.figures.specifications.drawings",
    ),
    OptionalSection(
        "map_quality",
        "Map quality and participants’ outcomes",
        "analysis.sections.map_quality.section.map_quality",
        "analysis.report.map_quality.sentences",
    ),
    OptionalSection(
        "attention_maps",
        "Map quality and where people look",
        "analysis.sections.map_quality.attention.attention",
        "analysis.report.attention_maps.sentences",
    ),
    OptionalSection(
        "signals",
        "Signs of programs",
        "analysis.sections.signals.section.signals",
        "analysis.report.signals.sentences",
    ),
)
