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
