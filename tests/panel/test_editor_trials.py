"""The editor's forms of pictures per person, of times, of feedback and of the bonus."""

import tomllib

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import translation

from explanations import catalogue
from studyplatform.panel import study_texts
from studyplatform.panel.editor.sections import arms, bonus, feedback, pace, sets
from studyplatform.panel.editor.views import SectionForm
from studyplatform.panel.toml_edits import EditError, read
from surveys import services
from surveys.study_checks import loading
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories

PRACTICE_AND_PICTURES = """[[parts]]
kind = "instructions"

[[parts]]
kind = "practice"

[[parts]]
kind = "trials"
right = 8
wrong = 4  # a third of the answers

[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""


@pytest.fixture
def short(db, tmp_path):
    """The text of a draft of the short form, without a list of pages."""
    return factories.draft_study(tmp_path).source


@pytest.fixture
def source(short):
    """The text of a draft with practice (part 1) and pictures (part 2)."""
    text = short.replace("right = 3\nwrong = 2\n", "")
    before, _, after = text.partition("[questionnaires]")
    return f"{before}{PRACTICE_AND_PICTURES}\n[allocation]{after.partition('[allocation]')[2]}"


def written(section, source, **changed):
    """The file after a form was sent in which these fields were changed."""
    values = read(source)
    form = SectionForm(section, values)
    sent = {entry.name: form[entry.name].initial for entry in form.entries}
    names = {name.replace("__", "."): value for name, value in changed.items()}
    assert names.keys() <= sent.keys(), sorted(sent)
    return section.write(source, values, sent | names, form.entries)


def new_lines(before, after):
    old = before.splitlines()
    assert [line for line in old if line not in after.splitlines()] == []
    return [line for line in after.splitlines() if line not in old]


def test_each_persons_pictures_are_drawn_from_pools(source):
    text = written(sets.SECTION, source, parts__2__right_pool=400, parts__2__wrong_pool=200)
    assert new_lines(source, text) == ["right_pool = 400", "wrong_pool = 200"]
    assert sets.SECTION.note(read(source)) == ""
    # 8 of 400 and 4 of 200 both come round after 50 people (docs/studies.md).
    assert "after every 50 people" in sets.SECTION.note(read(text))
    declared = loading.parse(text)
    assert declared.pool_of(declared.trial_parts[1]) == (400, 200)


def test_the_bands_and_the_balance_of_pictures_are_chosen(source):
    text = written(
        sets.SECTION, source, images__balance="none", images__confidence_bands=3,
        images__sets=2,
    )  # fmt: skip
    images = loading.parse(text).images
    assert (images.balance, images.confidence_bands, images.sets) == ("none", 3, 2)
    assert written(sets.SECTION, text, images__sets=None, images__balance="classes",
                   images__confidence_bands=1).count("sets =") == 0  # fmt: skip


@pytest.mark.parametrize(
    ("section", "field", "key"),
    [
        (sets.SECTION, "right_pool", "right_pool"),
        (pace.SECTION, "break_every", "break_every"),
    ],
)
def test_what_the_short_form_lacks_is_written_into_its_list_of_pages(short, section, field, key):
    values = tomllib.loads(written(section, short, **{f"new__trials__{field}": 5}))
    (pictures,) = [part for part in values["parts"] if part["kind"] == "trials"]
    assert pictures == {"kind": "trials", "right": 3, "wrong": 2, key: 5}


def test_times_and_order_are_set_by_their_form(source):
    text = written(
        pace.SECTION, source, parts__2__first_right=2, parts__2__break_every=6,
        parts__2__minimum_seconds=3, parts__2__limit_seconds=30, parts__2__limit_extensions=2,
        parts__1__minimum_seconds=1,
    )  # fmt: skip
    practice, pictures = loading.parse(text).trial_parts
    assert practice.minimum_seconds == 1
    assert (pictures.first_right, pictures.break_every) == (2, 6)
    assert (pictures.minimum_seconds, pictures.limit_seconds) == (3, 30)
    assert pictures.limit_extensions == 2
    assert "wrong = 4  # a third of the answers" in text


def test_a_limit_by_ones_own_pace_has_both_bounds_and_is_not_offered_in_practice(source):
    text = written(
        pace.SECTION, source, parts__2__limit_of_pace=1.5, parts__2__limit_least=5,
        parts__2__limit_most=30,
    )  # fmt: skip
    assert new_lines(source, text) == ["limit_of_pace = 1.5", "limit_least = 5", "limit_most = 30"]
    assert loading.parse(text).trial_parts[1].limit_of_pace == 1.5
    assert "parts.1.limit_of_pace" not in SectionForm(pace.SECTION, read(source)).fields


@pytest.mark.parametrize(
    ("chosen", "lines"),
    [
        ({"feedback": "each"}, ["feedback = true"]),
        ({"feedback": "first", "feedback_first": 3}, ["feedback = true", "feedback_first = 3"]),
        ({"feedback": "every", "feedback_every": 2, "feedback_first": 7},
         ["feedback = true", "feedback_every = 2"]),
        ({"feedback": "never", "feedback_every": 2}, []),
        ({"feedback_score": True}, ["feedback_score = true"]),
    ],
)  # fmt: skip
def test_a_schedule_of_feedback_is_one_choice_with_its_number(source, chosen, lines):
    changed = {f"parts__2__{key}": value for key, value in chosen.items()}
    text = written(feedback.SECTION, source, **changed)
    assert new_lines(source, text) == lines
    loading.parse(text)


def test_a_schedule_is_changed_and_taken_back(source):
    at = "parts__2__feedback"
    first = written(feedback.SECTION, source, **{at: "first", f"{at}_first": 3})
    every = written(feedback.SECTION, first, **{at: "every", f"{at}_every": 4})
    part = tomllib.loads(every)["parts"][2]
    assert (part["feedback"], part["feedback_every"]) == (True, 4)
    assert "feedback_first" not in part
    assert written(feedback.SECTION, every, **{f"{at}_every": 5}).count("feedback_every = 5") == 1
    assert written(feedback.SECTION, every, **{at: "never"}) == source


def test_practice_has_feedback_unless_it_is_turned_off(source):
    form = SectionForm(feedback.SECTION, read(source))
    assert form["parts.1.feedback"].initial == "each"
    assert form["parts.2.feedback"].initial == "never"
    text = written(feedback.SECTION, source, parts__1__feedback="never")
    assert new_lines(source, text) == ["feedback = false"]
    assert written(feedback.SECTION, text, parts__1__feedback="each") == source


def test_a_schedule_without_its_number_is_refused(source):
    with pytest.raises(EditError, match="Page 3: Images: say after how many images"):
        written(feedback.SECTION, source, parts__2__feedback="every")


def test_a_score_is_not_offered_where_no_answer_is_right(source):
    preferring = source.replace("right = 8", 'task = "preference"\nright = 8')
    assert "parts.2.feedback_score" in SectionForm(feedback.SECTION, read(source)).fields
    form = SectionForm(feedback.SECTION, read(preferring))
    assert "parts.2.feedback_score" not in form.fields


def test_a_bonus_for_right_decisions_is_declared_told_and_taken_back(source):
    text = written(bonus.SECTION, source, bonus__rule="accuracy", bonus__per_right=0.05,
                   bonus__maximum=1.0, bonus__currency="EUR")  # fmt: skip
    assert tomllib.loads(text)["bonus"] == {
        "rule": "accuracy", "per_right": 0.05, "maximum": 1.0, "currency": "EUR",
    }  # fmt: skip
    assert loading.parse(text).bonus.per_right == 0.05
    told = bonus.SECTION.note(read(text)).replace("\N{NO-BREAK SPACE}", " ")
    assert "0.05 EUR for each right decision, 1.00 EUR at most" in told
    assert written(bonus.SECTION, text, bonus__rule="").strip() == source.strip()
    assert written(bonus.SECTION, source, bonus__maximum=5.0) == source, "without a rule"


def test_a_bonus_by_calibration_asks_for_the_probability(source, short):
    text = written(bonus.SECTION, source, bonus__rule="calibration", bonus__maximum=2.0,
                   bonus__currency="GBP", bonus__per_right=0.5)  # fmt: skip
    assert "per_right" not in text
    practice, pictures = loading.parse(text).trial_parts
    assert (practice.advice_confidence, pictures.advice_confidence) == ("none", "slider")
    # Chosen already, so that a way to ask that was changed later stays.
    later = text.replace('advice_confidence = "slider"', 'advice_confidence = "points"')
    assert 'advice_confidence = "points"' in written(bonus.SECTION, later, bonus__maximum=3.0)
    (pictures,) = loading.parse(
        written(bonus.SECTION, short, bonus__rule="calibration", bonus__maximum=2.0,
                bonus__currency="GBP")
    ).trial_parts  # fmt: skip
    assert pictures.advice_confidence == "slider"


def test_the_pictures_that_count_are_chosen_where_there_are_several_runs(source):
    assert "bonus.parts" not in SectionForm(bonus.SECTION, read(source)).fields
    several = source.replace(
        "[allocation]", '[[parts]]\nkind = "trials"\nkey = "later"\nright = 1\nwrong = 1\n'
        "[allocation]",
    )  # fmt: skip
    text = written(bonus.SECTION, several, bonus__rule="calibration", bonus__maximum=2.0,
                   bonus__currency="EUR", bonus__parts=["later"])  # fmt: skip
    declared = loading.parse(text)
    assert [part.key for part in declared.parts_with_bonus] == ["later"]
    assert [part.advice_confidence for part in declared.trial_parts] == ["none", "none", "slider"]


def test_a_mistake_in_a_schedule_or_a_bonus_stands_at_its_field(source, signed_in):
    study = services.load_study(source)
    add_member(study, "owner", **SWITCHES["owner"])
    owner = User.objects.get(username="owner")
    text = study_texts.text_of(study, owner)
    wrong = source.replace("wrong = 4", "wrong = 4\nfeedback = true\nfeedback_every = 99").replace(
        "[allocation]", '[bonus]\nrule = "accuracy"\nmaximum = -1\n[allocation]'
    )
    study_texts.save(text, wrong, after=1, user=owner)
    for section, field in (("feedback", "parts.2.feedback_every"), ("bonus", "bonus.maximum")):
        page = signed_in("owner").get(reverse("panel:edit-section", args=[text.pk, section]))
        assert field in page.context["form"].mistakes
        assert f'id="id_{field}_error"' in page.content.decode()


def test_names_of_methods_and_their_choices_are_in_the_readers_language(source):
    values = read(
        source.replace('method = "lime"', 'method = "lime"\ndrawing = "heat"')
        + '[[arms]]\nkey = "ig"\nlabel = "IG"\nmethod = "integrated_gradients"\n'
    )
    with translation.override("de"):
        form = SectionForm(arms.SECTION, values)
        words = {str(word) for field in form.fields.values() for _, word in getattr(
            field, "choices", ())}  # fmt: skip
    labels = {method.label for method in catalogue.METHODS}
    names = {"Grad-CAM", "Grad-CAM++", "SHAP", "LIME", "LRP", "SmoothGrad", "GradientSHAP"}
    assert words & labels - names == {"Integrated Gradients"}
    assert not {word for word in words if word.startswith("from ")}
    assert "Wärmekarte" in words
