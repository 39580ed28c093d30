"""Guide, editor, plan, pilot and launch in Chromium: without a script, and without a flaw."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse

from studyplatform.models import StudyText
from studyplatform.panel import pilots, study_texts
from studyplatform.panel.editor.catalogue import SECTIONS
from surveys import services
from surveys.models import Study
from surveys.services.stimuli import choose_stimuli
from tests.browser import axe
from tests.browser.axe import flaws
from tests.surveys.drawn import drawn_study

pytestmark = pytest.mark.browser
WIDTHS = (390, *(pytest.param(width, marks=pytest.mark.nightly) for width in (820, 1280)))
BRANCHES = ("answers", "endings", "sessions")
CONSENT = "You look at pictures and say what you think of them. You may stop at any time. " * 3


@pytest.fixture
def study(transactional_db, tmp_path, _data_in_a_folder_of_its_own) -> Study:
    """A draft that is ready for the launch, except for a short consent and a gap in its debrief."""
    study = drawn_study(tmp_path, opened=False)
    told = study_texts.loading.parse(study.source).debrief.text
    assert told in study.source
    study = services.load_study(study.source.replace(told, "Write to [contact address]."))
    choose_stimuli(study)
    return study


def address(live_server, name: str, *arguments) -> str:
    return live_server.url + reverse(f"panel:{name}", args=arguments)


def without_live_preview(tab) -> None:
    """Answer the preview beside a form with an empty page: its requests come while others write,
    which SQLite in memory refuses and a file waits for."""
    tab.route("**/live/", lambda route: route.fulfill(body="<main></main>"))


def test_a_gap_is_filled_and_the_study_piloted_and_launched_without_a_script(
    chromium, live_server, cookie, study
):
    context = chromium.new_context(java_script_enabled=False)
    context.set_default_timeout(60_000)
    context.add_cookies([cookie])
    page = context.new_page()

    def press(name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.get_by_role("button", name=name, exact=True).click()

    page.goto(address(live_server, "launch", study.slug))
    page.get_by_role("link", name="Edit the texts").first.click()
    page.get_by_label("Consent", exact=True).fill(CONSENT)
    page.get_by_label("Debrief", exact=True).fill("Write to us@lab.example.")
    press("Save and use in the study")
    page.get_by_text("The study uses it now.").wait_for()
    page.goto(address(live_server, "pilot", study.slug))
    press("Begin a pilot")
    page.get_by_text("The pilot runs.").wait_for()
    assert "rehearsal=" in page.get_by_label("Link for the pilot").input_value()
    page.goto(address(live_server, "launch", study.slug))
    page.get_by_role("link", name="Launch the study").click()
    page.get_by_role("heading", name="Launch the study?").wait_for()
    assert Study.objects.get(pk=study.pk).state == "draft"
    press("Launch the study")
    page.get_by_text("The study is running.").wait_for()
    page.goto(address(live_server, "plan", study.slug))
    page.get_by_text("Locked at the launch").wait_for()
    page.wait_for_load_state("networkidle")
    context.close()
    assert "us@lab.example" in Study.objects.get(pk=study.pk).source


def test_a_mistake_is_found_by_its_line(tab, live_server, cookie, study):
    owner = User.objects.get(username="owner")
    text = study_texts.text_of(study, owner)
    faulty = study.source.replace('method = "lime"', 'method = "limes"')
    study_texts.save(text, faulty, after=text.versions.all()[0].number, user=owner)
    tab.context.add_cookies([cookie])
    tab.set_viewport_size({"width": 1280, "height": 844})
    tab.goto(address(live_server, "study-text", text.pk))
    line = next(n for n, row in enumerate(faulty.splitlines(), 1) if '"limes"' in row)
    tab.get_by_role("link", name=f"line {line}").first.click()
    selected = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert tab.locator("#source").evaluate(selected) == 'method = "limes"'
    assert tab.locator(".gutter div").count() == faulty.count("\n") + 1


@pytest.mark.parametrize(
    "place", ["section", pytest.param("whole text", marks=pytest.mark.nightly)]
)
def test_the_browser_asks_before_typed_texts_are_lost(tab, live_server, cookie, study, place):
    text = study_texts.text_of(study, User.objects.get(username="owner"))
    tab.context.add_cookies([cookie])
    where = ("edit-section", text.pk, "texts") if place == "section" else ("study-text", text.pk)
    without_live_preview(tab)
    tab.goto(address(live_server, *where))
    asked = []

    def answer(dialog):
        asked.append(dialog.type)
        dialog.accept()

    tab.on("dialog", answer)
    note = tab.get_by_text("You have unsaved changes.")
    box = tab.locator("#source" if place == "whole text" else "textarea").first
    # Negative control: somebody who only looked, or who took a change back, is not asked.
    before = box.input_value()
    box.fill(f"{before} ")
    note.wait_for()
    box.fill(before)
    assert not note.is_visible()
    tab.reload()
    assert asked == []
    box.press_sequentially("# ")
    note.wait_for()
    tab.reload()
    assert asked == ["beforeunload"]
    # What is saved is not lost.
    box.press_sequentially("# ")
    tab.locator('.editor-side button[value="save"]').click()
    tab.get_by_text("Saved as version 2.").wait_for()
    assert asked == ["beforeunload"]


@pytest.mark.nightly
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_has_a_flaw_or_is_wider_than_its_window(
    tab, live_server, cookie, study, width, every
):
    """By day every fourth page."""
    call_command("import_images", data="scenes", split="test", limit=20, verbosity=0)
    pilots.begin(study)
    owner = User.objects.get(username="owner")
    text = study_texts.text_of(study, owner)
    # This design has conditions, endings and a session, whose forms are short in the other one.
    branched = study_texts.begin(owner, study_texts.template_text("screening.toml"))
    tab.context.add_cookies([cookie])
    tab.set_viewport_size({"width": width, "height": 844})
    tab.emulate_media(reduced_motion="reduce")
    pages = [
        ("guide",), ("new-study",), ("home",), ("study-text", text.pk), ("draft-begin", text.pk),
        *(
            ("edit-section", (branched if section.key in BRANCHES else text).pk, section.key)
            for section in SECTIONS
        ),
        ("study", study.slug), ("plan", study.slug), ("start-job", study.slug, "power"),
        ("pilot", study.slug), ("launch", study.slug), ("open", study.slug),
        ("delete-study", study.slug), ("audit", study.slug), ("members", study.slug),
    ]  # fmt: skip
    assert StudyText.objects.count() == 2
    without_live_preview(tab)
    for name, *arguments in pages[:: 1 if every else 4]:
        tab.goto(address(live_server, name, *arguments))
        assert axe.width(tab) <= width, tab.url
        assert flaws(tab) == [], tab.url
        tab.emulate_media(color_scheme="light")


def test_the_recruitment_shows_only_the_fields_of_the_chosen_kind(
    chromium, live_server, cookie, study
):
    text = study_texts.text_of(study, User.objects.get(username="owner"))
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(address(live_server, "edit-section", text.pk, "recruitment"))
    kind = page.get_by_label("People come by")
    for chosen, shown in (
        ("open", [False, False, False]),
        ("prolific", [True, False, True]),
        ("sona", [False, True, True]),
        ("service", [False, True, True]),
        ("lab", [False, False, True]),
    ):
        kind.select_option(chosen)
        groups = page.locator("fieldset.group").all()
        assert [group.is_visible() for group in groups] == shown, chosen
    context.close()


@pytest.mark.nightly
def test_a_change_shows_beside_the_form_before_it_is_saved(tab, live_server, cookie, study):
    text = study_texts.text_of(study, User.objects.get(username="owner"))
    tab.context.add_cookies([cookie])
    tab.set_viewport_size({"width": 1280, "height": 844})
    tab.emulate_media(reduced_motion="reduce")
    tab.goto(address(live_server, "edit-section", text.pk, "texts"), wait_until="networkidle")
    shown = tab.locator("#live-page")
    tab.get_by_label("Consent", exact=True).fill("We are the new lab.")
    tab.keyboard.press("Tab")
    shown.get_by_text("We are the new lab.").wait_for()
    tab.get_by_label("Page", exact=True).select_option(label="Debrief")
    shown.get_by_text("[contact address]").wait_for()
    assert text.versions.count() == 1
    # Nothing in it can be reached or sent.
    assert shown.evaluate("box => box.inert")
    assert flaws(tab) == []
    tab.wait_for_load_state("networkidle")
