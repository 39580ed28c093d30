"""What a browser sends, and what the form makes of it and shows."""

from dataclasses import replace

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation

from surveys import questionnaires, services
from surveys.models import Submission
from surveys.pages import forms, item_order, sequence
from surveys.pages.form_fields import Question
from surveys.pages.forms import ItemsForm
from surveys.questionnaires.base import Item, Range, Scale
from tests.surveys.factories import walk

SLIDER = Item("far", "How far?", kind="slider", scale=Scale(0, 100, {0: "a", 100: "b"}, 5))
NUMBER = Item("many", "How many?", kind="number", range=Range(0, 24, 1))
WHOLE = Item("whole", "How many?", kind="number", range=Range(1, 9))
SEVERAL = Item(
    "which",
    "Which?",
    kind="multiple",
    options={"a": "A", "b": "B", "none": "Nothing"},
    exclusive=("none",),
)
WORD = Item("word", "In a word?", kind="short_text", maximum_length=5)
POINT = Item("point", "Agree?", scale=Scale(1, 3, {1: "No", 3: "Yes"}), does_not_apply="No idea")


def filled(item: Item, sent: str) -> ItemsForm:
    return ItemsForm([item], QueryDict(sent))


@pytest.mark.parametrize(
    ("item", "sent", "stored"),
    [
        (SLIDER, "far=0", "0"),
        (SLIDER, "far=100", "100"),
        (NUMBER, "many=3,5", "3.5"),
        (NUMBER, "many=+7+", "7"),
        (SEVERAL, "which=b&which=a", "a;b"),
        (SEVERAL, "which=none", "none"),
        (WORD, "word=+ok+", "ok"),
        (POINT, "point=does_not_apply", "does_not_apply"),
    ],
)
def test_what_is_sent_is_stored_in_one_spelling(item, sent, stored):
    form = filled(item, sent)
    assert form.is_valid(), form.errors
    assert form.answers == {item.id: stored}


@pytest.mark.parametrize(
    ("item", "sent", "said"),
    [
        (SLIDER, "", "Please move the slider to your answer."),
        (SLIDER, "far=-10", "Please move the slider to your answer."),
        (SLIDER, "far=-5", "Please move the slider to your answer."),
        (SLIDER, "far=101", "Please move the slider to your answer."),
        (SLIDER, "far=3", "Please move the slider to your answer."),
        (NUMBER, "many=", "Please enter a number."),
        (NUMBER, "many=25", "Please enter a number from 0 to 24."),
        (WHOLE, "whole=2.5", "Please enter a whole number from 1 to 9."),
        (WHOLE, "whole=two", "Please enter a whole number from 1 to 9."),
        (SEVERAL, "", "Please choose at least one answer."),
        (SEVERAL, "which=a&which=none", "“Nothing” cannot be combined with other answers."),
        (SEVERAL, "which=z", "“Nothing” cannot be combined with other answers."),
        (WORD, "word=++", "Please enter a short answer."),
        (WORD, "word=longer", "Please use at most 5 characters."),
        (POINT, "point=4", "Please choose one point on the scale."),
    ],
)
def test_what_cannot_be_stored_is_refused_with_its_cure(item, sent, said):
    form = filled(item, sent)
    assert form.errors == {item.id: [said]}
    assert [question.error for question in form.unanswered] == [said]


def test_an_optional_item_may_be_left_empty_but_not_filled_wrongly():
    optional = Item("many", "How many?", kind="number", range=Range(0, 24), required=False)
    assert filled(optional, "").is_valid()
    assert filled(optional, "many=").is_valid()
    assert not filled(optional, "many=25").is_valid()


def test_a_slider_waits_left_of_its_scale_and_comes_back_where_it_was_put():
    def shown(sent):
        form = filled(SLIDER, sent)
        return render_to_string("surveys/questions/slider.html", {"question": form.questions[0]})

    assert 'min="-10" max="100" step="5" value="-10"' in shown("")
    assert 'value="35"' in shown("far=35")
    assert 'value="0"' in shown("far=0")


