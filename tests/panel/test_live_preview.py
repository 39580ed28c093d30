"""The editor shows a page with changes that are still in the form, and stores none of them."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from explanations.models import ImageSet
from studyplatform.panel import study_texts
from studyplatform.panel.image_edits import with_image_set
from surveys.models import Participant, Study
from tests.panel.conftest import SWITCHES, add_member
from tests.panel.test_editor import filled, newest, text_of
from tests.surveys import factories


@pytest.fixture
def draft(db, tmp_path):
    study = factories.draft_study(tmp_path)
    for name in ("owner", "editor"):
        add_member(study, name, **SWITCHES[name])
    return study


def live(browser, study, section="texts", **changed):
    address = reverse("panel:live-preview", args=[text_of(study).pk, section])
    return browser.post(address, filled(study, section, **changed))


def test_a_change_in_the_form_is_shown_and_not_stored(draft, signed_in):
    page = live(signed_in("editor"), draft, consent__text="We are the new lab.")
    assert "We are the new lab." in page.content.decode()
    assert newest(draft).number == 1
    assert "new lab" not in Study.objects.get(pk=draft.pk).source
    assert not Participant.objects.exists()


def test_the_page_arm_and_language_are_chosen(draft, signed_in):
    last = live(signed_in("editor"), draft, live_page="99", live_arm="gradcam")
    assert "Thank you" in last.content.decode(), "a number behind the last page gives the last"
    trial = live(signed_in("editor"), draft, live_page="1", live_arm="no arm")
    assert trial.status_code == 200


def test_pages_are_shown_before_the_study_has_its_images(draft, signed_in):
    source = with_image_set(draft.source, "scenes", "test")
    study_texts.save(text_of(draft), source, after=1, user=User.objects.get(username="editor"))
    assert not ImageSet.objects.filter(name="scenes").exists()
    for number in ("0", "1", "2", "99"):
        page = live(signed_in("editor"), draft, consent__text="Our lab.", live_page=number)
        assert page.status_code == 200, number
        assert ("Our lab." in page.content.decode()) == (number == "0")


@pytest.mark.parametrize(
    "changed", [{"title": "x" * 300}, {"consent__text": ""}], ids=["a mistake", "an empty text"]
)
def test_what_cannot_be_shown_says_why(draft, signed_in, changed):
    page = live(signed_in("editor"), draft, **changed)
    assert page.status_code == 200
    assert "cannot be shown" in page.content.decode()


def test_the_policy_of_the_editor_and_of_the_fragment_allows_no_frames(draft, signed_in):
    editor = reverse("panel:edit-section", args=[text_of(draft).pk, "texts"])
    for response in (signed_in("editor").get(editor), live(signed_in("editor"), draft)):
        policy = response.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
