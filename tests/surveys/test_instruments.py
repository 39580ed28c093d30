"""Contract of every questionnaire that ships: whole, in two languages, and scored by its file."""

import re
import tomllib

import pandas as pd
import pytest

from analysis.study_data.scoring import mean_of_items, reverse
from surveys import questionnaires
from surveys.pages.forms import ItemsForm
from surveys.questionnaires.ordering import order
from surveys.tidy.codebook import item_rows
from tests.surveys.factories import answer

CONSTRUCTS = {
    "ai-experience-v2": set(),
    "ai-literacy-v2": {"ai_knowing", "ai_using", "ai_judging"},
    "comments-v2": set(),
    "demographics-v2": set(),
    "effort-v2": set(),
    "load-v2": {"load"},
    "propensity-v2": {"propensity"},
    "satisfaction-v2": {"satisfaction"},
    "state-trust-v1": {"state_trust"},
    "trust-distrust-v1": {"trusting", "distrusting"},
    "trust-v1": {"trust"},
    "understanding-v1": {"understanding"},
}
# A score of opposites, or a short one for every block, has no room for turned items.
WITHOUT_TURNED = {"state_trust", "trusting", "distrusting"}
PUBLISHED = re.compile(
    r"\b(TiA|TIAS|S-TIAS|NASA|TLX|MDMT|TOAST|AILS|MAILS|SNAIL|PTT|ATI|SUS|XEQ|Jian|Körber|Madsen|"
    r"Merritt|Hoffman|Jessup|Paas)\b"
)


@pytest.fixture(params=sorted(CONSTRUCTS))
def questionnaire(request):
    return questionnaires.get(request.param)


def items_of(questionnaire, subscale):
    return [item for item in questionnaire.items if item.subscale == subscale]


def test_the_list_is_that_of_the_folder():
    assert set(questionnaires.shipped()) == CONSTRUCTS.keys()


def test_every_item_can_be_asked_and_exported(questionnaire):
    ids = [item.id for item in questionnaire.items]
    assert len(ids) == len(set(ids)) > 0
    for item in questionnaire.items:
        assert item.text.endswith((".", "?"))
        assert item.accepts(answer(item))
        assert not item.subscale or item.is_number


def test_every_scale_names_both_ends_and_no_point_beyond(questionnaire):
    for item in questionnaire.items:
        if item.scale is not None:
            points = item.scale.points
            assert {points[0], points[-1]} <= item.scale.anchors.keys() <= set(points)


def test_every_score_has_several_items_a_common_range_and_turned_items(questionnaire):
    assert {item.subscale for item in questionnaire.items} - {""} == CONSTRUCTS[questionnaire.id]
    assert questionnaire.subscales.keys() == CONSTRUCTS[questionnaire.id]
    for key in questionnaire.subscales:
        items = items_of(questionnaire, key)
        assert len(items) >= 3
        assert len({(item.scale.minimum, item.scale.maximum) for item in items}) == 1
        turned = sum(item.reversed for item in items)
        # Some turned, some not: agreeing with everything must not look like a high score.
        assert turned < len(items) / 2
        assert (turned == 0) == (key in WITHOUT_TURNED)


def test_construct_source_wording_and_licence_are_named(questionnaire):
    assert questionnaire.construct.endswith(".")
    assert questionnaire.source.endswith(".")
    assert questionnaire.licence == "BSD-3-Clause"
    assert questionnaire.wording == "own"
    # The construct has a source; the instrument is ours, and goes by no published scale's name.
    shown = f"{questionnaire.id} {questionnaire.title}"
    assert not PUBLISHED.search(shown)


def test_ids_of_items_and_scores_differ_between_questionnaires():
    every = [questionnaires.get(key) for key in questionnaires.shipped()]
    items = [item.id for one in every for item in one.items]
    scores = [key for one in every for key in one.subscales]
    assert len(items) == len(set(items))
    assert len(scores) == len(set(scores))
    texts = [item.text for one in every for item in one.items]
    assert len(texts) == len(set(texts))


def test_english_and_german_are_both_whole_and_differ(questionnaire):
    german = questionnaire.in_language("de")
    assert questionnaire.languages == ("en", "de")
    assert german.title != questionnaire.title
    assert bool(german.instructions) == bool(questionnaire.instructions)
    for here, there in zip(questionnaire.items, german.items, strict=True):
        assert there.text != here.text
        assert there.text.endswith((".", "?"))
        assert bool(here.hint) == bool(there.hint)
        labels = [[label for label in item.values.values() if label] for item in (here, there)]
        assert len(labels[0]) == len(labels[1])
        assert not labels[0] or labels[0] != labels[1]


