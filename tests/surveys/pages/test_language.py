"""Studies in several languages: which one a person gets, and that it is whole."""

import re

import pytest
from django.test import Client

from surveys import services
from surveys.models import Participant
from surveys.pages.language import wanted
from surveys.simulation.browser import read_page
from surveys.study_checks import loading
from surveys.study_file import stored
from surveys.study_file.declaration import StudyFileError
from tests.conftest import ROOT
from tests.surveys.designs import design_text
from tests.surveys.drawn import ARMS, drawn_study
from tests.surveys.factories import study_text, walk
from tests.surveys.study_file.test_declaration import problems_of

GERMAN = """
[text.de]
title = "Bilder und ein Klassifikator"
[text.de.consent]
text = "Was hier geschieht."
[text.de.debrief]
text = "Worum es ging."
[text.de.classes]
car = "Auto"
truck = "Lastwagen"
boat = "Boot"
tree = "Baum"
"""


@pytest.fixture
def drawn(db, tmp_path):
    return drawn_study(tmp_path, extra=GERMAN)


def landing(language: str = "", query: str = "", **data: str) -> str:
    headers = {"accept-language": language} if language else {}
    return Client(headers=headers).get(f"/s/drawn/{query}", data).content.decode()


@pytest.mark.parametrize(
    ("header", "query", "title"),
    [
        ("", "", "Pictures and a classifier"),
        ("fr, en;q=0.5", "", "Pictures and a classifier"),
        ("fr, de-at;q=0.5, en;q=0.1", "", "Bilder und ein Klassifikator"),
        ("de", "?language=en", "Pictures and a classifier"),
        ("", "?language=de", "Bilder und ein Klassifikator"),
        ("en", "?language=xx", "Pictures and a classifier"),
    ],
)
def test_a_visitor_gets_what_was_chosen_else_what_the_browser_prefers(drawn, header, query, title):
    assert f"<h1>{title}</h1>" in landing(header, query)


def test_a_page_says_its_language_and_its_direction(drawn):
    assert '<html lang="de" dir="ltr">' in landing("de")
    assert '<html lang="en" dir="ltr">' in landing("en")


def test_the_languages_to_choose_from_keep_the_rest_of_the_address(drawn):
    shown = landing(query="?PROLIFIC_PID=abc&language=de")
    assert (
        '<a href="?PROLIFIC_PID=abc&amp;language=en" lang="en" hreflang="en">English</a>' in shown
    )
    assert '<span lang="de" aria-current="true">Deutsch</span>' in shown


def test_a_study_in_one_language_offers_no_choice(db, tmp_path):
    drawn_study(tmp_path)
    assert "<nav" not in landing()


def test_the_language_of_the_consent_is_stored_and_kept_to_the_end(drawn):
    client = Client(headers={"accept-language": "de"})
    shown = client.get("/s/drawn/").content.decode()
    key = shown.split('name="arrival_key" value="')[1].split('"')[0]
    # The browser changes its mind: what was read counts.
    client.post(
        "/s/drawn/", {"arrival_key": key, "language": "de"}, headers={"accept-language": "en"}
    )
    person = Participant.objects.get()
    german = stored.definition(drawn).in_language("de")
    assert person.language == "de"
    assert person.consent_sha256 == german.consent.sha256
    page = client.get(f"/p/{person.code}/", headers={"accept-language": "en"}).content.decode()
    assert '<html lang="de" dir="ltr">' in page
    assert "Weiter</button>" in page
    assert "Continue" not in page


def test_classes_captions_and_map_words_are_in_the_participants_language(drawn):
    pages = []
    for number in range(len(ARMS)):
        person = services.enrol(study=drawn, arrival_key=f"visit {number}", language="de")
        walk(person, pages=2)
        pages.append(Client().get(f"/p/{person.code}/").content.decode())
        assert read_page("", 200, pages[-1]).prediction in {"Auto", "Lastwagen", "Boot", "Baum"}
    seen = " ".join(pages)
    assert seen.count("Gelbe Bereiche sprechen am stärksten für „") == 2  # Grad-CAM and the placebo
    assert seen.count('alt="Die stärksten Bereiche sind: ') == 2
    assert "spricht stark dafür</span>" in seen
    assert not re.search(
        r"\b(car|truck|boat|tree|region|regions|pixel counted|upper|centre)\b", seen
    )


