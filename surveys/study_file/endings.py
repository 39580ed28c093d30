"""The declaration of [[endings]]: ends that the study itself sets to a participation."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import MaxLen

from analysis.toml.value_types import Count, Stripped, Words
from surveys.study_file.answer_rules import AnswerRule

LONGEST_KEY = 30


@dataclass(frozen=True)
class Ending:
    """An end that comes before the last page, with its own text and way back.

    It comes as soon as the answers meet all rules ``when``, or with ``failed_attention`` failed
    attention checks or ``failed_quizzes`` failed comprehension checks, of which 0 means never.
    ``code`` or ``url`` leads back to the recruitment service. ``paid`` says whether people are paid
    for their time. ``replace`` gives the place of a person with an arm to somebody else.
    """

    key: Annotated[Words, MaxLen(LONGEST_KEY)]
    heading: Words
    text: Words
    when: tuple[AnswerRule, ...] = ()
    failed_attention: Count = 0
    failed_quizzes: Count = 0
    code: Stripped = ""
    url: Stripped = ""
    paid: bool = False
    replace: bool = False

    @property
    def is_after_checks(self) -> bool:
        """Return whether failed checks lead to it."""
        return bool(self.failed_attention or self.failed_quizzes)
