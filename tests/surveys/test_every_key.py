"""A fault in any key of a questionnaire, quiz or profile is told with the line of that key."""

import pytest

from surveys import quizzes
from surveys.questionnaires import reading, translating
from surveys.questionnaires.reading import QuestionnaireError
from surveys.quizzes import QuizError
from surveys.simulation import profile
from tests.planted import Line, entry_lines, every_value, lines_of, missed


def told_by(read):
    """The function that tells the problems of a text that is read so."""

    def told(text: str) -> list[str]:
        try:
            read(text)
        except (QuestionnaireError, QuizError, profile.ProfileError) as refused:
            return list(refused.problems)
        return []

    return told


def translation():
    """The lines of [text.de], whose items are tables."""
    lines = lines_of(translating.TextTable)
    return [
        Line(
            ("text", "de", *line.path),
            line.text.replace("[items", "[text.de.items").replace("[anchors", "[text.de.anchors"),
            line.is_open,
        )
        for line in lines
    ]


FILES = {
    "questionnaire": (
        lines_of(reading.QuestionnaireTable, leave_out=("text",)),
        lambda text: reading.read("text", text),
    ),
    "translation": (
        [
            *lines_of(reading.QuestionnaireTable, leave_out=("text",)),
            Line(("text", "de"), "[text.de]"),
            *translation(),
        ],
        lambda text: reading.read("text", text),
    ),
    "quiz": (
        [
            *lines_of(quizzes.QuizTable, leave_out=("questions",)),
            *entry_lines(quizzes.QuestionTable, "questions"),
        ],
        lambda text: quizzes.read(text, "The quiz"),
    ),
    "profile": (lines_of(profile.ProfileTable), profile.read),
}


@pytest.mark.parametrize("name", FILES)
def test_a_fault_in_every_key_is_told_with_its_line(name):
    lines, read = FILES[name]
    assert missed(lines, told_by(read)) == []


@pytest.mark.parametrize("name", FILES)
def test_no_value_of_any_key_breaks_the_reader(name):
    """Any other error than the file's own is raised here, and fails the test."""
    lines, read = FILES[name]
    assert sum(bool(told_by(read)(text)) for text in every_value(lines)) > len(lines)


def test_a_quiz_whose_right_answer_is_no_option_is_refused():
    text = (quizzes.FOLDER / "lime.toml").read_text(encoding="utf-8")
    assert quizzes.read(text, "The quiz")
    with pytest.raises(QuizError, match="line 7: the right option 'agains' is not an option"):
        quizzes.read(text.replace('right = "against"', 'right = "agains"'), "The quiz")
