"""Columns of studies with later sessions: a row per session, and the session of each page."""

from surveys.models import Answer, Submission
from surveys.pages.sequence import step_of
from surveys.tidy.cells import Cell
from surveys.tidy.columns import ARM, PERSON, YES_NO, Column

OF_PAGE = "Later session that the page belongs to; empty for the study itself"


def session_of_page(page: Submission) -> Cell:
    """Return the session of the page. Empty for the study itself."""
    step = step_of(page.participant.study, page.step)
    return step.session or None if step else None


def session_of_answer(answer: Answer) -> Cell:
    return session_of_page(answer.submission)


SESSION = Column("session", "category", session_of_page, OF_PAGE)
ANSWER_SESSION = Column("session", "category", session_of_answer, OF_PAGE)
SESSIONS: tuple[Column, ...] = (
    Column("participant", "text", "participant.pseudonym", PERSON),
    Column("arm", "category", "participant.arm.key", ARM),
    Column("session", "category", "session", "Key of the later session"),
    Column("opens_at", "datetime", "opens_at", "Time at which it opens for the participant, UTC"),
    Column("closes_at", "datetime", "closes_at", "Time at which it closes, UTC"),
    Column("begun_at", "datetime", "begun_at", "Time at which the participant began it, UTC"),
    Column("completed_at", "datetime", "completed_at", "Time of its last page, UTC"),
    Column(
        "stopped", "integer", "stopped", "Whether the participant stopped within it", 0, 1, YES_NO
    ),
)
