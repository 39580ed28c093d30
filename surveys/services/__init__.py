"""Every write to a study and to its participants' data, each in one transaction."""

from surveys.pages.lapse import has_lapsed
from surveys.services.enrolment import NotAgreedError, StudyClosedError, enrol
from surveys.services.errors import StudyError
from surveys.services.excluding import exclude, include_again
from surveys.services.leaving import Erased, erase, stop
from surveys.services.places import StudyFullError
from surveys.services.recording import (
    InvalidAnswersError,
    Recorded,
    come_to_arm,
    extend_time,
    record_page,
    record_picture,
    record_view,
    record_words,
    refuse_page,
    uncover_cell,
)
from surveys.services.recruiting import (
    AlreadyBegunError,
    ExcludedError,
    NoIdError,
    TookPartError,
    forget_identifiers,
    forget_remembered,
    record_service_status,
    record_service_statuses,
)
from surveys.services.scheduling import apply_schedule, is_due, set_schedule
from surveys.services.studies import (
    CORRECTABLE,
    archive_study,
    begin_pilot,
    can_be_deleted,
    close_study,
    delete_study,
    load_study,
    open_study,
    pause_study,
    restore_study,
    unblind_study,
)

__all__ = [
    "CORRECTABLE",
    "AlreadyBegunError",
    "Erased",
    "ExcludedError",
    "InvalidAnswersError",
    "NoIdError",
    "NotAgreedError",
    "Recorded",
    "StudyClosedError",
    "StudyError",
    "StudyFullError",
    "TookPartError",
    "apply_schedule",
    "archive_study",
    "begin_pilot",
    "can_be_deleted",
    "close_study",
    "come_to_arm",
    "delete_study",
    "enrol",
    "erase",
    "exclude",
    "extend_time",
    "forget_identifiers",
    "forget_remembered",
    "has_lapsed",
    "include_again",
    "is_due",
    "load_study",
    "open_study",
    "pause_study",
    "record_page",
    "record_picture",
    "record_service_status",
    "record_service_statuses",
    "record_view",
    "record_words",
    "refuse_page",
    "restore_study",
    "set_schedule",
    "stop",
    "unblind_study",
    "uncover_cell",
]
