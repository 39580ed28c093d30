"""Study files as people write them: refused with all mistakes, their lines and their cures."""

import pytest
from django.conf import settings

from explanations.models import ImageSet
from explanations.pipeline.weights_registry import register_classifier
from surveys import services
from surveys.models import Study
from surveys.study_checks.text import read_text
from surveys.study_file.declaration import StudyFileError
from tests.conftest import ROOT
from tests.surveys import shipped

FOLDER = ROOT / "tests" / "surveys" / "broken_studies"
LOST = "Save it as UTF-8: in an editor, by “Save as” and the encoding UTF-8."
NO_TOML = "it is not a TOML file: Invalid value."
PLAIN = 'Write texts in "quotes", lists in [ ], and whole numbers, true and false without quotes.'
TWICE = (
    "it is not a TOML file: Cannot overwrite a value. The same key is written twice. Remove one "
    "of the two."
)
MORE = "Import more images (manage.py import_images --data scenes --split test, with a larger"
EXPECTED = {
    "a_human_alone_who_accepts": (
        "line 22: the arm 'none' shows no prediction, and the task 'decide' of the part 'trials'",
        "line 23: arm 'none' shows no prediction. Remove probability.",
        "line 28: arm 'heat' shows a map of a prediction that it hides. Remove the method, or",
        "line 29: the arm 'heat' shows no prediction, and the task 'decide' of the part 'trials'",
    ),
    "a_key_twice": (f"line 4: {TWICE}", f"line 35: {TWICE}"),
    "a_plan_of_other_data": (
        "line 51: [analysis]: outcome 'trust': the scale 'happiness' is not in codebook.csv, which",
        "line 57: [analysis]: outcome 'agreement': 'agreement' is not a column of trials.csv. Name",
        "line 63: [analysis]: exclusion 'inattentive': 'attention_failed' is not a column of",
    ),
    "amounts_that_do_not_fit": (
        "line 22: arm 'none' chooses samples, and it shows no map. Remove samples, or take the",
        "line 28: arm 'heat' chooses tolerance, and the method 'gradcam' has none. Remove",
        "line 34: arm 'ig' chooses samples, and the method 'integrated_gradients' has none.",
        "line 35: arm 'ig': steps is 2, but must be from 5 to 1000. The default is 50.",
        "line 41: arm 'few': samples is 5, but must be from 50 to 20000. The default is 1000.",
        "line 47: 'samples' in arm 'text' is 'many'. It must be a whole number.",
        "line 53: arm 'wide': tolerance is 1.5, but must be from 0.01 to 0.9, with at most three",
        "line 59: 'samples' in arm 'yes' is true. It must be a whole number.",
        "line 64: arm 'one-word': unknown method 'lime_samples_200'. Write method = 'lime', and",
    ),
    "baselines_that_do_not_fit": (
        "line 22: arm 'none' chooses a baseline, and it shows no map. Remove baseline, or take the "
        "method integrated_gradients.",
        "line 28: arm 'heat' chooses a baseline, and the method 'gradcam' has none. Remove",
        "line 34: arm 'blur': unknown baseline 'blured': did you mean 'blurred'?",
        "line 40: arm 'both': unknown baseline 'black+white': did you mean 'white'?",
        "line 46: 'baseline' in arm 'number' is 0. It must be text in quotes.",
        "line 51: arm 'one-word': unknown method 'integrated_gradients_mean'. Write method = "
        "'integrated_gradients' and baseline = 'mean'.",
        "line 56: arm 'twice': unknown method 'integrated_gradient': did you mean",
        "line 57: arm 'twice': unknown baseline 'gray': did you mean 'grey'?",
    ),
    "circular_order": (
        "line 28: the parts wait for each other: instructions after trust-v1 after trials after "
        "instructions. Remove one 'after'.",
    ),
    "doubled_arms": (
        "line 24: two arms have the key 'none'. Rename one.",
        "line 25: two arms have the label 'No map'. Rename one.",
    ),
    "everything_missing": (
        "'title' is missing. Add it, as text in quotes.",
        "'seed' is missing. Add it, as a whole number.",
        "'consent' is missing. Add it, as a table.",
        "'debrief' is missing. Add it, as a table.",
        "'images' is missing. Add it, as a table.",
        "'classifier' is missing. Add it, as a table.",
        "'analysis' is missing. Add it, as a table.",
        "'arms' is missing. Add it, as tables written [[arms]].",
    ),
    "factors_that_do_not_fit": (
        "line 22: the factor 'arm' becomes a column of the data, which already have a column "
        "'arm'. Rename the factor, for example 'arm_factor', in all conditions.",
        "line 28: 'colour' in factors of [[conditions]] 'heat' is 3. It must be text in quotes.",
        "line 31: within names the factor 'shape', which no condition has. Known: arm, condition,",
        "line 31: the factor 'arm' needs a level in all conditions. Add one to heat.",
        "line 31: the factor 'size' needs a level in all conditions. Add one to heat.",
    ),
    "image_set_too_small": (
        "line 13: the study shows 60 right and 6 wrong predictions, which takes 66 images. Of "
        f"'scenes', split 'test', 60 are stored. {MORE}",
    ),
    "images_of_its_own_per_arm": (
        "line 15: per_arm is no longer supported: where each arm shows images of its own, a",
        "line 46: [analysis]: control 'nobody' is not among the arms none, heat. Name one.",
    ),
    "impossible_quotas": (
        "line 35: first_right is 3, but only 2 predictions are right. Lower it, or raise right.",
        "line 36: 2 attention checks do not fit among 2 trials. Lower it.",
        "line 43: 'block_multiples' in [allocation] contains 0. It must be from 1 to 20.",
        "line 44: 'places' in [allocation] is 1. It must be at least 2.",
    ),
    "latin_1": (
        f"line 7: the file is not UTF-8. This may have been “ö”. {LOST}",
        "line 31: 'right' in [[parts]] 'trials' is missing. Add it, as a whole number.",
        "line 33: unknown key 'rigth' in [[parts]] 'trials': did you mean 'right'?",
    ),
    "names_that_cannot_be_names": (
        "line 1: the slug 'My study' must start with a small letter and hold only small letters,",
        "line 6: 'version' in [consent] is 41 characters long. At most 40 fit: shorten it.",
        "line 20: the key 'No map' must start with a small letter and hold only small letters,",
        "line 45: [analysis]: control 'none' is not among the arms No map, heat. Name one.",
    ),
    "nothing_at_this_place": (
        "'seed' is missing. Add it, as a whole number.",
        "line 13: the study shows images of 'dots', split 'test', but none are stored. Import "
        "them: manage.py import_images --data dots --split test",
        "line 17: The weight file",
    ),
    "one_arm": (
        "line 42: [analysis]: outcome 'trust': the analysis 'one_way' compares arms, but the plan "
        "has one. Use one of repeated, paired, factorial_within, logistic_trials, linear_trials, "
        "ordinal_trials, likelihood_ratio, permutation_within, paired_preferences, which compare "
        "times, conditions or maps within participants.",
    ),
    "order_after_nothing": (
        "line 35: after names 'introduction': did you mean 'instructions'?",
        "line 40: after names 'trails': did you mean 'trials'?",
    ),
    "quotes_never_closed": (
        "line 10: it is not a TOML file: Unterminated string, and the file ends. Close the last "
        'quotes: """ around a long text, " around a short one.',
    ),
    "too_few_wrong_predictions": (
        "line 13: the study shows 20 right and 25 wrong predictions. Its classifier gives 40 right "
        f"and 20 wrong ones on the stored images of 'scenes', split 'test'. {MORE}",
    ),
    "typos_in_keys": (
        "'title' is missing. Add it, as text in quotes.",
        "'debrief' is missing. Add it, as a table.",
        "line 2: unknown key 'tilte': did you mean 'title'?",
        "line 9: unknown key 'debrieff': did you mean 'debrief'?",
        "line 31: 'right' in [[parts]] 'trials' is missing. Add it, as a whole number.",
        "line 33: unknown key 'rigth' in [[parts]] 'trials': did you mean 'right'?",
        "line 42: unknown key 'place' in [allocation]: did you mean 'places'?",
    ),
    "unknown_arms_in_the_plan": (
        "line 45: [analysis]: control 'nobody' is not among the arms none, heat. Name one.",
        "line 46: [analysis]: ai_only 'heet' is not among the arms none, heat. Name one.",
        "line 51: [analysis]: contrast 'c': 'colour' is not among the arms none, heat. Name",
    ),
    "unknown_methods": (
        "line 22: arm 'none': unknown method 'attention'. Known: gradcam, saliency,",
        "line 27: arm 'heat': unknown method 'gradcan': did you mean 'gradcam'?",
    ),
    "unknown_questionnaires": (
        "line 29: 'kind' in [[parts]] is 'questionaire': did you mean 'questionnaire'?",
        "line 42: unknown questionnaire 'trust-v9': did you mean 'trust-v1'?",
        "line 44: the file has both [questionnaires] and [[parts]]. Declare each questionnaire as",
        "line 58: [analysis]: outcome 'trust': the scale 'trust' is not in codebook.csv, which has",
    ),
    "unknown_tasks": (
        "line 35: 'task' in [[parts]] 'trials' is 'judging'. Known: decide, classify,",
        "line 36: 'confidence' in [[parts]] 'trials' is 'stars'. Known: points, slider, none.",
        "line 38: limit_seconds is 5, not above minimum_seconds, which is 10. Raise it, or set it",
    ),
    "utf_16": (
        f"the file is written in UTF-16. {LOST}",
        "line 3: 'seed' is -7. It must be from 0 to 9223372036854775807.",
    ),
    "words_without_quotes": (
        f"line 2: {NO_TOML} {PLAIN}",
        f"line 3: {NO_TOML} {PLAIN}",
        f'line 10: {NO_TOML} Type straight quotes: "…".',
        "line 26: arm 'heat': unknown method 'gradcan': did you mean 'gradcam'?",
    ),
    "wrong_types": (
        "line 2: 'title' is 5. It must be text in quotes.",
        "line 3: 'seed' is '7'. It must be a whole number.",
        "line 33: 'right' in [[parts]] 'trials' is 4.5. It must be a whole number.",
        "line 34: 'wrong' in [[parts]] 'trials' is 'two'. It must be a whole number.",
        "line 41: 'block_multiples' in [allocation] is 2. It must be a list in [ ], of whole",
    ),
}
"""How every sentence begins, in order: none is left out, and none is said beside these."""