def test_who_is_deleted_reads_so_in_their_language(drawn):
    person = services.enrol(study=drawn, arrival_key="a visit", language="de")
    client = Client(headers={"accept-language": "en"})
    done = client.post(f"/p/{person.code}/withdraw/", {"choice": "delete"}, follow=True)
    assert "Ihre Antworten sind gelöscht" in done.content.decode()


def test_the_default_is_the_studys_own_language(rf, drawn):
    assert services.enrol(study=drawn, arrival_key="a visit").language == "en"
    assert services.enrol(study=drawn, arrival_key="other", language="xx").language == "en"
    assert wanted(rf.get("/", headers={"accept-language": "*"}), drawn) == "en"


def test_the_shipped_studies_are_whole_in_english_and_german():
    for path in (ROOT / "studies").glob("*.toml"):
        study = loading.parse(path.read_text())
        assert study.languages == ("en", "de")
        german = study.in_language("de")
        assert len(german.consent.text.split("\n\n")) == len(study.consent.text.split("\n\n"))
        assert len(german.debrief.text.split("\n\n")) == len(study.debrief.text.split("\n\n"))
        assert "Sie" in german.consent.text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[text.de", "[text.Deutsch", "[text.Deutsch] must name another language by a code"),
        ("[text.de", "[text.en", "[text.en] must name another language by a code"),
        ('title = "Bilder und ein Klassifikator"\n', "", "'title' in [text.de] is missing"),
        ('text = "Worum es ging."', 'words = ""', "'text' in [text.de.debrief] is missing"),
        ('car = "Auto"', "car = 1", "'car' in [text.de.classes] is 1. It must be text in quotes."),
        ("[text.de", "[text.fi", "into 'fi': there is no locale/fi. See docs/languages.md"),
        ("[text.de", "[text.fi", "the questionnaire 'trust-v1' is not translated into 'fi'"),
    ],
)
def test_half_a_translation_is_refused_with_its_place(old, new, words):
    text = study_text("w.safetensors") + GERMAN
    assert loading.parse(text).in_language("de") != loading.parse(text)
    found = problems_of(text.replace(old, new))
    assert any(words in problem for problem in found), found
    assert all(problem.startswith("line ") for problem in found)


def test_texts_of_parts_are_translated_and_none_may_be_left_out():
    part = '[[parts]]\nkind = "text"\nkey = "more"\nheading = "More"\ntext = "Read this."\n'
    part += '[[parts]]\nkind = "questionnaire"\nquestionnaire = "trust-v1"\n'
    own = '[text.de.parts.more]\nheading = "Mehr"\ntext = "Lesen Sie dies."\n'
    text = design_text("w.safetensors", parts=part) + GERMAN + own
    shown, _ = loading.parse(text).in_language("de").parts
    assert (shown.heading, shown.text) == ("Mehr", "Lesen Sie dies.")
    (problem,) = problems_of(text.replace('heading = "Mehr"\n', ""))
    assert "'heading' in [text.de.parts.more] is missing" in problem
    without = " ".join(problems_of(text.replace(own, "")))
    assert "'more' in [text.de.parts] is missing" in without


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [('car = "Auto"\n', "", "car."), ('car = "Auto"', 'cat = "Katze"', "car, cat.")],
)
def test_every_class_needs_a_word_in_each_further_language(db, tmp_path, old, new, wrong):
    with pytest.raises(
        StudyFileError, match=r"\[text.de.classes\] must label each .* remove: " + re.escape(wrong)
    ):
        drawn_study(tmp_path, extra=GERMAN.replace(old, new))


def test_classes_may_have_a_label_in_the_studys_own_language(db, tmp_path):
    study = drawn_study(tmp_path, extra='[classes]\ncar = "passenger car"\n')
    person = services.enrol(study=study, arrival_key="a visit")
    walk(person, pages=2)
    shown = {stored.definition(study).class_label(name) for name in study.image_set.class_names}
    assert shown == {"passenger car", "truck", "boat", "tree"}
    page = read_page("", 200, Client().get(f"/p/{person.code}/").content.decode())
    assert page.prediction in shown
