"""The table [signals] of a study file: what pages count about how answers come about."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Signals:
    """Counts that can tell programs from people, such as pastes and events made by scripts.

    Nothing is counted unless ``count`` is true. With ``hidden_instruction``, questionnaires contain
    a field that people neither see nor hear.
    """

    count: bool = False
    hidden_instruction: bool = True

    @property
    def hides_instruction(self) -> bool:
        """Return whether questionnaires contain the instruction that people do not see."""
        return self.count and self.hidden_instruction
