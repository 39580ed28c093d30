"""A study can be drafted in the panel: all mistakes at once, or a draft."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from surveys.models import Study
from tests.surveys import factories

PLACE = "/admin/surveys/draft/"


@pytest.fixture
def panel(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("researcher"))
    return client


@pytest.fixture
def text(db, tmp_path) -> str:
    factories.images()
    return factories.study_text(factories.write_weights(tmp_path / "dots.safetensors"))


def test_all_mistakes_are_said_and_nothing_is_kept(panel, text):
    faulty = text.replace("right = 3", "rigth = 3").replace('method = "lime"', 'method = "line"')
    page = panel.post(PLACE, {"source": faulty}).content.decode()
    assert "3 mistakes; nothing was saved" in page
    assert "did you mean &#x27;right&#x27;?" in page
    assert "did you mean &#x27;lime&#x27;?" in page
    assert "rigth = 3" in page  # what was written is not lost
    assert not Study.objects.exists()


def test_a_file_without_mistakes_becomes_a_draft_to_the_letter(panel, text):
    sent = panel.post(PLACE, {"source": text.replace("\n", "\r\n")}, follow=True)
    study = Study.objects.get()
    assert (study.state, study.source) == ("draft", text)
    assert "was saved; its state is: draft." in sent.content.decode()
    again = panel.get(f"{PLACE}?from={study.slug}").content.decode()
    assert "title = &quot;A small study&quot;" in again


def test_the_cost_of_a_design_is_named_when_it_is_kept(panel, text):
    costly = text.replace('split = "test"', 'split = "test"\nsets = 2').replace(
        "right = 3\nwrong = 2", "right = 1\nwrong = 1"
    )
    page = panel.post(PLACE, {"source": costly}, follow=True).content.decode()
    assert "participants of the same arm see different images" in page


def test_who_may_not_change_studies_cannot_draft(text):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_study"))
    client = Client()
    client.force_login(viewer)
    assert client.get(PLACE).status_code == 403
    assert client.post(PLACE, {"source": text}).status_code == 403
    assert PLACE not in client.get(reverse("admin:surveys_study_changelist")).content.decode()
    assert not Study.objects.exists()


def test_a_new_draft_begins_with_the_demo(panel):
    assert PLACE in panel.get(reverse("admin:surveys_study_changelist")).content.decode()
    assert "slug = &quot;demo&quot;" in panel.get(PLACE).content.decode()


def test_whoever_writes_a_new_study_owns_it_and_whoever_edits_it_later_does_not(panel, text):
    editor = User.objects.create_user("editor", is_staff=True)
    editor.user_permissions.set(
        Permission.objects.filter(codename__in=("view_study", "change_study"))
    )
    later = Client()
    later.force_login(editor)
    panel.post(PLACE, {"source": text})
    later.post(PLACE, {"source": text.replace("A small study", "A smaller study")})
    study = Study.objects.get()
    assert study.title == "A smaller study"
    (owner,) = study.members.all()
    assert (owner.user.username, owner.owner) == ("researcher", True)
