"""Wording of the signs of programs, and of the results without the flagged participants."""

from analysis.apa_numbers import percent
from analysis.plan.catalogues.signal_rules import rule_named
from analysis.results import Results, is_shown
from analysis.sections.signals.section import RuleShare, SignsOfPrograms

NOT_EXCLUDED = "A sign is not a proof, and nobody is excluded here."


def sentences(found: SignsOfPrograms, results: Results) -> list[str]:
    """Return what flags participants, how many there are, and what changes without them."""
    plan = results.plan.signals
    rules = () if plan is None else plan.rules
    named = ", ".join(rule_named(key).label for key in rules)
    everybody = sum(count.flagged for count in found.flagged.values())
    decided = sum(count.decided for count in found.flagged.values())
    return [
        f"Participants are flagged if any of these rules finds a sign of a program: {named}. "
        f"{NOT_EXCLUDED}",
        f"{everybody} of {decided} participants are flagged. {changes(found, results)}",
    ]


def changes(found: SignsOfPrograms, results: Results) -> str:
    """Return a sentence on what the results are without the flagged participants."""
    if not found.participants:
        return "There is nobody to leave out."
    if found.left_empty:
        arms = ", ".join(f"“{results.labels[arm]}”" for arm in found.left_empty)
        return f"Without them nobody is left in {arms}, so the results cannot be compared."
    turned = turned_without(found, results)
    if turned:
        return f"Without them, the decision changes for {' and '.join(turned)}."
    return "Without them, every confirmatory decision is the same."


def turned_without(found: SignsOfPrograms, results: Results) -> list[str]:
    """List the confirmatory outcomes whose decision changes without the flagged, in quotes."""
    shown = {one.outcome.key: is_shown(one, results) for one in results.confirmatory}
    return [f"“{one.label}”" for one in found.without if one.shown != shown[one.outcome]]


def clean_share(rule: RuleShare) -> str:
    """Return how many clean walks the rule flagged, such as "0 of 50 (at most 7 %)"."""
    clean = rule.clean_walks
    if clean is None:
        return "not measured"
    return f"{clean.flagged} of {clean.walks} (at most {percent(clean.highest)})"
