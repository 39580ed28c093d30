"""Every method has comprehension checks, so that no study with a quiz ends at a missing page."""

import pytest

from explanations import catalogue
from surveys import quizzes, services
from surveys.export.writing import export_study
from surveys.models import Participant, Study
from surveys.pages import item_order, sequence
from tests.surveys import factories
from tests.surveys.drawn import drawn_study
from tests.surveys.export.test_writing import rows


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


CHECKED = """
[[parts]]
kind = "quiz"
[[parts]]
kind = "trials"
right = 1
wrong = 1
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""


@pytest.fixture
def checked(db, tmp_path) -> Study:
    """Open, with a comprehension check at its beginning."""
    return drawn_study(tmp_path, parts=CHECKED)


def attempt(study: Study, key: str, place: int) -> Participant:
    """Somebody who chose the answer at the same place in every question."""
    person = factories.allocate(services.enrol(study=study, arrival_key=key))
    step = sequence.current_step(person)
    given = {item.id: list(item.options)[place] for item in item_order.items(person, step)}
    services.record_view(participant=person, step=step.key)
    assert factories.record(person, step.key, given) is services.Recorded.RECORDED
    return person


@pytest.mark.parametrize("place", [0, pytest.param(1, marks=pytest.mark.nightly)])
def test_nobody_passes_by_choosing_the_same_place_in_every_question(checked, place):
    # Every method of seven arms, several people each.
    for number in range(28):
        person = attempt(checked, f"{place} {number}", place)
        following = sequence.current_step(person)
        assert (following.kind, following.number) == ("quiz", 2), person.arm.key


@pytest.mark.nightly
def test_every_place_holds_the_right_answer_of_somebody(checked):
    # The control: the options are really shuffled, and not only the first is avoided.
    seen = set()
    for number in range(28):
        person = factories.allocate(services.enrol(study=checked, arrival_key=str(number)))
        step = sequence.current_step(person)
        method = person.arm.blocks.get().condition.method
        right = {question.id: question.right for question in quizzes.questions(method)}
        for item in item_order.items(person, step):
            assert set(item.options) == set(
                next(q for q in quizzes.questions(method) if q.id == item.id).options
            )
            seen.add(list(item.options).index(right[item.id]))
    assert seen == {0, 1, 2}


def test_the_order_stays_and_is_stored_and_exported_once_unblinded(checked, tmp_path):
    person = attempt(checked, "somebody", 0)
    first = person.submissions.get()
    step = sequence.step_of(checked, first.step)
    shown = {item.id: list(item.options) for item in item_order.items(person, step)}
    assert first.option_order == shown
    export_study(study=checked, output=tmp_path / "blinded")
    head = (tmp_path / "blinded" / "pages.csv").read_text().splitlines()[0]
    assert "option_order" not in head
    factories.export_closed(study=checked, output=tmp_path / "open")
    page = rows(tmp_path / "open", "pages.csv")[0]
    assert page["option_order"] == "; ".join(
        f"{item}: {' '.join(options)}" for item, options in shown.items()
    )
