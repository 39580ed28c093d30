from collections import Counter

import pytest

from explanations.models import Prediction
from surveys import services
from surveys.models import Stimulus
from surveys.services import StudyError
from surveys.services.stimuli import choose_stimuli, classes_drawn
from tests.surveys import factories

NO_BALANCE = 'balance = "none"'


def draft(tmp_path, **options):
    study = factories.draft_study(tmp_path, **options)
    factories.predict(study, wrong=8)  # of 24: two wrong and four right ones of each class
    return study


def correctness(stimuli) -> Counter:
    return Counter(stimulus.prediction.is_correct for stimulus in stimuli)


def classes(stimuli, correct: bool) -> Counter:
    return Counter(
        stimulus.prediction.image.true_class
        for stimulus in stimuli
        if stimulus.prediction.is_correct == correct
    )


def test_exactly_the_declared_numbers_are_chosen(db, tmp_path):
    chosen = choose_stimuli(draft(tmp_path, right=7, wrong=3))
    assert correctness(chosen) == {True: 7, False: 3}
    assert [stimulus.position for stimulus in chosen] == list(range(1, 11))
    assert len({stimulus.prediction_id for stimulus in chosen}) == 10


def test_no_class_has_two_more_than_another(db, tmp_path):
    chosen = choose_stimuli(draft(tmp_path, right=10, wrong=6))
    for correct in (True, False):
        counts = classes(chosen, correct)
        assert set(counts) == set(factories.CLASSES)
        assert max(counts.values()) - min(counts.values()) <= 1


def all_classes(stimuli) -> Counter:
    return classes(stimuli, True) + classes(stimuli, False)


@pytest.mark.parametrize("seed", range(5))
def test_right_and_wrong_images_of_a_part_are_balanced_together(db, tmp_path, seed):
    """So that no class can be absent from a part that has as many images as classes."""
    chosen = choose_stimuli(draft(tmp_path, right=3, wrong=1, seed=seed))
    assert all_classes(chosen) == dict.fromkeys(factories.CLASSES, 1)


def test_what_was_drawn_is_listed_by_class(db, tmp_path):
    study = draft(tmp_path, right=2, wrong=1)
    assert classes_drawn(study) == []
    chosen = choose_stimuli(study)
    listed = classes_drawn(study)
    assert [row.true_class for row in listed] == sorted(factories.CLASSES)
    for row in listed:
        counts = (classes(chosen, True)[row.true_class], classes(chosen, False)[row.true_class])
        assert (row.part, row.right, row.wrong) == ("trials", *counts)
    assert sum(row.right + row.wrong == 0 for row in listed) == 1


def test_images_are_drawn_whatever_their_class_if_the_study_declares_it(db, tmp_path):
    def drawn(seed):
        study = draft(tmp_path, right=3, wrong=1, seed=seed, slug=f"s{seed}", images=NO_BALANCE)
        return frozenset(all_classes(choose_stimuli(study)).values())

    assert {drawn(seed) for seed in range(5)} != {frozenset({1})}


def test_a_class_that_runs_out_leaves_its_place_to_the_others(db, tmp_path):
    study = draft(tmp_path, right=13, wrong=2)
    Prediction.objects.filter(image__true_class="car", is_correct=True).delete()
    with pytest.raises(StudyError, match="13 right and 2 wrong"):
        choose_stimuli(study)
    study = services.load_study(study.source.replace("right = 13", "right = 12"))
    assert classes(choose_stimuli(study), True) == {"truck": 4, "boat": 4, "tree": 4}


def test_the_seed_decides_and_nothing_else(db, tmp_path):
    def images(slug: str, seed: int) -> set[str]:
        study = draft(tmp_path, slug=slug, seed=seed)
        return {stimulus.prediction.image.sha256 for stimulus in choose_stimuli(study)}

    assert images("one", 1) == images("two", 1)
    assert len({frozenset(images(f"s{seed}", seed)) for seed in range(10, 20)}) > 5


def test_choosing_again_changes_nothing(db, tmp_path):
    study = draft(tmp_path)
    first = [stimulus.pk for stimulus in choose_stimuli(study)]
    assert [stimulus.pk for stimulus in choose_stimuli(study)] == first
    assert Stimulus.objects.count() == 5


def test_too_few_wrong_predictions_are_said_in_numbers_with_the_cure(db, tmp_path):
    study = draft(tmp_path, right=3, wrong=9)
    with pytest.raises(StudyError) as caught:
        choose_stimuli(study)
    for words in ("3 right and 9 wrong", "16 right and 8 wrong", "import_images --data dots"):
        assert words in str(caught.value)
    assert not Stimulus.objects.exists()


def test_predictions_of_another_split_or_classifier_are_left_alone(db, tmp_path):
    study = draft(tmp_path, right=16, wrong=8)
    study.image_set.images.filter(true_class="car").update(split="train")
    with pytest.raises(StudyError, match="12 right and 6 wrong"):
        choose_stimuli(study)
