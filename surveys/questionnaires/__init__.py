"""The questionnaires that ship: one TOML file each in this folder. A new one is a file, no more."""

from functools import cache
from pathlib import Path

from surveys.questionnaires.base import Questionnaire
from surveys.questionnaires.reading import QuestionnaireError, read

FOLDER = Path(__file__).resolve().parent


def ids() -> tuple[str, ...]:
    """Every questionnaire's id, which is the name of its file."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def get(questionnaire_id: str) -> Questionnaire:
    """The questionnaire; raises QuestionnaireError for an unknown id or a faulty file."""
    if questionnaire_id not in ids():
        raise QuestionnaireError(
            f"The questionnaire {questionnaire_id!r}",
            [f"there is none of that name. Those there are: {', '.join(ids())}."],
        )
    text = (FOLDER / f"{questionnaire_id}.toml").read_text(encoding="utf-8")
    return read(questionnaire_id, text)
