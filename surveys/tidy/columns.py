"""The columns of the tidy tables, each with its meaning and the source of its cells."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from surveys.models import Participant
from surveys.pages.kinds.attention import asked_checks, failed_checks
from surveys.questionnaires.base import DOES_NOT_APPLY
from surveys.tidy.cell_sources import (
    block_condition,
    block_of,
    classes_in_places,
    completed_at,
    feedback_shown,
    limit_of_trial,
    methods_in_places,
    of_stage,
    part_of,
    planned_accuracy,
    predicted_place,
    preferred_method,
    quiz_mistakes,
    raw_value,
    seconds_total,
    shown_at,
    task_of,
)
from surveys.tidy.cells import Cell

YES_NO = {"0": "no", "1": "yes"}


@dataclass(frozen=True)
class Column:
    """A column of a tidy table.

    ``source`` leads from a database row to the cell: a dotted path, or a function of the row.
    ``type`` is integer, number, text, category or datetime, and ``values`` maps codes to their
    meaning.
    """

    name: str
    type: str
    source: str | Callable[[Any], Cell]
    label: str
    minimum: float | None = None
    maximum: float | None = None
    values: Mapping[str, str] | None = None

    def cell(self, row: Any) -> Cell:
        """Return the row's cell, or None where the path ends early, as for an unanswered trial."""
        if callable(self.source):
            return self.source(row)
        for name in self.source.split("."):
            row = getattr(row, name, None)
        value: Cell = row
        return value


PERSON = "Random pseudonym; cannot be traced to a person"
ARM = "Key of the arm that the participant was randomised to"
STATES = {
    Participant.State.STARTED.value: "started and left silently, or still under way",
    Participant.State.COMPLETED.value: "completed the study",
    Participant.State.STOPPED.value: "stopped before the end and kept the answers",
}
ENDED = {Participant.State.ENDED.value: "ended early by the study, for the reason in ending"}
STATE = "How the participation ended; a participant whose data were erased has no row"
BROWSER = (
    "Milliseconds from showing the page to the answer, by the browser's clock; empty if the "
    "page's script did not run"
)
SERVER = "Seconds from first showing the page to the answer, by the server's clock"

TIMED_OUT = (
    "Whether the page was submitted automatically because its time limit was reached or, without "
    "measurements by the browser, arrived after its time limit by the server's clock"
)

