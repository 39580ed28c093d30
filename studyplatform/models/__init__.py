"""Database tables of the panel: who may do what in which study, accounts, and background jobs."""

from studyplatform.models.account_link import AccountLink
from studyplatform.models.attempt import Attempt
from studyplatform.models.job import Job
from studyplatform.models.member import StudyMember
from studyplatform.models.review_link import ReviewLink
from studyplatform.models.sign_in import SignIn

__all__ = ["AccountLink", "Attempt", "Job", "ReviewLink", "SignIn", "StudyMember"]
