"""The parts that a study file can declare, in any order. A new part is a file and a line here."""

from collections.abc import Mapping

from surveys.study_file.parts.attention import AttentionPart
from surveys.study_file.parts.base import Part, Place
from surveys.study_file.parts.instructions import InstructionsPart, TextPart
from surveys.study_file.parts.perception import PerceptionPart
from surveys.study_file.parts.questionnaire import QuestionnairePart
from surveys.study_file.parts.quiz import QuizPart
from surveys.study_file.parts.trials import PracticePart, TrialsPart

__all__ = ["PARTS", "Part", "Place", "QuestionnairePart", "TrialsPart"]

PARTS: Mapping[str, type[Part]] = {
    "questionnaire": QuestionnairePart,
    "instructions": InstructionsPart,
    "text": TextPart,
    "quiz": QuizPart,
    "practice": PracticePart,
    "trials": TrialsPart,
    "attention": AttentionPart,
    "perception": PerceptionPart,
}
