"""The columns of the tidy tables: for each its meaning, and where its cells come from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from surveys import flow, questionnaires
from surveys.exporting.cells import Cell
from surveys.models import Answer, Participant, Trial
from surveys.questionnaires.base import DOES_NOT_APPLY, Item

YES_NO = {"0": "no", "1": "yes"}


@dataclass(frozen=True)
class Column:
    """``source`` finds the cell in a row of the database: a dotted path, or a function of the row.

    ``type`` is integer, number, text, category or datetime; ``values`` maps codes to words.
    """

    name: str
    type: str
    source: str | Callable[[Any], Cell]
    label: str
    minimum: float | None = None
    maximum: float | None = None
    values: Mapping[str, str] | None = None

    def cell(self, row: Any) -> Cell:
        """The row's cell; None where the path ends early, as for a trial without an answer."""
        if callable(self.source):
            return self.source(row)
        for name in self.source.split("."):
            row = getattr(row, name, None)
        found: Cell = row
        return found


def answer_to(item: Item) -> Column:
    """The column of one of a trial's questions."""
    codes = [int(value) for value in item.values]

    def source(trial: Trial) -> Cell:
        page = getattr(trial, "submission", None)
        answers = page.answers.all() if page else ()
        return next((int(answer.value) for answer in answers if answer.item == item.id), None)

    return Column(item.id, "integer", source, item.text, min(codes), max(codes), item.values)


def completed_at(participant: Participant) -> Cell:
    """Empty for who withdrew: that has a time too."""
    completed = participant.state == Participant.State.COMPLETED
    return participant.finished_at if completed else None


def seconds_total(participant: Participant) -> Cell:
    if participant.state != Participant.State.COMPLETED or participant.finished_at is None:
        return None
    return (participant.finished_at - participant.consented_at).total_seconds()


def raw_value(answer: Answer) -> Cell:
    """A number where the item takes numbers, else text: text is guarded against formulas."""
    items = questionnaires.get(answer.questionnaire).items
    number = any(item.is_number for item in items if item.id == answer.item)
    if not number or answer.value == DOES_NOT_APPLY:
        return answer.value
    return float(answer.value) if "." in answer.value else int(answer.value)


def shown_at(answer: Answer) -> Cell:
    """Empty for pages that were sent before orders were stored."""
    order = answer.submission.item_order
    return order.index(answer.item) + 1 if answer.item in order else None


PERSON = "Random name of the participant; it leads to nobody"
ARM = "Key of the arm that chance put the participant in"
STATES = {state.value: str(state.label) for state in Participant.State}
BROWSER = "Milliseconds from page to answer by the browser's clock; empty without the script"
SERVER = "Seconds from first sending the page to its answer, by the server's clock"

TABLES: Mapping[str, tuple[Column, ...]] = {
    "participants.csv": (
        Column("participant", "text", "pseudonym", PERSON),
        Column("arm", "category", "arm.key", ARM),
        Column("arm_label", "text", "arm.label", "Name of the arm"),
        Column("sequence", "integer", "slot.position", "Place on the allocation list", 1),
        Column("block", "integer", "slot.block", "Block of the allocation list", 1),
        Column("state", "category", "state", "How far the participant came", values=STATES),
        Column("simulated", "integer", "simulated", "Whether a program took part", 0, 1, YES_NO),
        Column("consented_at", "datetime", "consented_at", "Time of consent, UTC"),
        Column("completed_at", "datetime", completed_at, "Time of the last page, UTC"),
        Column("seconds_total", "number", seconds_total, "Seconds from consent to last page", 0),
    ),
    "trials.csv": (
        Column("participant", "text", "participant.pseudonym", PERSON),
        Column("arm", "category", "participant.arm.key", ARM),
        Column("position", "integer", "position", "Place of the trial in its sequence", 1),
        Column(
            "image",
            "text",
            lambda trial: trial.stimulus.prediction.image.sha256[:12],
            "First 12 digits of the image's content hash",
        ),
        Column(
            "image_set", "category", "stimulus.prediction.image.image_set.name", "Set of the image"
        ),
        Column(
            "true_class", "category", "stimulus.prediction.image.true_class", "What the image shows"
        ),
        Column(
            "predicted_class",
            "category",
            "stimulus.prediction.predicted_class",
            "What the classifier says that the image shows",
        ),
        Column(
            "probability",
            "number",
            "stimulus.prediction.probability",
            "Probability that the classifier gives the predicted class",
            0,
            1,
        ),
        Column(
            "prediction_correct",
            "integer",
            "stimulus.prediction.is_correct",
            "Whether the prediction is right",
            0,
            1,
            {"0": "wrong", "1": "right"},
        ),
        Column(
            "method", "category", "explanation.method", "Method of the map shown; empty for none"
        ),
        Column(
            "explanation",
            "text",
            "explanation.key",
            "Key of the map shown: hash of weights, image, method, parameters and code version",
        ),
        *map(answer_to, flow.TRIAL_ITEMS),
        Column("response_time_ms", "number", "submission.response_time_ms", BROWSER, 0),
        Column("server_seconds", "number", "submission.server_seconds", SERVER, 0),
        Column("answered_at", "datetime", "submission.submitted_at", "Time of the answer, UTC"),
    ),
    "answers.csv": (
        Column("participant", "text", "submission.participant.pseudonym", PERSON),
        Column("arm", "category", "submission.participant.arm.key", ARM),
        Column("questionnaire", "category", "questionnaire", "Questionnaire of the item"),
        Column("item", "category", "item", "Item that is answered"),
        Column(
            "value",
            "text",
            raw_value,
            "Answer as clicked or typed, before any reversal; several chosen ones are joined by "
            "a ; and a text that a spreadsheet would run as a formula has an apostrophe in front",
            values={DOES_NOT_APPLY: "the question does not apply to the participant"},
        ),
        Column("response_time_ms", "number", "submission.response_time_ms", BROWSER, 0),
        Column("answered_at", "datetime", "submission.submitted_at", "Time of the answer, UTC"),
        Column("page", "text", "submission.step", "Page on which the item stood"),
        Column("shown_at", "integer", shown_at, "Place of the item on the page as shown", 1),
    ),
}
