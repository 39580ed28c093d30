"""Database tables of the panel: who may do what in which study."""

from studyplatform.models.member import StudyMember

__all__ = ["StudyMember"]
