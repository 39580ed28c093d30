"""Checklist of what a report of a randomised trial must contain, with where this report has it.

The items follow CONSORT 2010 and its extension for social and psychological interventions,
CONSORT-SPI 2018 (Montgomery et al., 2018), in our own words.
"""

from collections.abc import Callable

from analysis.results import Results

AUTHORS = "to be written"
Where = Callable[[Results], str]


def checklist(results: Results) -> list[tuple[str, str, str]]:
    """Return each item's number, what it asks for, and the section that has it."""
    return [(number, asked, where(results)) for number, asked, where in ITEMS]


def _in(section: str) -> Where:
    return lambda _: section


_authors = _in(AUTHORS)


def _title(results: Results) -> str:
    if not _is_randomised(results):
        return _without_randomisation(results)
    return "the title" if "randomi" in results.title.lower() else "to be added to the title"


def _is_randomised(results: Results) -> bool:
    return results.plan.allocation == "randomised"


def _without_randomisation(results: Results) -> str:
    known = results.plan.allocation == "not_randomised"
    return "not randomised" if known else "the source does not state whether it was randomised"


def _design(results: Results) -> str:
    return "Design, without the ratio" if _is_randomised(results) else "Design"


def _methods(results: Results) -> str:
    return "Statistical analysis; Missing data" if results.missing else "Statistical analysis"


def _sample_size(results: Results) -> str:
    return "Participants" if results.sample is not None else AUTHORS


def _looks(results: Results) -> str:
    return "Notes on method" if results.plan.looks is not None else "no look was planned"


def _sequence(results: Results) -> str:
    if not _is_randomised(results):
        return _without_randomisation(results)
    return "Design; the seed is in Provenance" if results.provenance.seed is not None else AUTHORS


def _platform(results: Results) -> str:
    """Return what the platform does for everyone whom it assigns itself."""
    if not _is_randomised(results):
        return _without_randomisation(results)
    return "Design" if results.plan.source is None else AUTHORS


def _dates(results: Results) -> str:
    found = results.collection is not None and results.collection.first_day is not None
    return "Participants" if found else AUTHORS


def _baseline(results: Results) -> str:
    return "Participants, table 1" if results.baseline else "no covariate was measured"


def _other_analyses(results: Results) -> str:
    if results.exploratory or results.optional_sections:
        return "Exploratory outcomes and further sections"
    return "Findings, what would change the conclusions"


def _registration(results: Results) -> str:
    return "Provenance" if results.plan.preregistration is not None else AUTHORS


ITEMS: tuple[tuple[str, str, Where], ...] = (
    ("1a", "Title that names the study as randomised", _title),
    ("1b", "Structured summary", _authors),
    ("2a", "Background and reasons for the study", _authors),
    ("2b", "Objectives and hypotheses", _authors),
    ("3a", "Design, with the ratio of the allocation", _design),
    ("3b", "Changes after the start, with reasons", _in("Deviations from the plan")),
    ("4a", "Who could take part", _authors),
    ("4b", "Setting, and how participants were recruited", _authors),
    ("5", "What each arm received, in enough detail to repeat it", _in("What people saw")),
    ("6a", "Outcomes, with how and when they were measured", _in("Measures")),
    ("6b", "Changes of outcomes after the start", _in("Deviations from the plan")),
    ("7a", "How the sample size was determined", _sample_size),
    ("7b", "Looks before the end, and rules to stop", _looks),
    ("8a", "How the sequence of assignments was made", _sequence),
    ("8b", "Kind of randomisation, with blocks or strata", _authors),
    ("9", "How the next assignment was concealed", _platform),
    ("10", "Who made the sequence, enrolled and assigned participants", _platform),
    ("11a", "Who was blind to the arms, and how", _authors),
    ("11b", "How alike the arms were made", _authors),
    ("12a", "Statistical methods, and missing data", _methods),
    ("12b", "Methods of further analyses", _in("Notes on method")),
    ("13a", "Numbers assigned, treated and analysed, by arm", _in("Participants")),
    ("13b", "Losses and exclusions after the assignment, with reasons", _in("Participants")),
    ("14a", "Dates of recruitment", _dates),
    ("14b", "Why the study ended", _authors),
    ("15", "Baseline characteristics by arm", _baseline),
    ("16", "Numbers in each analysis, and whether by the original assignment",
     _in("Participants; Outcomes")),
    ("17a", "Result of each outcome, by arm, with effect size and interval", _in("Outcomes")),
    ("17b", "Absolute and relative effects of outcomes with two values", _in("Outcomes")),
    ("18", "Other analyses, planned and exploratory ones apart", _other_analyses),
    ("19", "Harms and unintended effects", _authors),
    ("20", "Limitations", _authors),
    ("21", "How far the findings generalise, to people and to images", _authors),
    ("22", "Interpretation", _authors),
    ("23", "Registration", _registration),
    ("24", "Where the protocol and the plan are", _registration),
    ("25", "Funding, and interests of the authors", _authors),
    ("26", "Where data, materials and code are, and who else took part in the design", _authors),
)  # fmt: skip
