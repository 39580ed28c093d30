"""A new study from a design, a copy or a file, and the editor that loses nothing."""

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from studyplatform.models import AuditEntry, StudyMember, StudyText, TextVersion
from studyplatform.panel import study_texts
from studyplatform.panel.design_purposes import LABELS, PURPOSES, TITLES
from surveys import services
from surveys.models import Study
from surveys.services.studies import missing_for_launch
from surveys.study_checks import loading
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories

NEW = reverse("panel:new-study")


def begin(browser, **sent):
    response = browser.post(NEW, {"title": "My study", "slug": "mine"} | sent)
    assert response.status_code == 302, response.context["form"].errors
    return StudyText.objects.latest("pk")


def editor(text):
    return reverse("panel:study-text", args=[text.pk])


def newest(text):
    return text.versions.first()


@pytest.fixture
def own_text(study, signed_in):
    """A copy of the small study under another short name, not loaded yet."""
    return begin(signed_in("owner"), origin="study:small")


def test_every_shipped_design_can_begin_a_study_with_a_new_name(study, signed_in):
    names = [template.name for template in study_texts.templates()]
    assert not [one.purpose for one in study_texts.templates() if "`" in one.purpose]
    purposes = {template.name: template.purpose for template in study_texts.templates()}
    assert purposes.items() >= PURPOSES.items(), "translators see what the files say"
    assert {one.name: one.title for one in study_texts.templates()} == TITLES
    labels = {box.label for one in study_texts.templates() for box in one.picture.boxes}
    algorithms = {"DeepSHAP", "Grad-CAM", "Integrated Gradients", "LIME", "Saliency", "SmoothGrad"}
    assert labels - set(LABELS) == algorithms  # which are the same in every language
    assert names[0] == "demo.toml"
    assert "plan.toml" not in names  # a plan for data of another study
    assert len(names) >= 8
    for name in names:
        text = study_texts.renamed(study_texts.template_text(name), "mine", 'A "new" title')
        declared, original = loading.parse(text), loading.parse(study_texts.template_text(name))
        assert (declared.slug, declared.title) == ("mine", 'A "new" title')
        # No language keeps the title of the design, and lists show the title as it is.
        assert {one.title for one in declared.translations.values()} <= {'A "new" title'}
        assert study_texts.title_of(text) == 'A "new" title'
        assert declared.consent == original.consent
        changed = study_texts.difference(study_texts.template_text(name), text)
        assert sum(line.kind in ("added", "removed") for line in changed) == (
            6 + 2 * len(declared.translations)
        )


def test_every_shipped_design_has_a_title_of_its_own_and_a_picture(study, signed_in):
    titles = [template.title for template in study_texts.templates()]
    assert len(set(titles)) == len(titles)
    listed = signed_in("owner").get(reverse("panel:new-study")).content.decode()
    assert listed.count('role="img"') == len(titles)
    for number, template in enumerate(study_texts.templates(), 1):
        assert f'<figcaption id="design-{number}-drawn">{template.picture.caption}<' in listed
        assert f'aria-describedby="design-{number}-drawn"' in listed


def test_a_design_becomes_a_study_before_its_images_are_stored(study, signed_in):
    owner = signed_in("owner")
    text = begin(owner, origin="design:demo.toml")
    source = newest(text).source
    page = owner.post(editor(text), {"source": source, "after": 1, "act": "use"})
    assert page.status_code == 302
    begun = Study.objects.get(slug="mine")
    assert (begun.image_set.name, begun.image_set.images.count()) == ("scenes", 0)
    assert missing_for_launch(begun) != []
    images = owner.get(reverse("panel:images", args=["mine"])).content.decode()
    assert "Draw the scenes" in images


def test_a_changed_text_asks_for_no_job_once_all_images_are_predicted(db, tmp_path, signed_in):
    draft = factories.draft_study(tmp_path)
    add_member(draft, "owner", **SWITCHES["owner"])
    factories.predict(draft)
    text = study_texts.text_of(draft, User.objects.get(username="owner"))
    for title in ("One title", "Another title"):
        last = newest(text)
        source = last.source.replace('title = "', f'title = "{title}" # "', 1)
        sent = {"source": source, "after": last.number, "act": "use"}
        signed_in("owner").post(editor(text), sent)
        assert Study.objects.get().title == title
        assert missing_for_launch(Study.objects.get()) == []