PARTICIPANTS: tuple[Column, ...] = (
    Column("participant", "text", "pseudonym", PERSON),
    Column("arm", "category", "arm.key", ARM),
    Column("arm_label", "text", "arm.label", "Label of the arm"),
    Column("sequence", "integer", "slot.position", "Rank in the order of allocation", 1),
    Column(
        "block", "integer", block_of, "Randomisation block within the stratum; 0 without blocks", 0
    ),
    Column("state", "category", "state", STATE, values=STATES),
    Column(
        "simulated", "integer", "simulated", "Whether the participant was simulated", 0, 1, YES_NO
    ),
    Column("language", "category", "language", "Language of the pages, as a code such as de"),
    Column("consented_at", "datetime", "consented_at", "Time of consent, UTC"),
    Column("completed_at", "datetime", completed_at, "Time of the last page, UTC"),
    Column("seconds_total", "number", seconds_total, "Seconds from consent to last page", 0),
)
BONUS = Column(
    "bonus",
    "number",
    lambda person: None if person.bonus is None else float(person.bonus),
    "Bonus that the participant was told at the end; empty if the study was not completed",
    0,
)
ENDING = Column(
    "ending",
    "category",
    lambda participant: participant.ending or None,
    "Ending of the study file that ended the participation early; empty for other participants",
)
"""The column that studies with [[endings]] have after the state."""
CHECKS: tuple[Column, ...] = (
    Column("attention_asked", "integer", asked_checks, "Attention checks answered", 0),
    Column("attention_failed", "integer", failed_checks, "Attention checks failed", 0),
    Column(
        "quiz_mistakes",
        "integer",
        quiz_mistakes,
        "Wrong answers in the last attempt at each comprehension check",
        0,
    ),
)
STIMULUS: tuple[Column, ...] = (
    Column("participant", "text", "participant.pseudonym", PERSON),
    Column("arm", "category", "participant.arm.key", ARM),
    Column(
        "position", "integer", "position", "Position of the trial in the participant's sequence", 1
    ),
    Column(
        "image",
        "text",
        lambda trial: trial.stimulus.prediction.image.sha256[:12],
        "First 12 digits of the image's content hash",
    ),
    Column(
        "image_set",
        "category",
        "stimulus.prediction.image.image_set.name",
        "Image set that the image belongs to",
    ),
    Column(
        "true_class",
        "category",
        "stimulus.prediction.image.true_class",
        "True class of the image (ground truth)",
    ),
    Column(
        "predicted_class",
        "category",
        "stimulus.prediction.predicted_class",
        "Class that the classifier predicts",
    ),
    Column(
        "probability",
        "number",
        "stimulus.prediction.probability",
        "Probability that the classifier assigns to the predicted class",
        0,
        1,
    ),
    Column(
        "prediction_correct",
        "integer",
        "stimulus.prediction.is_correct",
        "Whether the prediction is correct",
        0,
        1,
        {"0": "wrong", "1": "right"},
    ),
    Column(
        "method",
        "category",
        "explanation.method",
        "Method of the map that was shown; empty if none was shown",
    ),
    Column(
        "explanation",
        "text",
        "explanation.key",
        "Key of the map shown: hash of weights, image, method, parameters and code version",
    ),
)
LAYOUT: tuple[Column, ...] = (
    Column("block", "integer", "block", "Block of trials under one condition", 1),
    Column(
        "condition",
        "category",
        "condition.key",
        "Condition of the trial: what was shown next to the image",
    ),
    Column("part", "category", "stimulus.part", "Part of the study that the trial belongs to"),
    Column("task", "category", task_of, "Task of the trial"),
)
FEEDBACK = Column(
    "feedback_shown",
    "integer",
    feedback_shown,
    "Whether the participant was shown the true class after the trial",
    0,
    1,
    YES_NO,
)
PLANNED = Column(
    "planned_accuracy",
    "number",
    planned_accuracy,
    "Planned share of trials with a right prediction under the trial's condition",
    0,
    1,
)
SIDE_BY_SIDE: tuple[Column, ...] = (
    Column(
        "predicted_map",
        "integer",
        predicted_place,
        "Position of the predicted class's map where several maps are shown side by side",
        1,
    ),
    Column(
        "map_classes",
        "text",
        classes_in_places,
        "Classes of the maps shown side by side, in the order of their positions, joined by ;",
    ),
)
COMPARED: tuple[Column, ...] = (
    Column(
        "map_methods",
        "text",
        methods_in_places,
        "Methods of the two maps that were compared, in the order of their places, joined by ;",
    ),
    Column(
        "preferred_method",
        "category",
        preferred_method,
        "Method of the map that was preferred, or neither",
    ),
)
LIMIT = Column(
    "limit_seconds",
    "integer",
    limit_of_trial,
    "Time limit of the trial's last page, seconds, without the time that was added on request",
    0,
)
ANSWERED: tuple[Column, ...] = (
    Column("response_time_ms", "number", of_stage("response_time_ms"), BROWSER, 0),
    Column("server_seconds", "number", of_stage("server_seconds"), SERVER, 0),
    Column("timed_out", "integer", of_stage("timed_out"), TIMED_OUT, 0, 1, YES_NO),
    Column("answered_at", "datetime", of_stage("submitted_at"), "Time of the answer, UTC"),
)
FIRST_STAGE = Column(
    "first_response_time_ms", "number", of_stage("response_time_ms", 0), BROWSER, 0
)
ANSWERS: tuple[Column, ...] = (
    Column("participant", "text", "submission.participant.pseudonym", PERSON),
    Column("arm", "category", "submission.participant.arm.key", ARM),
    Column("questionnaire", "category", "questionnaire", "Questionnaire of the item"),
    Column("item", "category", "item", "Item that was answered"),
    Column(
        "value",
        "text",
        raw_value,
        "Raw answer as clicked or typed, before any reversal; several choices are joined by ; "
        "and a text that a spreadsheet would run as a formula is preceded by an apostrophe",
        values={DOES_NOT_APPLY: "the question does not apply to the participant"},
    ),
    Column("response_time_ms", "number", "submission.response_time_ms", BROWSER, 0),
    Column("answered_at", "datetime", "submission.submitted_at", "Time of the answer, UTC"),
    Column("page", "text", "submission.step", "Page that contained the item"),
    Column("shown_at", "integer", shown_at, "Position of the item on the page as shown", 1),
    Column("part", "category", part_of, "Part of the study that asked the question"),
)
BLOCK_ANSWERS: tuple[Column, ...] = (
    *ANSWERS[:2],
    Column("block", "integer", "submission.block", "Block of trials under one condition", 1),
    Column(
        "condition",
        "category",
        block_condition,
        "Condition of the block: what its trials showed next to the image",
    ),
    *ANSWERS[2:],
)
NOT_ALLOCATED: tuple[Column, ...] = tuple(
    column
    for column in PARTICIPANTS
    if column.name in {"participant", "state", "simulated", "consented_at"}
)
"""Columns for people who consented but left before the first page that differs between arms."""
NOT_ALLOCATED_ANSWERS = tuple(column for column in ANSWERS if column.name != "arm")
LEDGER: tuple[Column, ...] = (
    Column("sequence", "integer", "sequence", "Number of the entry in the allocation ledger", 0),
    Column("previous", "text", "previous", "Hash of the previous entry; zeros in the first entry"),
    Column("content", "text", "content", "The event, as canonical JSON"),
    Column("hash", "text", "hash", "SHA-256 of sequence, previous and content, one per line"),
)
