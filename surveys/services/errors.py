"""Refusals of services, with what to do about them."""


class StudyError(ValueError):
    """A study whose state does not allow the request."""
