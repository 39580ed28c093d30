"""Contract of every questionnaire that ships, and what the reader says of faulty ones."""

import re
import tomllib

import pytest

from surveys import questionnaires
from surveys.questionnaires.reading import QuestionnaireError, read

GOOD = """
id = "good"
title = "A page"
construct = "Nothing"
source = "None"
wording = "own"
licence = "BSD-3-Clause"
[scale]
minimum = 1
maximum = 5
anchors = { 1 = "No", 5 = "Yes" }
[[items]]
id = "first"
text = "How?"
subscale = "how"
[[items]]
id = "second"
text = "Which?"
kind = "choice"
options = { a = "This", b = "That" }
"""


@pytest.fixture(params=questionnaires.ids())
def questionnaire(request):
    return questionnaires.get(request.param)


def test_the_four_of_the_demo_are_there():
    wanted = {"ai-experience-v1", "comments-v1", "trust-v1", "understanding-v1"}
    assert wanted <= set(questionnaires.ids())


def test_every_item_can_be_asked_and_exported(questionnaire):
    ids = [item.id for item in questionnaire.items]
    assert len(ids) == len(set(ids)) > 0
    for item in questionnaire.items:
        assert item.id not in {"step", "response_time_ms", "csrfmiddlewaretoken"}
        assert item.text.endswith((".", "?"))
        assert bool(item.values) == (item.kind != "text")
        assert not item.subscale or item.is_number


def test_every_scale_names_both_ends_and_no_point_beyond(questionnaire):
    for item in questionnaire.items:
        if item.scale is not None:
            points = item.scale.points
            assert {points[0], points[-1]} <= item.scale.anchors.keys() <= set(points)


def test_every_subscale_has_several_items_and_a_common_range(questionnaire):
    for subscale in {item.subscale for item in questionnaire.items} - {""}:
        items = [item for item in questionnaire.items if item.subscale == subscale]
        assert len(items) >= 3
        assert len({(item.scale.minimum, item.scale.maximum) for item in items}) == 1
        # Some turned, some not: agreeing with everything must not look like a high score.
        assert 0 < sum(item.reversed for item in items) < len(items) / 2


def test_construct_source_wording_and_licence_are_named(questionnaire):
    assert questionnaire.construct
    assert questionnaire.source
    assert questionnaire.licence
    assert questionnaire.wording in {"own", "verbatim"}


def test_item_ids_differ_between_questionnaires():
    ids = [item.id for key in questionnaires.ids() for item in questionnaires.get(key).items]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("key", "subscale", "count", "turned"),
    [("trust-v1", "trust", 7, 2), ("understanding-v1", "understanding", 6, 2)],
)
def test_the_outcome_scales_are_as_agreed(key, subscale, count, turned):
    items = questionnaires.get(key).items
    assert {item.subscale for item in items} == {subscale}
    assert len(items) == count
    assert sum(item.reversed for item in items) == turned
    assert {item.scale.points for item in items} == {(1, 2, 3, 4, 5, 6, 7)}


def test_an_item_takes_what_it_offers_and_nothing_else():
    first, second = read("good", GOOD).items
    assert [
        value for value in ("0", "1", "5", "6", "1.0", " 1", "x", "") if first.accepts(value)
    ] == [*("1", "5")]
    assert second.accepts("a")
    assert not second.accepts("This")
    comment = questionnaires.get("comments-v1").items[0]
    assert comment.accepts("")
    assert comment.accepts("x" * 2000)
    assert not comment.accepts("x" * 2001)
    assert not comment.accepts("a\0b")


def test_the_values_of_an_item_carry_their_labels():
    first, second = read("good", GOOD).items
    assert dict(first.values) == {"1": "No", "2": "", "3": "", "4": "", "5": "Yes"}
    assert dict(second.values) == {"a": "This", "b": "That"}
    assert first.is_number
    assert not second.is_number


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "good"', 'id = "other"', "line 2: id must be 'good', like the file's name"),
        ('wording = "own"', 'wording = "mine"', "unknown wording 'mine'. Known: own, verbatim"),
        ('title = "A page"', "", "'title' is missing"),
        ("maximum = 5", "maximum = 1", "the scale runs from 1 to 1"),
        ('5 = "Yes" }', '6 = "Yes" }', "the anchor 6 = 'Yes' must be a text at a point"),
        ('5 = "Yes" }', '4 = "Yes" }', "both ends of the scale, 1 and 5, need an anchor"),
        ('id = "second"', 'id = "first"', "line 17: the item id 'first' stands more than once"),
        ('id = "second"', 'id = "Se cond"', "must be small letters"),
        ('kind = "choice"', 'kind = "choise"', "did you mean 'choice'?"),
        ('kind = "choice"', 'kind = "text"', "'options' belongs to kind 'choice' or 'multiple'"),
        (
            'kind = "choice"',
            'kind = "choice"\nreversed = true',
            "'reversed' belongs to kind 'scale'",
        ),
        ('{ a = "This", b = "That" }', '{ a = "This" }', "two or more"),
        ('{ a = "This", b = "That" }', '{ a = "This", b = 2 }', "label must be text"),
        ('subscale = "how"', 'subscal = "how"', "line 15: unknown key 'subscal' in [items]"),
        ('subscale = "how"', "reversed = 1", "It must be true or false"),
    ],
)
def test_a_faulty_questionnaire_is_refused_with_line_and_cure(old, new, words):
    assert old in GOOD
    with pytest.raises(QuestionnaireError, match=re.escape(words)):
        read("good", GOOD.replace(old, new, 1))


def test_a_scale_item_without_any_scale_is_refused():
    head, _, _ = GOOD.partition("[scale]")
    with pytest.raises(QuestionnaireError, match="has no scale"):
        read("good", head + '[[items]]\nid = "first"\ntext = "How?"\n')


def test_an_unknown_questionnaire_is_refused_with_those_there_are():
    with pytest.raises(QuestionnaireError, match=r"trust-v1"):
        questionnaires.get("../trust-v1")


def test_no_key_of_a_shipped_file_is_left_unread():
    # Every key of the files reaches the dataclass: a misplaced one would have raised.
    for key in questionnaires.ids():
        document = tomllib.loads((questionnaires.FOLDER / f"{key}.toml").read_text())
        assert len(document["items"]) == len(questionnaires.get(key).items)
