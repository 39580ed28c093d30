"""The guide writes study files that pass every check."""

from dataclasses import replace
from itertools import cycle, product

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from studyplatform.models import StudyText
from studyplatform.panel import guide
from studyplatform.panel.guide_views import LANGUAGES, GuideForm
from studyplatform.panel.launch import unfinished_texts
from surveys.models import Study
from surveys.study_checks import loading

EVERY = (
    [code for code, _ in LANGUAGES],
    *([key for key, _ in GuideForm.base_fields[name].choices]
      for name in ("question", "design", "task", "recruitment")),
)  # fmt: skip


SCENES = guide.Source("scenes", "test", "weights/scenes.safetensors", classes=10, images=60)


@pytest.fixture
def source(db) -> guide.Source:
    call_command("import_images", data="scenes", split="test", limit=60, verbosity=0)
    assert guide.sources() == [SCENES]
    return SCENES


@pytest.fixture
def answers() -> guide.Answers:
    return guide.Answers(
        slug="guided", title='Judging "pictures"', seed=5, language="en", question="reliance",
        design="between", methods=("none", "gradcam", "placebo"), task="decide", checks=True,
        source=SCENES, right=3, wrong=2, before=("demographics-v2",), after=("comments-v2",),
        places=120, recruitment="open",
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


def test_an_installation_without_pictures_says_so(researcher):
    assert "There are no pictures yet" in researcher.get(reverse("panel:guide")).content.decode()