def test_a_misspelt_image_set_is_a_mistake(study, signed_in):
    owner = signed_in("owner")
    text = begin(owner, origin="design:demo.toml")
    source = newest(text).source.replace('set = "scenes"', 'set = "scnes"')
    page = owner.post(editor(text), {"source": source, "after": 1, "act": "use"})
    assert "images of &#x27;scnes&#x27;, split &#x27;test&#x27;" in page.content.decode()
    assert not Study.objects.filter(slug="mine").exists()


def test_a_copy_becomes_a_study_of_its_author(own_text, signed_in):
    response = signed_in("owner").post(
        editor(own_text), {"source": newest(own_text).source, "after": 1, "act": "use"}
    )
    assert response.status_code == 302
    study = Study.objects.get(slug="mine")
    assert (study.title, study.state) == ("My study", "draft")
    assert StudyMember.objects.get(study=study).user.username == "owner"
    assert StudyMember.objects.get(study=study).owner
    assert AuditEntry.objects.filter(study="mine", act="member added").exists()
    own_text.refresh_from_db()
    assert own_text.study == study


def test_a_file_of_ones_own_is_taken_with_its_comments(study, signed_in):
    content = "\ufeff# Ours\r\n" + study.source.replace("\n", "\r\n")
    text = begin(signed_in("viewer"), file=SimpleUploadedFile("s.toml", content.encode()))
    assert newest(text).source.startswith("# Ours\n")
    assert "\r" not in newest(text).source


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"slug": "small"}, "belongs to another study"),
        ({"slug": "with space"}, "such as with-space,"),
        ({"file": SimpleUploadedFile("s.toml", b"\xff\xfe\x00")}, "not text in UTF-8"),
        ({"file": SimpleUploadedFile("s.toml", b"#" * 1_000_001)}, "larger than 1 MB"),
    ],
)
def test_a_fault_of_the_form_is_told_and_begins_nothing(study, signed_in, sent, sentence):
    response = signed_in("viewer").post(NEW, {"title": "T", "slug": "mine"} | sent)
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert not StudyText.objects.exists()


@pytest.mark.parametrize("origin", ["study:other", "study:none", "design:../../etc/passwd", "x"])
def test_nobody_copies_what_is_not_theirs(study, other_study, signed_in, origin):
    sent = {"title": "T", "slug": "mine", "origin": origin}
    assert signed_in("owner").post(NEW, sent).status_code == 404


def test_mistakes_are_listed_and_the_text_is_kept(own_text, signed_in):
    source = newest(own_text).source.replace("right = 3", "right = -3\nwrongg = 1")
    response = signed_in("owner").post(
        editor(own_text), {"source": source, "after": 1, "act": "use"}
    )
    assert response.status_code == 409
    assert len(response.context["problems"]) >= 2
    assert "wrongg" in response.content.decode()
    assert newest(own_text).source == source
    assert not Study.objects.filter(slug="mine").exists()
    again = signed_in("owner").get(editor(own_text))
    assert again.context["problems"] == response.context["problems"]


def test_gaps_in_the_texts_stand_beside_a_file_without_mistakes(own_text, signed_in):
    source = newest(own_text).source.replace("What it was about.", "Write to [contact address].")
    signed_in("owner").post(editor(own_text), {"source": source, "after": 1})
    shown = signed_in("owner").get(editor(own_text)).context
    assert shown["problems"] == []
    (gap,) = shown["gaps"]
    assert "[contact address]" in gap.sentence


def test_a_second_editor_is_refused_with_a_comparison_and_loses_nothing(study, signed_in):
    text = study_texts.text_of(study, User.objects.get(username="owner"))
    first, second = (study.source.replace("A small study", name) for name in ("First", "Second"))
    signed_in("owner").post(editor(text), {"source": first, "after": 1})
    response = signed_in("editor").post(editor(text), {"source": second, "after": 1})
    assert response.status_code == 409
    page = response.content.decode()
    assert "owner saved version 2 meanwhile" in page
    lines = [(line.kind, line.text) for line in response.context["lines"]]
    assert ("removed", '-title = "First"') in lines
    assert ("added", '+title = "Second"') in lines
    assert response.context["source"] == second
    assert newest(text).source == first
    response = signed_in("editor").post(editor(text), {"source": second, "after": 2})
    assert response.status_code == 302
    assert (newest(text).number, newest(text).source, newest(text).who) == (3, second, "editor")


