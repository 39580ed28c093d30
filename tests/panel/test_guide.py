"""The guide writes study files that pass every check."""

from dataclasses import replace
from itertools import cycle, product

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from explanations.models import Prediction, StudyImage
from explanations.pipeline.weights_registry import register_classifier, weights_file
from studyplatform.models import StudyText
from studyplatform.panel import guide
from studyplatform.panel.guide_views import LANGUAGES, GuideForm, _described
from studyplatform.panel.questionnaire_cards import MEASURED, questionnaire_cards
from studyplatform.panel.short_names import free_short_name
from studyplatform.panel.text_checks import unfinished_texts
from surveys import questionnaires
from surveys.models import Study
from surveys.study_checks import loading
from surveys.study_checks.images_and_weights import shortage
from tests.daily import daily
from tests.surveys.factories import scenes
from tests.test_straight_line import STUDY

EVERY = (
    [code for code, _ in LANGUAGES],
    *([key for key, _ in GuideForm.base_fields[name].choices]
      for name in ("question", "design", "task", "recruitment")),
)  # fmt: skip


CLASSES = ("boat", "car", "cup", "fish", "flower", "house", "rocket", "tree", "truck", "umbrella")
SCENES = guide.Source("scenes", "test", "weights/scenes.safetensors", CLASSES, images=60, wrong=9,
                      is_estimated=True)  # fmt: skip
OWN = guide.Source("scenes", "test", "weights/scenes.safetensors", CLASSES, own=True)


@pytest.fixture
def source(db) -> guide.Source:
    scenes(60)
    assert [one for one in guide.sources() if one.images] == [SCENES]
    return SCENES


@pytest.fixture
def answers() -> guide.Answers:
    return guide.Answers(
        slug="guided", title='Judging "pictures"', seed=5, language="en", question="reliance",
        design="between", methods=("none", "gradcam", "placebo"), task="decide", checks=True,
        source=SCENES, right=3, wrong=2, before=("demographics-v2",), after=("comments-v2",),
        places=120, recruitment="open", data_months=120,
    )  # fmt: skip


@pytest.fixture
def researcher(db) -> Client:
    browser = Client()
    browser.force_login(User.objects.create_user("anna", password="a phrase of Anna's"))
    return browser


def sent(source, **changed):
    return {
        "title": "Judging pictures", "slug": "guided", "language": "en", "question": "trust",
        "design": "between", "methods": ["none", "gradcam"], "task": "decide", "checks": "on",
        "source": source.key, "right": 3, "wrong": 2, "before": ["demographics-v2"],
        "after": ["comments-v2"], "places": 120, "recruitment": "open",
        "data_months": 18,
    } | changed  # fmt: skip


def test_every_combination_of_answers_passes_every_check(answers):
    """The language and the recruitment change neither parts nor plan, so they go along in turn."""
    languages, questions, designs, tasks, ways = EVERY
    others = zip(cycle(languages), cycle(ways), strict=False)
    for (question, design, task), (language, recruitment) in zip(
        product(questions, designs, tasks), others, strict=False
    ):
        chosen = replace(
            answers, language=language, question=question, design=design, task=task,
            recruitment=recruitment, checks=task != "classify",
        )  # fmt: skip
        declared = loading.parse(guide.study_file(chosen))
        assert declared.title == 'Judging "pictures"'
        assert declared.question == guide.QUESTIONS[question]
        assert len(declared.conditions) == 3
        assert declared.allocation.places == 120
        assert declared.recruitment.kind == recruitment
        assert list(unfinished_texts(declared)), "the lab's name is the lab's to fill in"
        assert "{" not in declared.consent.text + declared.debrief.text


def test_the_question_becomes_the_primary_outcome(answers):
    def primary(**changed):
        plan = loading.parse(guide.study_file(replace(answers, **changed))).analysis
        return [one["key"] for one in plan["outcomes"] if one["family"] == "primary"]

    assert primary() == ["agreed_wrong"]
    assert primary(question="trust") == ["trust"]
    assert primary(question="trust", design="within") == ["state_trust"]
    assert primary(question="understanding") == ["understanding"]
    simulated = primary(question="understanding", task="forward_simulation")
    assert simulated == ["decision_correct_wrong"]


def test_the_consent_says_how_many_pictures_people_see(answers):
    assert "look at 5 pictures" in guide.study_file(answers)
    within = replace(answers, design="within")
    assert "look at 15 pictures" in guide.study_file(within)
    assert "We store the number under which" not in guide.study_file(answers)
    assert "We store the number under which" in guide.study_file(
        replace(answers, recruitment="prolific")
    )


