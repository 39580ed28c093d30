"""Database tables of the panel: who may do what in which study, and background jobs."""

from studyplatform.models.job import Job
from studyplatform.models.member import StudyMember

__all__ = ["Job", "StudyMember"]
