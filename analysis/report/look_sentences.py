"""Sentences on looks before the end, for the report and the preregistration."""

from collections.abc import Mapping

from analysis.apa_numbers import bounded, number
from analysis.plan.tables import LooksKind, LooksPlan
from analysis.results import Results
from analysis.sections.looks.results import Looked
from analysis.statistics.estimate import NotEstimable

KINDS: Mapping[LooksKind, str] = {
    "obrien_fleming": "alpha spending of the O'Brien-Fleming type (Lan and DeMets, 1983)",
    "pocock": "alpha spending of the Pocock type (Lan and DeMets, 1983)",
    "haybittle_peto": "the rule of Haybittle and Peto (|z| ≥ 3 before the end)",
    "anytime_bounded": "betting on scores between known limits, valid after every participant "
    "(Waudby-Smith and Ramdas, 2024)",
    "anytime_mean": "a normal mixture, valid at every look for large samples (Waudby-Smith et "
    "al., 2024)",
}


def look_words(looked: Looked, results: Results) -> list[str]:
    """Return what was planned, what happened, and which of the numbers allow for it."""
    count = len(looked.held)
    looks = "no look was held" if not count else f"{count} look{'' if count == 1 else 's'} held"
    ended = "; a look told to stop" if looked.stopped else ""
    sentences = [
        f"Looks before the end were planned by {KINDS[looked.kind]}, with a sample of "
        f"{looked.sample} participants with a score. Held: {looks}{ended}. The last analysis has "
        f"{looked.participants} participants with a score."
    ]
    if isinstance(looked.estimate, NotEstimable):
        return [*sentences, f"Not estimable: {looked.estimate.reason}."]
    sentences.append(
        "The p that enters the family, and the first row of the next table, allow for the looks. "
        "All other tests and intervals of this outcome are ordinary ones, which ignore that the "
        "study could have ended earlier."
    )
    if looked.e_value is not None:
        sentences.append(
            f"The e-value against no difference is {number(looked.e_value)}; the difference is "
            f"shown from {number(1 / results.plan.alpha)} on."
        )
    return sentences


def rule_words(looks: LooksPlan, label: str, alpha: float) -> list[str]:
    """Return the stopping rule for the preregistration."""
    sample = f"The planned sample is {looks.sample} participants with a score of “{label}”."
    unseen = (
        "The platform holds each look by itself and tells people only to go on or to stop; nobody "
        "sees arms, estimates or tests. Each look is recorded with its time and its boundary."
    )
    if looks.is_anytime:
        return [
            f"Stopping rule: {KINDS[looks.kind]}, at α = {bounded(alpha)}. Any number of looks "
            f"from {looks.times[0]} participants with a score on; the study stops if the e-value "
            f"against no difference is at least {number(1 / alpha)}. {sample}",
            unseen,
            "The reported p and interval are valid at every look.",
        ]
    times = ", ".join(map(str, looks.times[:-1]))
    futility = ""
    if looks.futility != "none":
        kind = "O'Brien-Fleming" if looks.futility == "obrien_fleming" else "Pocock"
        futility = (
            f" The study also stops for futility by beta spending of the {kind} type for a power "
            f"of {bounded(looks.power or 0)}, which is not binding."
        )
    return [
        f"Stopping rule: {KINDS[looks.kind]}, two-sided, at α = {bounded(alpha)}, with looks at "
        f"{times} participants with a score.{futility} {sample}",
        unseen,
        "After the end, p, estimate and interval follow the stagewise ordering; the estimate is "
        "median-unbiased. People who are under way when a look tells to stop are analysed.",
    ]
