"""Researchers see, preview and load questionnaires in the panel."""

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from studyplatform.models import AuditEntry
from studyplatform.panel.questionnaire_sources import CONSTRUCTS, SCALES, SOURCES
from surveys import questionnaires
from surveys.models import Answer
from tests.panel.conftest import add_member
from tests.surveys.factories import small_study
from tests.surveys.test_instrument_loading import VERBATIM

LIST = "/panel/questionnaires/"
LOAD = "/panel/questionnaires/load/"


@pytest.fixture
def browser(db) -> Client:
    """Of somebody who is signed in and is a member of nothing."""
    client = Client()
    client.force_login(User.objects.create_user("anna"))
    return client


def sent(browser: Client, text: str, name: str = "lab-scale-v1.toml", **more: str):
    file = SimpleUploadedFile(name, text.encode())
    return browser.post(LOAD, {"file": file, **more}, follow=True)


@pytest.mark.parametrize("key", questionnaires.shipped())
def test_every_questionnaire_is_listed_and_previewed_in_each_language(browser, key):
    page = browser.get(LIST).content.decode()
    shown = questionnaires.get(key)
    assert (shown.construct in CONSTRUCTS, shown.source in SOURCES) == (True, True), "to translate"
    assert {scale.label for scale in shown.subscales.values()} <= set(SCALES)
    for language in ("en", "de"):
        path = f"{reverse('panel:questionnaire', kwargs={'key': key})}?language={language}"
        assert path in page
        shown = browser.get(path).content.decode()
        words = questionnaires.get(key).in_language(language)
        assert f'<div lang="{language}">' in shown
        assert all(escape(item.text) in shown for item in words.items)


def test_a_preview_says_what_it_would_store_and_stores_nothing(browser):
    path = reverse("panel:questionnaire", kwargs={"key": "effort-v1"})
    assert "One answer is missing" in browser.post(path, {}).content.decode()
    assert "<code>effort</code>: 7" in browser.post(path, {"effort": "7"}).content.decode()
    assert not Answer.objects.exists()


def test_earlier_addresses_lead_to_the_panel(browser):
    old = reverse("questionnaires:preview", kwargs={"key": "trust-v1"})
    assert browser.get(f"{old}?language=de").url == f"{LIST}trust-v1/?language=de"
    assert browser.get(reverse("questionnaires:list")).url == LIST


def test_a_published_scale_is_loaded_with_its_licence_and_noted_in_the_audit(browser):
    page = sent(browser, VERBATIM)
    assert page.redirect_chain[-1][0] == f"{LIST}lab-scale-v1/"
    listed = browser.get(LIST).content.decode()
    assert "CC BY 4.0" in listed
    assert "authors' wording" in listed
    entry = AuditEntry.objects.get(act="questionnaire loaded")
    assert (entry.study, entry.who) == ("", "anna")
    assert entry.after["sha256"] == questionnaires.sha256("lab-scale-v1")


def test_every_problem_of_a_faulty_file_is_listed_and_nothing_is_stored(browser):
    faulty = VERBATIM.replace('licence = "CC BY 4.0"\n', "").replace("maximum = 5", "maximum = 0")
    page = sent(browser, faulty)
    assert page.status_code == 400
    assert "&#x27;licence&#x27; is missing" in page.content.decode()
    assert "line " in page.content.decode()
    assert "lab-scale-v1" not in questionnaires.ids()
    assert not AuditEntry.objects.exists()


def test_a_name_that_leads_elsewhere_or_is_no_id_is_refused(browser):
    for name in ("../../trust-v1.toml", "Trust 1.toml", "trust-v1.txt"):
        page = sent(browser, VERBATIM, name)
        assert page.status_code == 400
        assert "not a valid id" in page.content.decode() or "line" in page.content.decode()
    assert "lab-scale-v1" not in questionnaires.ids()


def test_text_in_another_encoding_is_refused(browser):
    file = SimpleUploadedFile(
        "lab-scale-v1.toml", VERBATIM.replace("scale", "Maß").encode("cp1252")
    )
    page = browser.post(LOAD, {"file": file})
    assert page.status_code == 400
    assert "not text in UTF-8" in page.content.decode()


def test_a_loaded_one_is_replaced_on_request_while_no_study_asks_it(browser, tmp_path):
    sent(browser, VERBATIM)
    other = VERBATIM.replace("First?", "Changed?")
    assert "no study asks it" in sent(browser, other).content.decode()
    assert sent(browser, other, replace="on").redirect_chain
    assert questionnaires.get("lab-scale-v1").items[0].text == "Changed?"
    study = small_study(tmp_path)
    add_member(study, "anna", make_changes=True)
    study.source = study.source.replace('"trust-v1"', '"lab-scale-v1"')
    study.save()
    refused = sent(browser, VERBATIM, replace="on")
    assert f"is asked in {study.slug}" in refused.content.decode()
    assert questionnaires.get("lab-scale-v1").items[0].text == "Changed?"


def test_a_faulty_file_put_by_hand_is_named_in_the_list(browser, settings):
    settings.INSTRUMENTS_DIR.mkdir(parents=True)
    (settings.INSTRUMENTS_DIR / "odd-v1.toml").write_text('id = "odd-v1"\nsurprise = 1\n')
    page = browser.get(LIST).content.decode()
    assert "line 2: unknown key &#x27;surprise&#x27;" in page
