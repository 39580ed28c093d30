"""The endings of participations by arm, for the codebook. Erased participants are in no table."""

from collections import Counter
from collections.abc import Mapping

from django.db.models import QuerySet

from surveys.models import Participant
from surveys.tidy.codebook import CodebookRow

State = Participant.State
WORDS = {
    State.COMPLETED: "completed",
    State.STOPPED: "stopped",
    State.STARTED: "left silently or are under way",
    State.ENDED: "ended by the study",
}


def with_endings(
    rows: list[CodebookRow],
    people: QuerySet[Participant],
    erased: Mapping[str, int],
    blinded: bool,
) -> list[CodebookRow]:
    """Return the codebook's rows with the counts added to the row of the participants' state.

    ``erased``: how many participants had their data erased, by arm, or over all arms while the arms
    are blinded.
    """
    counts: Counter[tuple[str, str]] = Counter()
    # Only allocated people: the others were never randomised and have tables of their own.
    allocated = people.filter(arm__isnull=False).order_by()
    for arm, state in allocated.values_list("arm__key", "state"):
        counts["of all arms" if blinded else arm, state] += 1
    told = "; ".join(
        f"{arm}: {', '.join(_told(counts, arm))}, {number} had their data erased"
        for arm, number in erased.items()
    )
    return [
        {**row, "label": f"{row['label']}; {told}"}
        if (row["file"], row["column"]) == ("participants.csv", "state")
        else row
        for row in rows
    ]


def _told(counts: Counter[tuple[str, str]], arm: str) -> list[str]:
    return [
        f"{counts[arm, state]} {word}"
        for state, word in WORDS.items()
        if state != State.ENDED or any(other == State.ENDED for _, other in counts)
    ]
