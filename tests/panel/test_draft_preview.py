"""The latest version of a study file is previewed before any study uses it, and leaves no trace."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from studyplatform.models import AuditEntry
from studyplatform.panel import study_texts
from studyplatform.panel.phone_preview import phone_style
from surveys.models import Arm, Participant, Stimulus, Study
from surveys.simulation.browser import read_page
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys.drawn import drawn_study

STORED = (Study, Arm, Stimulus, Participant, AuditEntry)


@pytest.fixture
def draft(db, tmp_path):
    study = drawn_study(tmp_path, opened=False)
    for name, switches in SWITCHES.items():
        add_member(study, name, **switches)
    return study


def save(study, old, new):
    owner = User.objects.get(username="owner")
    text = study_texts.text_of(study, owner)
    latest = text.versions.all()[0]
    assert old in latest.source
    study_texts.save(text, latest.source.replace(old, new), after=latest.number, user=owner)
    return text


def page(text, number, arm="lime"):
    values = {"pk": text.pk, "arm": arm, "language": "en", "number": number}
    return reverse("panel:draft-page", kwargs=values)


def counts():
    return [model.objects.count() for model in STORED]


def first_trial(study):
    steps = study_texts.loading.parse(study.source).steps
    return next(number for number, step in enumerate(steps, 1) if step.trial_position == 1)


def test_a_saved_text_is_seen_before_the_study_uses_it(draft, signed_in):
    text = save(draft, 'title = "', 'title = "A better ')
    before = counts()
    shown = signed_in("editor").get(page(text, 0)).content.decode()
    assert "A better " in shown
    assert "which the study may not use yet" in shown
    assert counts() == before
    assert "A better " not in Study.objects.get(pk=draft.pk).title


def test_the_bar_speaks_the_readers_language_and_the_page_that_of_the_study(draft, signed_in):
    text = save(draft, 'title = "', 'title = "A better ')
    german = {"Accept-Language": "de"}
    shown = signed_in("editor").get(page(text, 0), headers=german).content.decode()
    bar, _, consent = shown.partition("</nav>")
    assert "Nichts wird gespeichert" in bar
    assert "Nothing is stored" not in shown
    assert "I agree" in consent


@pytest.mark.nightly
def test_the_pictures_of_the_version_are_shown(draft, signed_in):
    text = save(draft, 'title = "', 'title = "A better ')
    shown = signed_in("editor").get(page(text, first_trial(draft))).content.decode()
    pictures = read_page("", 200, shown).pictures
    assert len(pictures) > 1
    for picture in pictures:
        # A legend is alike in all studies.
        assert picture.startswith("/legends/") or f"/panel/files/{text.pk}/preview/" in picture
        response = signed_in("editor").get(picture)
        assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert draft.stimuli.count() == Stimulus.objects.filter(study=draft).count() > 0


def test_continue_goes_on_within_the_preview_of_the_version(draft, signed_in):
    text = study_texts.text_of(draft, User.objects.get(username="owner"))
    browser = signed_in("editor")
    assert browser.post(page(text, 0))["Location"] == page(text, 1)


def test_a_new_file_is_previewed_before_its_study_exists(draft, signed_in):
    user = User.objects.get(username="owner")
    text = study_texts.begin(user, study_texts.renamed(draft.source, "brand-new", "Brand new"))
    before = counts()
    begun = signed_in("owner").get(reverse("panel:draft-begin", args=[text.pk]))
    assert "Brand new" in signed_in("owner").get(begun["Location"]).content.decode()
    assert counts() == before
    assert not Study.objects.filter(slug="brand-new").exists()


def test_the_bar_counts_the_pages_as_participants_do(draft, signed_in):
    source = study_texts.renamed(study_texts.template_text("screening.toml"), "later", "Later")
    text = study_texts.begin(User.objects.get(username="owner"), source)
    steps = study_texts.loading.parse(source).steps
    first = next(number for number, step in enumerate(steps, 1) if step.session)
    counts = {1: f"page 1 of {first - 1}:", first: f"page 1 of {len(steps) - first + 1}:"}
    for number, words in counts.items():
        shown = signed_in("owner").get(page(text, number, arm="gradcam")).content.decode()
        assert words in shown


def test_a_file_with_mistakes_leads_back_to_the_editor(draft, signed_in):
    text = save(draft, 'method = "lime"', 'method = "limes"')
    response = signed_in("editor").get(page(text, 0), follow=True)
    assert response.redirect_chain[-1][0] == reverse("panel:study-text", args=[text.pk])
    assert "The file has mistakes" in response.content.decode()


def test_a_file_with_the_slug_of_another_study_shows_nothing_of_it(draft, signed_in, tmp_path):
    add_member(draft, "someone", make_changes=True)
    user = User.objects.get(username="someone")
    text = study_texts.begin(user, draft.source)
    response = signed_in("someone").get(page(text, 0), follow=True)
    assert "belongs to another study" in response.content.decode()


def test_the_forms_lead_to_the_page_that_they_edit(draft, signed_in):
    text = study_texts.text_of(draft, User.objects.get(username="owner"))
    for section, number in (("texts", 0), ("arms", first_trial(draft))):
        shown = signed_in("editor").get(reverse("panel:edit-section", args=[text.pk, section]))
        arm = study_texts.loading.parse(draft.source).arms[-1].key
        assert f'href="{page(text, number, arm)}"' in shown.content.decode()


@pytest.mark.nightly
def test_pages_keep_the_size_of_a_phone_until_the_window_is_chosen_again(draft, signed_in):
    text, browser = save(draft, 'title = "', 'title = "A '), signed_in("editor")
    phone = f'href="{reverse("preview:phone-style")}"'.encode()
    sizes = [("", False), ("?size=phone", True), ("", True), ("?size=window", False), ("", False)]
    for number, (size, is_phone) in enumerate(sizes):
        shown = browser.get(page(text, number) + size).content
        assert (phone in shown) == is_phone, number


def test_the_style_of_a_phone_decides_every_condition_on_the_size_and_on_a_mouse(client):
    style = client.get(reverse("preview:phone-style"))
    assert style["Content-Type"] == "text/css"
    assert b"-width: " in style.content  # of elements
    conditions = [line for line in style.content.decode().splitlines() if line.startswith("@media")]
    assert "@media not all {" in conditions
    assert "@media all {" in conditions
    decided = ("width", "height", "pointer", "hover")
    assert not [line for line in conditions if any(word in line for word in decided)]
    for css, on_a_phone in {
        "clamp(1rem, 4vw, 2rem)": "clamp(1rem, 15.6px, 2rem)",
        "clamp(200px, 100svh - 19rem, 320px)": "clamp(200px, 664px - 19rem, 320px)",
        "@media (max-width: 44rem), (max-width: 60rem) and (max-height: 30rem) {": "@media all {",
        "@media (hover: hover) and (min-width: 30rem) {": "@media not all {",
        "@media not all and (any-pointer: fine) {": "@media all {",
        "@media (max-width: 44rem) and (scripting: enabled) {": "@media (scripting: enabled) {",
    }.items():
        assert phone_style(css).startswith(on_a_phone), css
