"""The editor's section of the outcomes' tests: how each outcome of the plan is analysed."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.plan.catalogues.analyses import ANALYSES, Analysis
from studyplatform.panel.editor.base import Section, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.earlier_questions import items_of, part_key
from studyplatform.panel.editor.sections.pages import described
from studyplatform.panel.editor.sections.plan_choices import (
    OUTCOMES,
    arm_choices,
    covariate_choices,
    factor_names,
    within_of,
)
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited

USUAL = "one_way"
IN_WORDS = {
    "one_way": _("arms: means, with unequal variances (Welch)"),
    "ranks": _("arms: ranks of one ordinal answer (Kruskal-Wallis)"),
    "ancova": _("arms: means, adjusted for covariates or an earlier answer (ANCOVA)"),
    "factorial": _("two factors of the arms and their interaction (ANOVA)"),
    "permutation": _("arms: permutation of people"),
    "logistic_trials": _("arms: yes-or-no trials, random people and images (mixed model)"),
    "linear_trials": _("arms: numbers of trials, random people and images (mixed model)"),
    "ordinal_trials": _("arms: ordinal trials, random people and images (mixed model)"),
    "binary_trials": _("arms: yes-or-no trials, without random images"),
    "likelihood_ratio": _("arms: yes-or-no or ordinal trials, even if an arm's are all alike"),
    "repeated": _("within people: ranks of conditions or times (Friedman, Wilcoxon)"),
    "paired": _("within people: two conditions or times (paired t)"),
    "permutation_within": _("within people: permutation of the conditions"),
    "factorial_within": _("two factors, at least one of them within people (ANOVA)"),
    "mixed_anova": _("arms by conditions or times (mixed ANOVA)"),
    "paired_preferences": _("choices between two maps (Bradley and Terry)"),
}
"""The analyses in words, in the order of the form."""
OF_TRIALS = ("logistic_trials", "linear_trials", "ordinal_trials", "binary_trials",
             "likelihood_ratio")  # fmt: skip
"""Analyses of trials, which only an outcome of the kind trial_mean has."""
OF_ANALYSIS = ("within", "factor", "factors", "effect", "covariates", "random", "slopes",
               "within_slopes", "degrees_of_freedom")  # fmt: skip
"""Keys of an outcome that only some analyses read."""


def _tests(values: Values) -> list[Entry]:
    return [
        entry
        for number, outcome in enumerate(tables(values, *OUTCOMES))
        for entry in _of_outcome(values, number, outcome)
    ]


def _of_outcome(values: Values, number: int, outcome: Mapping[str, Any]) -> Iterator[Entry]:
    at: Path = (*OUTCOMES, number)
    kind = str(outcome.get("kind"))
    group = gettext("Outcome %(number)d: %(what)s") % {
        "number": number + 1, "what": str(outcome.get("label", outcome.get("key", ""))),
    }  # fmt: skip
    yield Entry(
        (*at, "analysis"), gettext("Test"), "choice", group=group, missing=USUAL,
        choices=_fitting(kind),
        # A narrow window cuts the words off in the closed list.
        lead=IN_WORDS.get(str(outcome.get("analysis", USUAL)), ""),
        help=gettext("After a change, save: the fields of the new test appear."),
    )  # fmt: skip
    yield from _of_analysis(values, at, outcome, group)
    yield from _earlier(values, at, outcome, group)
    arms = arm_choices(values)
    limited = any("arms" in part for part in tables(values, "parts"))
    if len(arms) > 1 and (limited or "asked_in" in outcome):
        yield Entry(
            (*at, "asked_in"), gettext("Arms that were asked"), "several",
            gettext("None ticked: all. Needed where a page is only for some arms."),
            group=group, missing=[], choices=arms,
        )  # fmt: skip
    if kind == "scale":
        yield Entry(
            (*at, "min_answered"), gettext("Share of the questions that a score needs"), "decimal",
            gettext("Between 0 and 1. Empty: as the questionnaire says."), group=group,
        )  # fmt: skip
    if kind == "trial_mean":
        yield Entry(
            (*at, "transform"), gettext("Logarithm"), "choice",
            gettext("Of each trial, before the mean: for times, whose distribution is skewed."),
            group=group,
            choices=[("", gettext("none")), ("log", gettext("of the value")),
                     ("log1p", gettext("of 1 + the value, for counts with zeros"))],
        )  # fmt: skip


def _fitting(kind: str) -> list[tuple[str, Any]]:
    """Return the analyses that an outcome of the kind can have."""
    if kind == "preference":
        return [one for one in IN_WORDS.items() if one[0] == "paired_preferences"]
    return [
        (key, words)
        for key, words in IN_WORDS.items()
        if key != "paired_preferences" and (kind == "trial_mean" or key not in OF_TRIALS)
    ]


def _analysis(outcome: Mapping[str, Any]) -> Analysis | None:
    key = str(outcome.get("analysis", USUAL))
    return next((entry for entry in ANALYSES if entry.key == key), None)


def _of_analysis(
    values: Values, at: Path, outcome: Mapping[str, Any], group: str
) -> Iterator[Entry]:
    """Yield the fields of the keys that the outcome's analysis reads."""
    analysis = _analysis(outcome)
    uses = analysis.uses if analysis is not None else ()
    if "covariates" in uses:
        yield Entry(
            (*at, "covariates"), gettext("Covariates"), "several",
            gettext("Asked before the maps, and related to the outcome."),
            group=group, missing=[], choices=covariate_choices(values),
        )  # fmt: skip
    factors = [(name, name) for name in factor_names(values)]
    if "factors" in uses:
        yield Entry(
            (*at, "factors"), gettext("Factors of the arms"), "several",
            gettext("Two. They are declared in the form of the arms, by their levels."),
            group=group, missing=[], choices=factors,
        )  # fmt: skip
        named = outcome.get("factors")
        effects = [(str(name), str(name)) for name in named] if isinstance(named, list) else []
        yield Entry(
            (*at, "effect"), gettext("Effect that is tested"), "choice", group=group,
            missing="interaction" if effects else "",
            choices=[*effects, ("interaction", gettext("the interaction"))],
        )  # fmt: skip
    if "within" in uses:
        yield Entry(
            (*at, "within"), gettext("Compared within people"), "choice",
            gettext("What each person goes through several times."), group=group,
            choices=[("", gettext("nothing")), *_within(outcome, factors)],
        )  # fmt: skip
    if analysis is not None and analysis.random:
        yield Entry(
            (*at, "slopes"), gettext("The effect of the arm may differ by"), "several",
            gettext("Without images, a map is assumed to help equally with every image."),
            group=group, missing=[],
            choices=[("image", gettext("image")), ("participant", gettext("person"))],
        )  # fmt: skip
    if analysis is not None and analysis.key == "linear_trials":
        yield Entry(
            (*at, "degrees_of_freedom"), gettext("Degrees of freedom"), "choice", group=group,
            missing="satterthwaite",
            choices=[("satterthwaite", "Satterthwaite"),
                     ("kenward_roger", gettext("Kenward and Roger, for few people or images"))],
        )  # fmt: skip


