"""What the reader makes of a questionnaire's file, and what it says of faulty ones."""

import re

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
        ('id = "good"', 'id = "other"', "line 2: id must be 'good', the name of the file"),
        (
            'wording = "own"',
            'wording = "mine"',
            "line 6: 'wording' is 'mine'. Known: own",
        ),
        ('title = "A page"', "", "'title' is missing"),
        ("maximum = 5", "maximum = 1", "the scale runs from 1 to 1"),
        ('5 = "Yes" }', '6 = "Yes" }', "the anchor 6 = 'Yes' must be a text at a point"),
        ('5 = "Yes" }', '4 = "Yes" }', "both ends of the scale, 1 and 5, need an anchor"),
        ('id = "second"', 'id = "first"', "line 17: the item id 'first' occurs more than once"),
        ('id = "second"', 'id = "Se cond"', "must consist of small letters"),
        ('kind = "choice"', 'kind = "choise"', "did you mean 'choice'?"),
        ('kind = "choice"', 'kind = "text"', "'options' belongs to kind 'choice' or 'multiple'"),
        (
            'kind = "choice"',
            'kind = "choice"\nreversed = true',
            "'reversed' belongs to kind 'scale'",
        ),
        ('{ a = "This", b = "That" }', '{ a = "This" }', "two or more"),
        (
            '{ a = "This", b = "That" }',
            '{ a = "This", b = 2 }',
            "'b' in options of [[items]] 'second' is 2",
        ),
        (
            'subscale = "how"',
            'subscal = "how"',
            "line 15: unknown key 'subscal' in [[items]] 'first': did you mean 'subscale'?",
        ),
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


GERMAN = (
    GOOD.replace(
        "[scale]",
        """instructions = "Think."
does_not_apply = "No idea"
[scale]""",
    )
    + """
[[items]]
id = "third"
kind = "slider"
text = "How far?"
hint = "In metres."
anchors = { 1 = "Near", 5 = "Far" }
[[items]]
id = "fourth"
kind = "multiple"
text = "Which ones?"
options = { a = "This", b = "That", c = "None" }
exclusive = ["c"]
[[items]]
id = "fifth"
kind = "number"
text = "How many?"
range = { minimum = -2, maximum = 30, decimals = 2 }
[[items]]
id = "sixth"
kind = "short_text"
text = "In a word?"
maximum_length = 10
[subscales.how]
label = "How"
score = "sum"
minimum_answered = 0.5
[text.de]
title = "Eine Seite"
instructions = "Denken Sie."
does_not_apply = "Keine Ahnung"
anchors = { 1 = "Nein", 5 = "Ja" }
[text.de.items]
first = "Wie?"
fifth = "Wie viele?"
sixth = "In einem Wort?"
[text.de.items.second]
text = "Welches?"
options = { a = "Dieses", b = "Jenes" }
[text.de.items.third]
text = "Wie weit?"
hint = "In Metern."
anchors = { 1 = "Nah", 5 = "Fern" }
[text.de.items.fourth]
text = "Welche?"
options = { a = "Dieses", b = "Jenes", c = "Keines" }
"""
)


def test_a_translation_has_the_same_ids_values_and_scoring_in_other_words():
    english = read("good", GERMAN)
    german = english.in_language("de-AT")
    assert english.languages == ("en", "de")
    assert german.title == "Eine Seite"
    assert [item.text for item in german.items][:2] == ["Wie?", "Welches?"]
    first, second, third, fourth, *_ = german.items
    assert dict(first.values)["does_not_apply"] == "Keine Ahnung"
    assert dict(first.values)["5"] == "Ja"
    assert dict(second.values) == {"a": "Dieses", "b": "Jenes"}
    assert (third.hint, third.scale.anchors[5]) == ("In Metern.", "Fern")
    assert fourth.exclusive == ("c",)
    for here, there in zip(english.items, german.items, strict=True):
        assert (here.id, here.kind, here.subscale, here.reversed, here.required) == (
            (there.id, there.kind, there.subscale, there.reversed, there.required)
        )
        assert list(here.values) == list(there.values)


def test_a_language_that_the_file_lacks_falls_back_and_can_be_asked_for():
    questionnaire = read("good", GERMAN)
    assert questionnaire.in_language("fr") is questionnaire
    assert questionnaire.speaks("de-ch")
    assert not questionnaire.speaks("fr")


def test_each_kind_takes_what_it_offers_and_nothing_else():
    items = {item.id: item for item in read("good", GERMAN).items}

    def taken(key, *values):
        return [value for value in values if items[key].accepts(value)]

    assert taken("first", "1", "does_not_apply", "No idea") == ["1", "does_not_apply"]
    assert taken("third", "0", "1", "05", "5", "6", "2.0", "\u0661") == ["1", "5"]
    assert taken("fourth", "a", "a;b", "b;a", "a;a", "a;c", "c", "", ";", "d") == ["a", "a;b", "c"]
    assert taken("fifth", "-2", "2.25", "2.255", "30", "30.01", "1e1", "nan", "x") == [
        *("-2", "2.25", "30")
    ]
    assert taken("sixth", "", "x" * 10, "x" * 11, "a\nb", "\0") == ["", "x" * 10]


