"""Database tables of the panel: who may do what in which study, accounts, tokens of the API,
background jobs, and the audit."""

from studyplatform.models.account_link import AccountLink
from studyplatform.models.alert import Alert
from studyplatform.models.api_token import ApiToken
from studyplatform.models.attempt import Attempt
from studyplatform.models.audit_entry import AuditEntry
from studyplatform.models.job import Job
from studyplatform.models.locked_registration import LockedRegistration
from studyplatform.models.member import StudyMember
from studyplatform.models.page_errors import PageErrors
from studyplatform.models.participant_note import ParticipantNote
from studyplatform.models.preferences import Preferences
from studyplatform.models.review_link import ReviewLink
from studyplatform.models.sign_in import SignIn
from studyplatform.models.study_image_set import StudyImageSet
from studyplatform.models.study_text import StudyText, TextVersion
from studyplatform.models.submission_decision import SubmissionDecision

__all__ = [
    "AccountLink",
    "Alert",
    "ApiToken",
    "Attempt",
    "AuditEntry",
    "Job",
    "LockedRegistration",
    "PageErrors",
    "ParticipantNote",
    "Preferences",
    "ReviewLink",
    "SignIn",
    "StudyImageSet",
    "StudyMember",
    "StudyText",
    "SubmissionDecision",
    "TextVersion",
]