def _within(
    outcome: Mapping[str, Any], factors: list[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Yield the factors that can vary within a person."""
    yield "condition", gettext("the kind of map")
    yield "block", gettext("the block")
    yield "part", gettext("the run of images or the page that asks")
    if outcome.get("kind") == "trial_mean":
        yield "prediction_correct", gettext("whether the classifier is right")
        yield from factors


def _earlier(values: Values, at: Path, outcome: Mapping[str, Any], group: str) -> Iterator[Entry]:
    """Yield the choice of earlier answers, where several pages ask and the analysis reads them."""
    analysis, kind = _analysis(outcome), str(outcome.get("kind"))
    asking = [
        (part_key(part), gettext("Page %(number)d: %(what)s")
         % {"number": place + 1, "what": described(part)})
        for place, part in enumerate(tables(values, "parts"))
        for item in items_of(part)
        if outcome.get(kind) == {"scale": item.subscale, "item": item.id}.get(kind, "")
    ]  # fmt: skip
    choices = list(dict.fromkeys(asking))
    if analysis is None or not analysis.before or len(choices) < 2:
        return
    meanings = {
        "change": gettext("It is subtracted: the change is compared."),
        "covariate": gettext("It is a covariate: arms are compared at its mean."),
        "times": gettext("It is the first of two times that are compared."),
    }
    yield Entry(
        (*at, "before", "part"), gettext("Earlier answers"), "choice", meanings[analysis.before],
        group=group, choices=[("", gettext("none")), *choices],
    )  # fmt: skip


def _write_tests(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    changes = touched(values, sent, entries)
    gone: list[Path] = []
    added: list[Change] = []
    for number, outcome in enumerate(tables(values, *OUTCOMES)):
        at: Path = (*OUTCOMES, number)
        chosen = next((one for one in changes if one.path == (*at, "analysis")), None)
        if chosen is not None:
            key = USUAL if chosen.value is REMOVED else str(chosen.value)
            gone += [(*at, name) for name in _unread(key, outcome)]
            added += _begun(values, at, key, outcome)
        before = next((one for one in changes if one.path == (*at, "before", "part")), None)
        if before is not None and before.value is REMOVED:  # an empty table would be a mistake
            gone.append((*at, "before"))
        if any(one.path == (*at, "transform") and one.value is REMOVED for one in changes):
            gone.append((*at, "without_logarithm"))
    kept = [one for one in changes if not any(one.path[: len(path)] == path for path in gone)]
    return edited(source, [*kept, *(Change(path, REMOVED) for path in gone), *added])


def _unread(key: str, outcome: Mapping[str, Any]) -> list[str]:
    """Return the outcome's keys that its new analysis does not read.

    The fallbacks were chosen for the old one; without them the new one has its usual ones.
    """
    analysis = next(entry for entry in ANALYSES if entry.key == key)
    read = {*analysis.uses, *(("random", "slopes", "within_slopes") if analysis.random else ())}
    if key == "linear_trials":
        read.add("degrees_of_freedom")
    unread = [name for name in (*OF_ANALYSIS, "fallback") if name in outcome and name not in read]
    return [*unread, *(["before"] if "before" in outcome and not analysis.before else [])]


def _begun(values: Values, at: Path, key: str, outcome: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what the new analysis of the outcome needs, as far as the study leaves no choice."""
    analysis = next(entry for entry in ANALYSES if entry.key == key)
    if analysis.before == "times" and within_of(values) and "within" not in outcome:
        yield Change((*at, "within"), "condition")
    factors = factor_names(values)
    if key in ("factorial", "factorial_within") and len(factors) == 2 and "factors" not in outcome:
        yield Change((*at, "factors"), factors)


def _note(values: Values) -> str:
    if tables(values, *OUTCOMES):
        return ""
    return gettext("The plan has no outcome yet. Add one under Outcomes.")


SECTION = Section(
    "tests",
    _("Tests"),
    _(
        "How each outcome is tested. A test that has no result, because everybody answered alike, "
        "is replaced by its usual fallback, which the report names."
    ),
    _tests,
    _write_tests,
    _note,
)