def test_an_unchanged_text_makes_no_version(own_text, signed_in):
    for _ in range(2):
        signed_in("owner").post(editor(own_text), {"source": newest(own_text).source, "after": 1})
    assert TextVersion.objects.count() == 1


def test_a_short_name_in_use_cannot_be_taken_over_by_a_file(own_text, other_study, signed_in):
    """Whoever loads the file of another study would replace that study."""
    for slug in ("other", "small"):
        source = newest(own_text).source.replace('slug = "mine"', f'slug = "{slug}"')
        sent = {"source": source, "after": newest(own_text).number, "act": "use"}
        response = signed_in("owner").post(editor(own_text), sent)
        assert "belongs to another study" in response.content.decode()
    assert Study.objects.get(slug="other").source == other_study.source


def test_a_running_study_takes_texts_and_refuses_other_changes(study, signed_in):
    factories.walk(factories.allocated(study, "person"))
    text = study_texts.text_of(study, User.objects.get(username="editor"))
    browser = signed_in("editor")
    wrong = study.source.replace("right = 3", "right = 2")
    response = browser.post(editor(text), {"source": wrong, "after": 1, "act": "use"})
    assert "can no longer change: " in response.content.decode()
    assert Study.objects.get(pk=study.pk).source == study.source
    better = study.source.replace("What it was about.", "What it was all about.")
    response = browser.post(editor(text), {"source": better, "after": 2, "act": "use"})
    assert response.status_code == 302
    assert Study.objects.get(pk=study.pk).source == better
    assert study.versions.count() == 2


def test_a_version_is_compared_downloaded_and_taken_back(study, signed_in):
    text = study_texts.text_of(study, User.objects.get(username="owner"))
    changed = study.source.replace("A small study", "Another title")
    browser = signed_in("owner")
    browser.post(editor(text), {"source": changed, "after": 1})
    page = browser.get(reverse("panel:compare-versions", args=[text.pk, 2])).content.decode()
    assert "Compared with version 1" in page
    assert page.count('class="removed"') == page.count('class="added"') == 1
    assert "Another title" in page
    file = browser.get(reverse("panel:download-version", args=[text.pk, 1]))
    assert file.content.decode() == study.source
    browser.post(editor(text), {"source": study.source, "after": 2, "act": "save"})
    assert (newest(text).number, newest(text).source) == (3, study.source)


def test_versions_are_side_by_side_with_a_changed_line_next_to_what_it_was():
    lines = study_texts.difference("a\nb\nc\nd\n", "a\nB\nc\nd\ne\nf\n")
    rows = study_texts.side_by_side(lines)
    before, after = (
        [line.text if line else None for line in side] for side in zip(*rows, strict=True)
    )
    assert before == ["@@ -1,4 +1,6 @@", " a", "-b", " c", " d", None, None]
    assert after == [None, " a", "+B", " c", " d", "+e", "+f"]


def test_a_file_without_a_study_is_its_authors_alone(own_text, administrator, signed_in):
    for name, status in (("editor", 404), ("owner", 200), ("administrator", 200)):
        assert signed_in(name).get(editor(own_text)).status_code == status
    assert "My study" in signed_in("owner").get(reverse("panel:home")).content.decode()
    assert "My study" not in signed_in("editor").get(reverse("panel:home")).content.decode()


def test_a_study_loaded_elsewhere_begins_with_its_own_file(study):
    text = study_texts.text_of(study, User.objects.get(username="owner"))
    assert (newest(text).number, newest(text).source) == (1, study.source)
    study = services.load_study(study.source.replace("A small study", "Loaded by a command"))
    text = study_texts.text_of(study, User.objects.get(username="owner"))
    assert "Loaded by a command" in newest(text).source


def test_each_mistake_links_to_its_line_also_without_a_script(own_text, signed_in):
    source = newest(own_text).source.replace('method = "lime"', 'method = "limes"')
    line = next(n for n, text in enumerate(source.splitlines(), 1) if '"limes"' in text)
    owner = signed_in("owner")
    owner.post(editor(own_text), {"source": source, "after": 1})
    page = owner.get(editor(own_text)).content.decode()
    assert f'<a href="#line-{line}" data-line="{line}">line {line}</a>' in page
    assert f'<li id="line-{line}"><code>method = &quot;limes&quot;</code>' in page