def test_bounds_are_those_of_answers_that_are_numbers():
    bounds = {item.id: item.bounds for item in read("good", GERMAN).items}
    assert bounds == {
        "first": (1, 5),
        "second": None,
        "third": (1, 5),
        "fourth": None,
        "fifth": (-2, 30),
        "sixth": None,
    }


def test_a_subscale_says_how_it_is_scored():
    how = read("good", GERMAN).subscales["how"]
    assert (how.label, how.score, how.minimum_answered) == ("How", "sum", 0.5)
    plain = read("good", GOOD).subscales["how"]
    assert (plain.label, plain.score, plain.minimum_answered) == ("how", "mean", 0.8)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('first = "Wie?"\n', "", "'first' in [text.de.items] is missing"),
        ('first = "Wie?"', 'fist = "Wie?"', "unknown key 'fist' in [text.de.items]"),
        ('first = "Wie?"', 'first = ""', "is empty. Write it."),
        ('first = "Wie?"', "first = 3", "It must be a table"),
        ('title = "Eine Seite"\n', "", "line 50: 'title' in [text.de] is missing"),
        ('does_not_apply = "Keine Ahnung"\n', "", "'does_not_apply' in [text.de] is missing"),
        ('{ 1 = "Nein", 5 = "Ja" }', '{ 1 = "Nein", 3 = "Naja", 5 = "Ja" }', "the same points"),
        ('{ a = "Dieses", b = "Jenes" }', '{ a = "Dieses" }', "Translate only the labels"),
        ('hint = "In Metern."\n', "", "'hint' in [text.de.items.third] is missing"),
        ("[text.de]\n", '[text.de]\nhint = "x"\n', "unknown key 'hint' in [text.de]"),
        ('exclusive = ["c"]', 'exclusive = ["d"]', "'d' is not an option"),
        (
            "minimum_answered = 0.5",
            "minimum_answered = 4",
            "in [subscales.how] is 4. It must be",
        ),
        (
            'score = "sum"',
            'score = "median"',
            "'score' in [subscales.how] is 'median'",
        ),
        ("[subscales.how]", "[subscales.hwo]", "unknown subscale 'how': did you mean 'hwo'?"),
        ("[subscales.how]", "[subscales.hwo]", "no item belongs to the subscale 'hwo'"),
        ("maximum = 30", "maximum = -3", "the range runs from -2 to -3"),
        ("range = { minimum = -2, maximum = 30, decimals = 2 }", "", "'fifth' has no range"),
        ("maximum_length = 10", "options = { a = 'b' }", "'options' belongs to kind"),
        ('c = "None" }', '"a;b" = "None" }', "must consist of letters, digits"),
        ('c = "None" }', 'does_not_apply = "None" }', "which has its own key"),
        ("maximum = 5", "maximum = 5\nstep = 3", "steps of 3 do not lead from 1 to 5"),
        ("maximum = 5", "maximum = 50", "has 50 points. Kind 'scale' allows 21 at most"),
        (
            'id = "good"',
            'id = "good"\norder = "shuffled"',
            "'order' is 'shuffled'. Known: fixed",
        ),
        ('id = "good"', 'id = "good"\nlanguage = "de"', "must name another language"),
        ('id = "good"', 'id = "good"\nlanguage = "German"', "Write a code such as en"),
        ('id = "first"', 'id = "step"', "not be one of step, response_time_ms"),
    ],
)
def test_a_faulty_file_of_many_kinds_is_refused_with_its_cure(old, new, words):
    assert old in GERMAN
    with pytest.raises(QuestionnaireError, match=re.escape(words)):
        read("good", GERMAN.replace(old, new, 1))


def test_items_of_one_subscale_must_have_one_range():
    text = (
        GOOD
        + """[[items]]
id = "third"
text = "How far?"
subscale = "how"
scale = { minimum = 0, maximum = 9, anchors = { 0 = "a", 9 = "b" } }
"""
    )
    with pytest.raises(QuestionnaireError, match="have different scales, 0 to 9, 1 to 5"):
        read("good", text)


def test_every_fault_of_a_file_is_said_at_once():
    faulty = GERMAN.replace('wording = "own"', 'wording = "mine"')
    faulty = faulty.replace("maximum = 30", "maxi = 3")
    faulty = faulty.replace('first = "Wie?"\n', "").replace('kind = "slider"', 'kind = "slide"')
    with pytest.raises(QuestionnaireError) as found:
        read("good", faulty)
    told = "\n".join(found.value.problems)
    for words in (
        "'mine'",
        "unknown key 'maxi'",
        "'maximum' in",
        "mean 'slider'",
        "'first'",
    ):
        assert words in told
    lines = [int(problem.split(":")[0].removeprefix("line ")) for problem in found.value.problems]
    assert lines == sorted(lines)
