"""The example of the instructions, which nobody could learn from if a map of it were empty."""

import pytest

from studyplatform.computations.preparation import readable_example
from studyplatform.panel.launch import checklist
from surveys import services
from surveys.models import Study
from surveys.pages.example import (
    empty_methods,
    example_candidate,
    example_candidates,
    example_prediction,
)
from surveys.services.stimuli import choose_stimuli
from tests.surveys import factories


@pytest.fixture
def draft(db, tmp_path) -> Study:
    study = factories.draft_study(tmp_path)
    factories.predict(study)
    choose_stimuli(study)
    return study


def empty(prediction, method: str = "gradcam") -> None:
    prediction.explanations.filter(method=method).update(diagnostics={"empty": True})


def nothing(prediction) -> None:
    """Stands for a computation whose maps exist already."""


def prepared(study: Study):
    return readable_example(study, example_candidate(study), nothing)


def test_the_first_image_remains_the_example_if_all_of_its_maps_show_something(draft):
    first = example_candidates(draft)[0]
    assert prepared(draft) == first == example_prediction(draft)
    draft.refresh_from_db()
    assert draft.example is None


def test_an_image_with_an_empty_map_is_not_the_example(draft):
    first, second, third = example_candidates(draft)[:3]
    empty(first)
    empty(second, "lime")
    assert prepared(draft) == third == example_prediction(draft)
    assert Study.objects.get(pk=draft.pk).example == third
    assert prepared(draft) == third, "a second run keeps the choice"


def test_maps_that_no_condition_shows_may_be_empty(draft):
    first = example_candidates(draft)[0]
    empty(first, "saliency")
    draft.conditions.filter(method="lime").delete()
    empty(first, "lime")
    assert prepared(draft) == first


def test_a_launched_study_keeps_the_example_that_people_have_seen(draft):
    services.open_study(study=draft)
    first = example_prediction(draft)
    empty(first)
    prepared(draft)
    assert example_prediction(Study.objects.get(pk=draft.pk)) == first


def test_the_choice_made_in_the_draft_lasts_after_the_launch_and_in_a_pilot(draft):
    empty(example_candidates(draft)[0])
    chosen = prepared(draft)
    twin = services.begin_pilot(
        study=draft, source=draft.source.replace('slug = "small"', 'slug = "twin"')
    )
    services.open_study(study=draft)
    assert example_prediction(Study.objects.get(pk=draft.pk)) == chosen
    assert example_prediction(twin) == chosen


def test_an_example_that_has_become_a_stimulus_is_passed_over(draft):
    first = example_candidates(draft)[0]
    draft.example = draft.stimuli.first().prediction
    draft.save()
    assert example_candidate(draft) == first


def test_the_checklist_names_an_empty_map_of_the_example(draft):
    def lines() -> list[str]:
        return [line.sentence for line in checklist(draft).warnings if line.place == "images"]

    assert lines() == []
    for candidate in example_candidates(draft):
        empty(candidate)
    first = example_candidates(draft)[0]
    assert prepared(draft) == first, "no candidate is better"
    assert empty_methods(draft, first) == ["gradcam"]
    (line,) = lines()
    assert line.startswith("The example's map of Grad-CAM is empty")
