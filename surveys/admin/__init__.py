"""The admin's plain record views of studies and participants: read-only."""

from surveys.admin import answers, participants, studies

__all__ = ["answers", "participants", "studies"]
