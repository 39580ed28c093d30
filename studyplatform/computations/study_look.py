"""A look at a running study's data: the platform sees the arms, people are told go on or stop."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.errors import LookError, NotEstimableError
from analysis.sections.looks.deciding import Decision, decide, looked_outcome, looks_held
from analysis.study_data.numerics import with_analysis_settings
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import StudyData, read_study
from surveys.export.folder import ExportError
from surveys.export.writing import export_study
from surveys.models import Look, Study
from surveys.services.looking import check_may_look, record_look

NOT_YET = _(
    "The outcome of [looks] cannot be tested yet: there are too few scores. Nothing was recorded. "
    "Look again when more people have finished."
)


def look_at(
    study: Study,
    by: str,
    reason: str = "",
    told: Callable[[str], None] = lambda step: None,
    also: Callable[[Look], None] = lambda look: None,
) -> Look:
    """Hold the next look of the study's plan, record it, and return the record.

    With a `reason`, a look is held also before its time. `also` is called in the transaction that
    records the look. Raises StudyError, ExportError or
    AnalysisError, whose messages tell nothing about the arms, if no look may be held now.
    """
    check_may_look(study)
    reason = " ".join(reason.split())
    # The data with their arms exist only while the look is held, and only for this process.
    with tempfile.TemporaryDirectory(prefix="look-") as place:
        told("data")
        try:
            export_study(study=study, output=Path(place) / "data", for_look=True)
        except ExportError as error:
            raise LookError(
                gettext("Nobody has taken part yet. Look when people have finished.")
            ) from error
        data = read_study(Path(place) / "data")
    told("look")
    decision = _decided(data, unplanned=bool(reason))
    with transaction.atomic():
        look = record_look(
            study=study,
            number=len(looks_held(data.manifest)) + 1,
            by=by,
            people=decision.people,
            efficacy=decision.efficacy,
            futility=decision.futility,
            told=decision.told,
            planned=decision.planned,
            reason=reason,
            plan_sha256=data.plan_sha256,
        )
        also(look)
    return look


@with_analysis_settings
def _decided(data: StudyData, *, unplanned: bool) -> Decision:
    looked_outcome(data.plan)  # refuses a plan without looks before any score is computed
    try:
        return decide(data, score_table(data), looks_held(data.manifest), unplanned=unplanned)
    except LookError:
        raise
    except (NotEstimableError, ValueError) as error:
        # The reason may tell of an arm whose scores are all alike, so it is not repeated.
        raise LookError(str(NOT_YET)) from error


def in_words(look: Look) -> str:
    """Return what people are told: the number of the look, and whether to go on."""
    if look.told == Look.Told.STOP:
        sentence = gettext(
            "Look %(number)d, at %(people)d participants with a score: STOP. End the collection. "
            "Why is told by the report."
        )
    else:
        sentence = gettext("Look %(number)d, at %(people)d participants with a score: GO ON.")
    return sentence % {"number": look.number, "people": look.people}
