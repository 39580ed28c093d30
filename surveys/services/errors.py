"""What a service refuses, in words that say what to do about it."""


class StudyError(ValueError):
    """The study is not in a state in which this can be done."""