@pytest.mark.parametrize("key", questionnaires.shipped())
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_question_has_a_legend_one_name_and_what_it_refers_to(key, language):
    items = questionnaires.get(key).in_language(language).items
    form = ItemsForm(items, {})
    for question in form.questions:
        html = render_to_string(question.template, {"question": question})
        assert html.count("<fieldset") == html.count("<legend") == 1
        assert html.count(f'name="{question.name}"') == max(
            1, len(question.options) + len(question.apart)
        )
        for named in question.described_by.split():
            assert f'id="{named}"' in html
        assert f'id="{question.first_id}"' in html
        assert ("aria-invalid" in html) == question.item.required


def test_an_answer_that_does_not_apply_stands_apart_from_the_points():
    question = Question(POINT, ItemsForm([POINT], {"point": "does_not_apply"})["point"])
    assert [option.value for option in question.options] == ["1", "2", "3"]
    assert [(option.label, option.chosen) for option in question.apart] == [("No idea", True)]
    assert question.layout == "scale"


def test_the_order_shown_is_the_order_stored(study, newcomer):
    walk(newcomer)
    for page in Submission.objects.filter(participant=newcomer):
        step = next(step for step in sequence.steps(study) if step.key == page.step)
        assert page.item_order == [item.id for item in item_order.items(newcomer, step)]
        given = list(page.answers.order_by("id").values_list("item", flat=True))
        assert given == [item for item in page.item_order if item in given]


def test_participants_get_a_shuffled_questionnaire_in_orders_of_their_own(study):
    trust = next(step for step in sequence.steps(study) if step.questionnaire == "trust-v1")
    step = replace(trust, key="after:propensity-v1", questionnaire="propensity-v1")
    people = [services.enrol(study=study, arrival_key=f"visit {n}") for n in range(8)]
    orders = [tuple(item.id for item in item_order.items(person, step)) for person in people]
    assert len(set(orders)) > 4
    assert orders == [tuple(i.id for i in item_order.items(person, step)) for person in people]


@pytest.mark.parametrize(
    ("sent", "heading"),
    [
        ("", "2 answers are missing"),
        ("many=99&whole=3", "One answer needs to be corrected"),
        ("many=99&whole=0", "2 answers need to be corrected"),
        ("many=99", "Please check 2 answers"),
    ],
)
def test_the_list_of_errors_tells_missing_answers_from_invalid_ones(sent, heading):
    form = ItemsForm([NUMBER, WHOLE], QueryDict(sent))
    text = render_to_string("surveys/errors.html", {"form": form})
    assert heading in text
    assert ("Please enter a number from 0 to 24." in text) == ("many=99" in sent)
    assert len(form.missing) + len(form.invalid) == text.count("<li>")


def test_a_question_is_rendered_once_for_everybody_and_an_answer_is_never_kept():
    forms._unanswered.cache_clear()
    items = [SLIDER, NUMBER, SEVERAL, WORD, POINT]
    first, second = ItemsForm(items).html, ItemsForm([replace(item) for item in items]).html
    assert first == second == [forms._html(question) for question in ItemsForm(items).questions]
    assert forms._unanswered.cache_info()[:2] == (5, 5)  # hits, misses
    answered = ItemsForm(items, initial={"word": "mine", "many": "3"})
    sent = ItemsForm(items, QueryDict("word=mine&point=2"))
    assert 'value="mine"' in answered.html[3]
    assert " checked" in sent.html[4]
    assert "aria-invalid" in sent.html[0]
    assert ItemsForm(items).html == first
    assert forms._unanswered.cache_info().currsize == 5
    with translation.override("de"):
        assert ItemsForm(items).html[0] != first[0]
    other = replace(POINT, scale=Scale(1, 3, {1: "Never", 3: "Always"}))  # equal hashes
    assert "Never" in ItemsForm([other]).html[0]