def test_the_consent_says_how_long_data_are_kept_as_the_file_does(answers):
    def declared(**changed):
        study = loading.parse(guide.study_file(replace(answers, **changed)))
        kept = study.retention
        return study.consent.text, (kept.identifiers_months, kept.data_months)

    text, kept = declared()
    assert "We delete the data stored here 10 years after the collection has ended." in text
    assert kept == (0, 120)
    text, kept = declared(recruitment="sona", data_months=18)
    assert "and delete it 3 months after the collection has ended." in text
    assert "stored here 18 months after" in text
    assert kept == (3, 18)
    text, kept = declared(recruitment="lab", data_months=1, language="de")
    assert "und löschen sie 1 Monat nach dem Ende" in text
    assert kept == (1, 1)


def test_the_answers_become_a_file_and_the_file_a_study(researcher, source):
    response = researcher.post(reverse("panel:guide"), sent(source))
    text = StudyText.objects.get()
    assert response["Location"] == reverse("panel:edit-section", args=[text.pk, "texts"])
    page = researcher.get(response["Location"])
    assert page.context["problems"] == []
    assert page.context["gaps"]
    version = text.versions.get()
    use = {"source": version.source, "after": 1, "act": "use"}
    editor = reverse("panel:study-text", args=[text.pk])
    assert researcher.post(editor, use).status_code == 302
    study = Study.objects.get(slug="guided")
    assert study.members.get().owner
    assert [arm.key for arm in study.arms.all()] == ["none", "gradcam"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"methods": ["gradcam"]}, "Choose at least two"),
        ({"right": 90, "wrong": 90}, "takes 183 images"),
        ({"title": ""}, "This field is required."),
        ({"recruitment": "pigeons"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_written_is_said(researcher, source, changed, sentence):
    response = researcher.post(reverse("panel:guide"), sent(source, **changed))
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert not StudyText.objects.exists()


def test_a_short_name_of_another_study_is_refused(researcher, source, study):
    response = researcher.post(reverse("panel:guide"), sent(source, slug=study.slug))
    assert "This short name belongs to another study." in response.content.decode()


def test_without_stored_pictures_the_guide_offers_drawn_scenes_and_own_pictures(researcher):
    """A fresh installation has the classifiers, but no image yet."""
    page = researcher.get(reverse("panel:guide")).content.decode()
    assert "The drawn scenes that come with the platform" in page
    assert "My own images, which I upload after the study is created" in page
    assert "If it errs as often on yours, 8 right and 4 wrong" in page
    drawn = replace(SCENES, images=0, wrong=None, is_estimated=False)
    assert guide.sources()[0] == drawn
    assert [one.weights for one in guide.sources() if one.own] == [
        "weights/cifar10.safetensors", "weights/cifar10-base.safetensors",
        "weights/scenes-128.safetensors", "weights/scenes.safetensors",
    ]  # fmt: skip
    large = [one for one in guide.sources() if one.image_set == "scenes-128" and not one.own]
    assert [one.weights for one in large] == ["weights/scenes-128.safetensors"]


def test_scenes_that_are_stored_are_not_offered_to_be_drawn(source):
    assert replace(SCENES, images=0) not in guide.sources()


@pytest.mark.nightly
@pytest.mark.parametrize("key", daily([replace(SCENES, images=0).key, OWN.key,
                                 "own/cifar10/test/weights/cifar10.safetensors"], 1))  # fmt: skip
def test_a_study_is_created_before_its_pictures_are_there_and_the_message_leads_to_them(
    researcher, key
):
    sent_source = next(one for one in guide.sources() if one.key == key)
    editor = researcher.post(reverse("panel:guide"), sent(sent_source))["Location"]
    page = researcher.get(editor)
    assert ("You upload your images once" in page.content.decode()) == sent_source.own
    assert page.context["problems"] == []
    form = page.context["form"]
    fields = {name: form[name].initial for name in form.fields}
    created = researcher.post(editor, {**fields, "base": 1, "after": 1, "act": "use"}, follow=True)
    study = Study.objects.get(slug="guided")
    assert "The study is created." in created.content.decode()
    images = reverse("panel:images", args=[study.slug])
    next_page = reverse("panel:upload-images", args=[study.slug]) if sent_source.own else images
    assert f'<a href="{next_page}">Next: upload your images' in created.content.decode()
    assert "Upload images" in researcher.get(images).content.decode()
    pages = ("study", "explanations", "choose-images", "plan", "launch", "pilot", "data")
    for name in pages:
        page = researcher.get(reverse(f"panel:{name}", args=[study.slug]), follow=True)
        assert page.status_code == 200, name
    assert ("until your own" in study.source.lower()) == sent_source.own


def test_own_pictures_are_as_many_as_hold_enough_errors():
    # 5 wrong ones, of which 2 in 10 and 1 in 8 are wrong; a classifier without errors has no number
    wanted = [replace(OWN, accuracy=share).images_wanted for share in (0.8, 0.875, 1.0, 0.0)]
    assert wanted == [25, 40, None, None]


def test_maps_of_own_pictures_that_are_not_uploaded_are_refused_with_the_way_to_upload(source):
    declared = loading.parse_for_installation(
        STUDY.format(slug="own", seed=5)
        .replace('set = "scenes"', 'set = "cifar10"')
        .replace("weights/scenes", "weights/cifar10"),
        images_later=True,
    )
    assert "Upload images on the study's page Images" in str(shortage(declared, 0, 0))


def test_without_a_classifier_the_guide_says_what_is_lacking(researcher, settings, tmp_path):
    settings.WEIGHTS_DIR = tmp_path
    page = researcher.get(reverse("panel:guide")).content.decode()
    assert "There is no classifier yet" in page
    assert reverse("panel:new-study") in page


@pytest.mark.parametrize(
    ("title", "name"),
    daily([("My Study!", "my-study"), ("Größe & Übung", "groesse-uebung"), ("2027", "study-2027"),
     ("研究", "study")], 2),
)  # fmt: skip
def test_an_empty_short_name_is_made_of_the_title(researcher, source, title, name):
    researcher.post(reverse("panel:guide"), sent(source, title=title, slug=""))
    declared = loading.parse(StudyText.objects.get().versions.get().source)
    assert declared.slug == name


def test_a_short_name_made_of_the_title_is_not_in_use(source, study):
    assert free_short_name(study.slug) == f"{study.slug}-2"


def test_a_refused_short_name_is_explained_with_one_that_is_possible(researcher, source):
    response = researcher.post(reverse("panel:guide"), sent(source, slug="My Study!"))
    page = response.content.decode()
    assert "Begin with a small letter" in page
    assert "such as my-study," in page
    assert "slug" not in response.context["form"].errors["slug"][0]


@pytest.mark.parametrize(
    ("images", "wrong", "numbers"),
    [(60, None, (8, 4)), (60, 9, (8, 4)), (60, 4, (6, 3)), (60, 0, (2, 1)), (9, 5, (2, 4))],
)
def test_the_guide_begins_with_numbers_that_the_images_have(images, wrong, numbers):
    assert guide.usual_numbers(replace(SCENES, images=images, wrong=wrong)) == numbers


@pytest.mark.parametrize(("wrong", "is_enough"), [(5, True), (4, False)])
def test_the_errors_of_the_classifier_are_told_with_each_set(source, wrong, is_enough):
    weights = next(one for one in guide._weight_files() if one.name == source.weights)
    assert "wrong on about 9 of them." in _described(source)
    classifier = register_classifier(weights_file(source.weights))
    images = StudyImage.objects.filter(image_set__name="scenes", split="test")
    for number, image in enumerate(images):
        Prediction.objects.create(
            image=image, classifier=classifier, predicted_class="boat", probability=0.9,
            probabilities=[0.1] * 10, is_correct=number >= wrong,
        )  # fmt: skip
    seen = guide._with_errors(replace(source, wrong=None, is_estimated=False), weights)
    assert (seen.wrong, seen.is_estimated) == (wrong, False)
    assert f"wrong on {wrong} of them." in _described(seen)
    assert ("too few for the usual numbers" in _described(seen)) is not is_enough


def test_questionnaires_with_similar_names_say_what_they_measure(source, researcher):
    shown = researcher.get(reverse("panel:guide")).content.decode()
    assert "Your trust in the classifier: trust in this classifier," in shown
    assert "At this moment: trust at this moment, short enough for every block," in shown


def test_every_shipped_questionnaire_says_what_it_measures():
    assert {card.key.rpartition("-v")[0] for card in questionnaire_cards()} >= MEASURED.keys()
    shipped = {key.rpartition("-v")[0] for key in questionnaires.ids()}
    assert MEASURED.keys() <= shipped


def test_people_read_the_names_of_the_maps_in_the_language_of_the_texts(answers):
    debrief = loading.parse(guide.study_file(replace(answers, language="de"))).debrief.text
    assert "Placebo-Karte" in debrief
    assert "Placebo map" not in debrief


def test_the_guide_begins_with_the_language_of_the_reader(researcher):
    page = researcher.get(reverse("panel:guide"), headers={"Accept-Language": "de"})
    assert page.context["form"]["language"].initial == "de"
