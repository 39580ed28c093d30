"""A study file that names its images shows these and no other, here and elsewhere."""

import pytest

from explanations.models import Prediction, StudyImage
from surveys import services
from surveys.pages.example import example_candidate
from surveys.services import StudyError
from surveys.services.stimuli import choose_stimuli
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.named_images import name_of, source_in
from tests.surveys import factories

RIGHT = ("dot 8", "dot 9", "dot 10", "dot 11")
WRONG = ("dot 0", "dot 1")  # of the factory's 24 predictions, the first 8 are wrong


def listed(*names: str) -> str:
    return "names = [" + ", ".join(f'"{name}"' for name in names) + "]"


def draft(folder, *names: str, right: int = 4, wrong: int = 2):
    """A study whose images are predicted before its file names some of them."""
    weights = folder / "dots.safetensors"
    if not weights.exists():  # written anew, it could be another classifier
        factories.write_weights(weights)
    factories.images()
    text = factories.study_text(weights, right=right, wrong=wrong)
    factories.predict(services.load_study(text))
    return services.load_study(text.replace('split = "test"', f'split = "test"\n{listed(*names)}'))


def problems(folder, *names: str, **options) -> str:
    with pytest.raises(StudyFileError) as caught:
        draft(folder, *names, **options)
    return "\n".join(caught.value.problems)


def test_exactly_the_named_images_are_shown(db, tmp_path):
    chosen = choose_stimuli(draft(tmp_path, *RIGHT, *WRONG))
    assert {row.prediction.image.source for row in chosen} == {*RIGHT, *WRONG}


def test_a_study_draws_from_the_images_that_it_names(db, tmp_path):
    chosen = choose_stimuli(draft(tmp_path, *RIGHT, *WRONG, right=2, wrong=1))
    assert len(chosen) == 3
    assert {row.prediction.image.source for row in chosen} < {*RIGHT, *WRONG}


def test_without_names_every_image_may_be_drawn(db, tmp_path):
    """The control of the tests above."""
    study = factories.draft_study(tmp_path, right=4, wrong=2)
    factories.predict(study)
    shown = {row.prediction.image.source for row in choose_stimuli(study)}
    assert not shown <= {*RIGHT, *WRONG}


def test_the_same_file_gives_the_same_study_where_rows_have_other_numbers(db, tmp_path):
    study = draft(tmp_path, *RIGHT, *WRONG)
    first = [row.prediction.image.sha256 for row in choose_stimuli(study)]
    source, classifier = study.source, study.classifier
    study.stimuli.all().delete()
    predictions = {row.image.sha256: row for row in Prediction.objects.select_related("image")}
    Prediction.objects.all().delete()
    StudyImage.objects.all().delete()
    study.delete()
    for _, row in sorted(predictions.items(), reverse=True):
        row.image.pk = row.pk = None
        row.image.save()
        row.image_id = row.image.pk
        row.save()
    again = services.load_study(source)
    assert again.classifier == classifier
    assert [row.prediction.image.sha256 for row in choose_stimuli(again)] == first


def test_a_name_with_the_hash_finds_its_image(db, tmp_path):
    factories.images()
    names = [name_of(image) for image in StudyImage.objects.filter(source__in=[*RIGHT, *WRONG])]
    assert len(names) == 6
    assert all("#" in name and source_in(name) in {*RIGHT, *WRONG} for name in names)
    chosen = choose_stimuli(draft(tmp_path, *names))
    assert {row.prediction.image.source for row in chosen} == {*RIGHT, *WRONG}


def test_every_name_that_is_missing_is_told_with_the_line(db, tmp_path):
    said = problems(tmp_path, *RIGHT, "dot 88", "nothing like it", *WRONG)
    assert "no stored image is called 'dot 88': did you mean 'dot 8'?" in said
    assert "no stored image is called 'nothing like it'." in said
    assert said.count("line ") == 2