def test_no_german_text_is_left_in_english():
    english = re.compile(
        r"\b(the|and|with|how|you|your|what|pictures?|classifier)\b", re.IGNORECASE
    )
    for key in questionnaires.shipped():
        text = questionnaires.text_of(key).partition("[text.de]")[2]
        assert text
        assert not english.search(text.replace("items.classifier_experience", ""))


def test_the_codebook_alone_gives_the_score_and_turned_items_count_both_ways(questionnaire):
    book = pd.DataFrame(item_rows(questionnaire)).replace("", pd.NA)
    book["reversed"] = book["reversed"].fillna(0).astype(int)
    for key in questionnaire.subscales:
        rows = book[book["scale"] == key]
        items = list(rows["item"])
        low, high = float(rows["minimum"].iloc[0]), float(rows["maximum"].iloc[0])
        assert set(rows["score"]) == {"mean"}
        turned = rows.set_index("item")["reversed"] == 1
        most = pd.DataFrame([{item: low if turned[item] else high for item in items}])
        least = pd.DataFrame([{item: high if turned[item] else low for item in items}])
        same = pd.DataFrame([dict.fromkeys(items, (low + high) / 2)])
        share = float(rows["minimum_answered"].iloc[0])
        scores = [mean_of_items(reverse(raw, rows), share).iloc[0] for raw in (most, least, same)]
        assert scores == [high, low, (low + high) / 2]
        # Reversal lost: the score of the most would not be the highest.
        unturned = mean_of_items(most, share).iloc[0]
        assert (unturned < high) == bool(turned.any())


def test_every_form_takes_a_full_answer_in_both_languages(questionnaire):
    for language in questionnaire.languages:
        items = questionnaire.in_language(language).items
        form = ItemsForm(items, {item.id: answer(item, 1) for item in items})
        assert form.is_valid(), form.errors
        assert form.answers == {item.id: answer(item, 1) for item in items}


def test_every_codebook_row_names_construct_source_wording_licence_and_language(questionnaire):
    for row, item in zip(item_rows(questionnaire), questionnaire.items, strict=True):
        assert row["item"] == item.id
        assert row["construct"] == questionnaire.construct
        assert (row["wording"], row["licence"], row["language"]) == ("own", "BSD-3-Clause", "en")
        assert row["translations"].startswith("de: ")
        assert re.fullmatch(r"[0-9a-f]{64}", row["sha256"])


def test_an_order_is_a_permutation_that_the_seed_alone_decides(questionnaire):
    ids = [item.id for item in questionnaire.items]
    orders = {order(questionnaire, seed) for seed in range(40)}
    assert all(sorted(one) == sorted(ids) for one in orders)
    assert order(questionnaire, "7/P1/after") == order(questionnaire, "7/P1/after")
    assert (len(orders) > 1) == questionnaire.shuffled


def test_every_item_comes_first_about_equally_often():
    questionnaire = questionnaires.get("propensity-v2")
    first = pd.Series([order(questionnaire, seed)[0] for seed in range(1200)]).value_counts()
    # Expected 200 each; chi-square with 5 degrees of freedom, far beyond its 99.9 % point of 20.5.
    assert len(first) == 6
    assert ((first - 200) ** 2 / 200).sum() < 20.5


def test_no_key_of_a_shipped_file_is_left_unread():
    # Every key of the files reaches the dataclass: a misplaced one would have raised.
    for key in questionnaires.shipped():
        document = tomllib.loads(questionnaires.text_of(key))
        assert len(document["items"]) == len(questionnaires.get(key).items)


FROZEN = {
    "ai-experience-v1": "f25290747784e84d873b60da51b360feb1a71c5203b3b4bce83d3bf0abb54d53",
    "comments-v1": "1bc64cde359f01c47abab267cfbdce4984429a400a4ba3353968b253f4eadc2d",
    "trust-v1": "8174c3577afdb1c4f6bb86bd257d465cb9e1ed5aeebb1450b09403c6f306d4b6",
    "understanding-v1": "eca4506a271ae25451321e01a6581494d410eb20f6cf05c39990b5713cd85a03",
}
"""Hashes of files as studies of the filled database were launched with them."""


def test_a_questionnaire_that_studies_asked_keeps_its_words():
    assert {key: questionnaires.sha256(key) for key in FROZEN} == FROZEN


@pytest.mark.parametrize("key", questionnaires.earlier())
def test_a_replaced_version_can_still_be_asked_and_is_no_longer_offered(key):
    successor = f"{key.removesuffix('1')}2"
    assert questionnaires.is_known(key)
    assert key not in questionnaires.ids()
    assert [item.id for item in questionnaires.get(key).items] == [
        item.id for item in questionnaires.get(successor).items
    ]
