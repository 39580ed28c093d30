"""Every method has comprehension checks, so that no study with a quiz ends at a missing page."""

import pytest

from explanations import catalogue
from surveys import quizzes


@pytest.mark.parametrize("method", ["", *(method.key for method in catalogue.EVERY)])
def test_every_method_has_a_quiz_in_english_and_german(method):
    assert quizzes.questions(method)
    assert quizzes.speaks(method, "de")


def test_a_method_without_a_quiz_is_noticed():
    with pytest.raises(KeyError):
        quizzes.questions("gradcam_layer")


def test_another_drawing_of_lime_has_questions_of_its_own():
    outlined, heat, graded = (
        quizzes.questions(key) for key in ("lime", "lime_heat", "lime_graded")
    )
    assert heat == graded != outlined
    # The control: another baseline has the colours of the method, and its questions.
    usual, blurred = (quizzes.questions(f"integrated_gradients{end}") for end in ("", "_blurred"))
    assert usual == blurred