def test_a_long_list_of_missing_names_is_told_in_short(db, tmp_path):
    said = problems(tmp_path, *(f"no {number}" for number in range(30)))
    assert "… and 20 more names cannot be used." in said


def test_another_image_under_the_name_is_told_with_both_hashes(db, tmp_path):
    said = problems(tmp_path, *RIGHT[:-1], f"{RIGHT[-1]}#{'f' * 12}", *WRONG)
    assert "'dot 11#ffffffffffff' is another image here" in said
    assert f"begins with {11 * 7919:064x}"[:24] in said


def test_two_names_of_one_image_are_told(db, tmp_path):
    digits = f"{8 * 7919:064x}"
    said = problems(tmp_path, *RIGHT, *WRONG, f"dot 8#{digits}")
    assert f"'dot 8' and 'dot 8#{digits}' are the same image" in said


def test_a_name_of_two_images_needs_the_hash(db, tmp_path):
    factories.images()
    StudyImage.objects.filter(source="dot 9").update(source="dot 8")
    said = problems(tmp_path, "dot 8", *RIGHT[2:], *WRONG, right=3)
    assert "'dot 8' is the name of 2 stored images. Add the beginning of the hash" in said
    study = draft(tmp_path, f"dot 8#{9 * 7919:064x}", *RIGHT[2:], *WRONG, right=3)
    assert 9 in [int(row.prediction.image.sha256, 16) // 7919 for row in choose_stimuli(study)]


def test_a_path_that_ends_like_a_hash_is_a_path_if_it_is_stored(db, tmp_path):
    factories.images()
    StudyImage.objects.filter(source="dot 8").update(source="dot#0123456789ab")
    study = draft(tmp_path, "dot#0123456789ab", *RIGHT[1:], *WRONG)
    assert len(choose_stimuli(study)) == 6


def test_too_few_named_images_are_told_before_and_after_the_classifier_has_seen_them(db, tmp_path):
    said = problems(tmp_path, *RIGHT, WRONG[0])
    assert "[images] names lists 5. Name more images, or ask for fewer." in said
    said = problems(tmp_path, *RIGHT, "dot 12", WRONG[0])
    assert "gives 5 right and 1 wrong ones on the 6 images that [images] names lists" in said
    assert "Name more images" in said


@pytest.mark.parametrize(
    ("written", "sentence"),
    [("names = []", "names is empty"), ("names = 3", "names"), ('names = ["a", ""]', "names")],
)
def test_a_list_of_names_that_is_none_is_told(tmp_path, written, sentence):
    text = factories.study_text(tmp_path / "dots.safetensors", images=written)
    with pytest.raises(StudyFileError, match=sentence):
        loading.parse(text)


def test_an_image_that_vanished_since_is_told_when_images_are_chosen(db, tmp_path):
    study = draft(tmp_path, *RIGHT, *WRONG)
    StudyImage.objects.filter(source="dot 9").update(source="moved")
    with pytest.raises(StudyError, match="no stored image is called 'dot 9'"):
        choose_stimuli(study)


def test_the_example_is_a_named_image_if_one_is_left(db, tmp_path):
    study = draft(tmp_path, "dot 20", *RIGHT, *WRONG)
    chosen = {row.prediction.image.source for row in choose_stimuli(study)}
    (left,) = {"dot 20", *RIGHT} - chosen
    assert example_candidate(study).image.source == left


def test_otherwise_it_is_another_image_of_the_set(db, tmp_path):
    study = draft(tmp_path, *RIGHT, *WRONG)
    choose_stimuli(study)
    assert example_candidate(study).image.source == "dot 12"


def test_the_names_are_frozen_once_people_take_part(db, tmp_path):
    study = draft(tmp_path, *RIGHT, *WRONG)
    choose_stimuli(study)
    services.open_study(study=study)
    services.enrol(study=study, arrival_key="a")
    with pytest.raises(StudyError, match="images"):
        services.load_study(study.source.replace('"dot 8"', '"dot 12"'))