@pytest.fixture
def scenes(db):
    """60 images, of which the shipped classifier gets 40 right and 20 wrong."""
    classifier = register_classifier(settings.BASE_DIR / "weights" / "scenes.safetensors")
    image_set = ImageSet.objects.create(name="scenes", class_names=classifier.class_names)
    shipped.fill(image_set, "test")
    shipped.predict(image_set, classifier)


def test_a_broken_study_is_refused_with_every_mistake_its_line_and_its_cure(scenes, subtests):
    for name, expected in EXPECTED.items():
        with subtests.test(name):
            with pytest.raises(StudyFileError) as refused:
                services.load_study(read_text(FOLDER / f"{name}.toml"))
            found = refused.value.problems
            assert len(found) == len(expected), found
            for said, begins in zip(found, expected, strict=True):
                assert said.startswith(begins), said
            assert not Study.objects.exists()


def test_every_broken_study_has_its_row():
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(EXPECTED)
    assert len(EXPECTED) >= 20


def test_without_its_mistakes_the_same_file_is_loaded(scenes):
    text = read_text(FOLDER / "typos_in_keys.toml")
    for wrong, right in (
        ("tilte", "title"),
        ("debrieff", "debrief"),
        ("rigth", "right"),
        ("place =", "places ="),
    ):
        text = text.replace(wrong, right)
    assert services.load_study(text).title == "A study with mistakes"
