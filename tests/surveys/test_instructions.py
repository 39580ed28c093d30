"""What people are told before their pictures is what they then see, in every design."""

import pytest
from django.test import Client

from surveys import services
from surveys.models import Participant
from surveys.pages import sequence
from tests.surveys.drawn import drawn_study, trial_parts
from tests.surveys.factories import allocated, walk

ARMS = ("none", "gradcam")
BREAKS = """
[[parts]]
kind = "instructions"
[[parts]]
kind = "practice"
right = 2
wrong = 0
break_every = 1
[[parts]]
kind = "trials"
right = 2
wrong = 1
break_every = 2
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""


def page_of(person: Participant, kind: str) -> str:
    """The text of the person's next page of the kind, walked to."""
    while sequence.current_step(person).kind != kind:
        walk(person, pages=1)
    return Client().get(f"/p/{person.code}/").content.decode().replace("&#x27;", "'")


def test_within_people_they_say_which_part_of_how_many_begins(db, tmp_path):
    study = drawn_study(
        tmp_path,
        right=4,
        wrong=2,
        parts=trial_parts(),
        arms=ARMS,
        control="order-1",
        extra='[design]\nwithin = ["condition"]',
    )
    person = services.enrol(study=study, arrival_key="a visit")
    for number in (1, 2):
        assert f">Part {number} of 2</p>" in page_of(person, "instructions")
        walk(person, pages=1)


def test_each_page_of_instructions_counts_the_pictures_up_to_the_next(db, tmp_path):
    again = BREAKS.replace('kind = "instructions"', 'kind = "instructions"\nkey = "second"')
    again = again.split('[[parts]]\nkind = "practice"')[0]
    more = '[[parts]]\nkind = "trials"\nkey = "more"\nright = 1\nwrong = 0\n'
    head, _, tail = BREAKS.rpartition("[[parts]]")
    parts = f"{head}{again}{more}[[parts]]{tail}"
    study = drawn_study(tmp_path, right=5, wrong=1, parts=parts, arms=ARMS)
    person = services.enrol(study=study, arrival_key="a visit")
    assert "You will see 3 pictures" in page_of(person, "instructions")
    walk(person, pages=1)
    assert "You will see 1 picture." in page_of(person, "instructions")


@pytest.mark.parametrize("task", ["decide", "judge_advisor"])
def test_whoever_answers_first_is_told_that_the_advice_comes_later(db, tmp_path, task):
    study = drawn_study(tmp_path, parts=trial_parts(task), arms=ARMS)
    later = task == "judge_advisor"
    for number in range(4):
        person = allocated(study, str(number))
        text = page_of(person, "instructions")
        if person.arm.key == "none":
            assert ("and above it the classifier's answer" in text) is not later
            assert ("appears above it once you have given your own" in text) is later
        else:
            assert ("Next to each picture you see a map" in text) is not later
            assert ("Together with the classifier's answer, a map appears" in text) is later
