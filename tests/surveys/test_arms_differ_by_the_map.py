"""Arms differ by the map and by how to read it, and by nothing else: pages, words, waiting."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from surveys import quizzes
from surveys.models import Participant, Study
from surveys.pages import sequence
from surveys.study_file.stored import definition
from tests.surveys.drawn import ARMS, drawn_study
from tests.surveys.factories import allocated, walk

PARTS = """
[[parts]]
kind = "questionnaire"
questionnaire = "ai-experience-v1"
[[parts]]
kind = "instructions"
[[parts]]
kind = "quiz"
[[parts]]
kind = "practice"
right = 1
wrong = 0
minimum_seconds = 1
[[parts]]
kind = "trials"
right = 1
wrong = 1
minimum_seconds = 2
limit_seconds = 60
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
OF_THE_MAP = (
    r"<section data-of-map>.*?</section>",
    r'<figure class="map">.*?</figure>',
    r'<div class="views".*?</div>',
    r" mapped(?=\")",
    r' data-next="[^"]*"',  # more pictures are loaded where a map is shown, in advance
)
OF_THE_PERSON = (
    r'<input type="hidden"[^>]*>',
    r"/p/[\w-]+/(picture/([\w-]+/){1,2})?",
    r"<strong[^>]*>(car|truck|boat|tree)</strong>",
    r"(right|wrong)\.",
)


@pytest.fixture
def people(db, tmp_path) -> dict[str, Participant]:
    """One in each of seven arms."""
    study = drawn_study(tmp_path, parts=PARTS)
    everybody = (allocated(study, str(number)) for number in range(len(ARMS)))
    by_arm = {person.arm.key: person for person in everybody}
    assert set(by_arm) == set(ARMS)
    return by_arm


def pages_of(person: Participant) -> Iterator[tuple[str, str]]:
    """Each page's key, and its text without what belongs to the map or to the person."""
    while (step := sequence.current_step(person)) is not None:
        text = Client().get(f"/p/{person.code}/").content.decode()
        for pattern in (*OF_THE_MAP, *OF_THE_PERSON):
            text = re.sub(pattern, "", text, flags=re.DOTALL)
        yield step.key, " ".join(text.split())
        walk(person, pages=1)


def test_without_the_map_every_page_of_every_arm_is_the_same(people):
    pages = {arm: dict(pages_of(person)) for arm, person in people.items()}
    control = pages.pop("none")
    assert sum("data-minimum-ms" in text for text in control.values()) == 3
    assert sum("data-limit-ms" in text for text in control.values()) == 2
    for arm, others in pages.items():
        # Whoever makes a mistake in the quiz has a second attempt; its questions are of the map.
        keys = [key for key in others if not key.startswith("quiz")]
        assert keys == [key for key in control if not key.startswith("quiz")], arm
        for key in keys:
            assert others[key] == control[key], (arm, key)


@pytest.mark.nightly
def test_the_map_is_really_there_and_would_be_noticed(people):
    # The control: with what belongs to the map, the pages of the arms differ.
    texts = set()
    for person in people.values():
        while sequence.current_step(person).kind != "instructions":
            walk(person, pages=1)
        texts.add(Client().get(f"/p/{person.code}/").content.decode().count("data-of-map"))
    assert texts == {0, 1}


def test_every_arm_has_as_many_pages_and_questions(people):
    study: Study = next(iter(people.values())).study
    assert len({len(definition(study).steps_of(arm)) for arm in ARMS}) == 1
    methods = ["", *(arm for arm in ARMS if arm != "none")]
    assert {len(quizzes.questions(method)) for method in methods} == {2}
