"""The parts that a study file can declare, in any order. A new one is a file and a line here."""

from collections.abc import Mapping

from surveys.parts.attention import AttentionPart
from surveys.parts.base import Part, Place
from surveys.parts.instructions import InstructionsPart, TextPart
from surveys.parts.questionnaire import QuestionnairePart
from surveys.parts.quiz import QuizPart
from surveys.parts.trials import PracticePart, TrialsPart

__all__ = ["PARTS", "Part", "Place", "QuestionnairePart", "TrialsPart"]

PARTS: Mapping[str, type[Part]] = {
    "questionnaire": QuestionnairePart,
    "instructions": InstructionsPart,
    "text": TextPart,
    "quiz": QuizPart,
    "practice": PracticePart,
    "trials": TrialsPart,
    "attention": AttentionPart,
}
