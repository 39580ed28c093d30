"""What code without Django tells about its work, in the language of whoever asked for the job."""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from explanations.evaluation.catalogue import MEASURES
from explanations.evaluation.limits.catalogue import LIMITS, TABLES

STEPS: Mapping[str, str | Promise] = {
    # of exports and reports
    "beginning": _("collecting the data"),
    r"table (?P<number>\d+) of (?P<count>\d+)": _("table %(number)s of %(count)s"),
    "files": _("writing the data"),
    "zip": _("packing the files"),
    "reading": _("reading the data"),
    r"outcome (?P<number>\d+) of (?P<count>\d+)": _("outcome %(number)s of %(count)s"),
    "other parts": _("the other parts"),
    "drawing": _("drawing the figures"),
    "word": _("writing the Word document"),
    "printing": _("writing the PDF"),
    # of releases
    "removing": _("removing what leads to a person"),
    "analysing the release": _("analysing the release"),
    "comparing": _("comparing the results with those of all data"),
    "writing": _("writing the files"),
    "checking": _("looking for what leads to a person"),
    # of looks
    "data": _("collecting the data"),
    "look": _("testing the outcome"),
    # of simulations of the sample
    r"(?P<outcome>.+), (?P<people>\d+) per arm, (?P<images>\d+) images \((?P<purpose>\w+)\): "
    r"(?P<number>\d+) of (?P<count>\d+) chunks": _(
        "trying %(people)s people per arm with %(images)s images for “%(outcome)s”: "
        "part %(number)s of %(count)s"
    ),
    # of evaluations
    "maps": _("computing the maps"),
    "agreement": _("agreement of the methods"),
    **{measure.key: measure.label for measure in MEASURES},
    **{limit.key: table.label for limit in LIMITS for table in TABLES if table.key == limit.table},
}
"""The words of each step, by the pattern of what the code says."""
OUTCOME = r"outcome '(?P<key>[^']+)': "
REASONS: Mapping[str, str | Promise] = {
    r"(?P<people>\d+) participants per arm do not reach a power of (?P<power>[\d.]+)": _(
        "%(people)s participants per arm do not reach a power of %(power)s"
    ),
    r"The power cannot be simulated": _("The power cannot be simulated"),
    r"outcome '(?P<key>[^']+)' lacks smallest_effect\. Add the smallest difference that matters\.":
        _("The outcome “%(key)s” lacks the smallest difference that matters. Enter it."),
    OUTCOME + r"(?P<analysis>\w+) is not simulated; use (?P<others>[\w ]+)\.": _(
        "The outcome “%(key)s” is analysed by %(analysis)s, which is not simulated; use %(others)s."
    ),
    OUTCOME + r"covariates are not simulated, because their correlation with the "
    r"outcome is unknown\. Leave covariates out: the sample is then large enough with them, too\.":
        _(
            "The outcome “%(key)s” has covariates, which are not simulated, because their "
            "correlation with it is unknown. Leave them out: the sample is then large enough with "
            "them, too."
        ),
    OUTCOME + r"an earlier measurement is not simulated in within-subjects "
    r"designs\. Leave before out\.": _(
        "The outcome “%(key)s” has an earlier measurement, which is not simulated in designs "
        "within people. Leave it out."
    ),
    OUTCOME + r"the simulated trials have no (?P<what>[^.]+)\.": _(
        "The outcome “%(key)s” needs %(what)s, which simulated trials do not have."
    ),
    OUTCOME + r"(?P<analysis>\w+) is not simulated in within-subjects designs\.": _(
        "The outcome “%(key)s” is analysed by %(analysis)s, which is not simulated in designs "
        "within people."
    ),
    OUTCOME + r"(?P<analysis>\w+) is not simulated in between-subjects designs\.":
        _(
            "The outcome “%(key)s” is analysed by %(analysis)s, which is not simulated in designs "
            "between people."
        ),
    OUTCOME + r"in a study of one arm only (?P<others>[\w ]+) are simulated, but not "
    r"(?P<analysis>\w+), because the differences between its levels of (?P<within>\w+) by "
    r"participant and by image are unknown\. Plan with the paired comparison of participants' "
    r"means\.": _(
        "The outcome “%(key)s” is analysed by %(analysis)s, which is not simulated in a study of "
        "one arm; only %(others)s are. Plan with the paired comparison of people's means."
    ),
    OUTCOME + r"the shares of the levels of '?(?P<factor>[^']+?)'? are unknown "
    r"before the data\. Plan the effect of the arms with one_way, or name two factors of the "
    r"arms\.": _(
        "How people of the outcome “%(key)s” divide over the levels of %(factor)s is unknown "
        "before the data. Plan the effect of the arms with one_way, or name two factors of them."
    ),
    OUTCOME + r"paired compares two conditions, but the study has (?P<count>\d+)\. "
    r"Use repeated\.": _(
        "The outcome “%(key)s” compares two conditions, but the study has %(count)s. Use repeated."
    ),
    OUTCOME + r"(?P<factors>[^.]+?) have no level in (?P<arms>[^.]+?)\. Declare them "
    r"as factors of every arm\.": _(
        "The outcome “%(key)s” compares %(factors)s, which have no level in %(arms)s. Declare them "
        "as factors of every arm."
    ),
    OUTCOME + r"no arm has another level than the control's of (?P<factors>[^.]+?), "
    r"so their effect cannot be simulated\.": _(
        "No arm has another level than the control's of %(factors)s, so that their effect on the "
        "outcome “%(key)s” cannot be simulated."
    ),
    OUTCOME + r"(?P<factors>[^.]+?) have no level in (?P<conditions>[^.]+?)\. Declare them "
    r"as factors of every condition\.": _(
        "The outcome “%(key)s” compares %(factors)s, which have no level in %(conditions)s. "
        "Declare them as factors of every condition."
    ),
    OUTCOME + r"no condition has another level than the control's of (?P<factors>[^.]+?), "
    r"so their effect cannot be simulated\.": _(
        "No condition has another level than the control's of %(factors)s, so that their effect on "
        "the outcome “%(key)s” cannot be simulated."
    ),
    OUTCOME + r"neither (?P<factors>[^.]+?) varies within participants\. Name a factor that "
    r"\[design\] within varies\.": _(
        "The outcome “%(key)s” compares %(factors)s, neither of which varies within people. Name a "
        "factor that varies within people."
    ),
    OUTCOME + r"nobody sees all the conditions, because a factor varies between participants, so "
    r"(?P<analysis>\w+) is not simulated\. Use factorial_within\.": _(
        "The outcome “%(key)s” is analysed by %(analysis)s, which is not simulated where a factor "
        "varies between people, so that nobody sees all conditions. Use factorial_within."
    ),
    r"A look has told to stop, so that no other look may follow\. End the collection; the report "
    r"is the last analysis\.": _(
        "A look has told to stop, so that no other look may follow. End the collection; the report "
        "is the last analysis."
    ),
    r"There are (?P<people>\d+) participants with a score, and the last look was at "
    r"(?P<last>\d+)\. Wait for more\.": _(
        "There are %(people)s participants with a score, and the last look was at %(last)s. Wait "
        "for more."
    ),
    r"The planned sample is complete: (?P<people>\d+) of (?P<planned>\d+) participants have a "
    r"score\. End the collection; the report is the last analysis\.": _(
        "The planned sample is complete: %(people)s of %(planned)s participants have a score. End "
        "the collection; the report is the last analysis."
    ),
    r"The next look is planned at (?P<next>\d+) participants with a score; there are "
    r"(?P<people>\d+)\. Wait, or give a reason for a look that was not planned, which the report "
    r"lists as a deviation\.": _(
        "The next look is planned at %(next)s participants with a score; there are %(people)s. "
        "Wait, or give a reason for a look that was not planned, which the report lists as a "
        "deviation."
    ),
}  # fmt: skip
"""Sentences of the simulation of the sample and of looks that people read, by their patterns."""


def step_in_words(step: str) -> str:
    """Return the step in the reader's language, unchanged if it is not one of the list."""
    for pattern, words in STEPS.items():
        if found := re.fullmatch(pattern, step):
            # A text that is marked and not translated lazily is translated here.
            said = words if isinstance(words, Promise) else gettext(words)
            return str(said) % found.groupdict() if found.groupdict() else str(said)
    return step


def reason_in_words(text: str) -> str:
    """Return the text with the sentences of the list in the reader's language."""
    for pattern, words in REASONS.items():
        # Several sentences of one kind may follow one another, each with values of its own.
        for found in re.finditer(pattern, text):
            text = text.replace(found[0], str(words) % found.groupdict())
    return text
