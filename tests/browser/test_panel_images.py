"""Images and explanations in Chromium: the whole way without a script, and pages without a flaw."""

import zipfile

import pytest
from django.urls import reverse

from studyplatform.models import StudyImageSet
from surveys.study_file.stored import definition
from tests.browser import axe
from tests.browser.axe import LANGUAGES, flaws
from tests.browser.conftest import leave
from tests.panel.test_images import png, predict
from tests.surveys.drawn import CLASSES, drawn_study

pytestmark = pytest.mark.browser
WIDTHS = (390, 820, 1280)


@pytest.fixture
def study(transactional_db, tmp_path, _data_in_a_folder_of_its_own):
    """A draft."""
    return drawn_study(tmp_path, opened=False, arms=("none", "gradcam", "lime"))


def zip_of_thirty(path) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(30):
            archive.writestr(f"{CLASSES[number % 4]}/{number:02}.png", png(number))
    return str(path)


@pytest.mark.nightly
def test_own_images_are_uploaded_and_chosen_without_a_script(
    chromium, live_server, cookie, study, tmp_path
):
    context = chromium.new_context(java_script_enabled=False)
    context.set_default_timeout(60_000)
    context.add_cookies([cookie])
    page = context.new_page()

    def press(name: str) -> None:
        # The tests' database does not let anybody write while a picture is read.
        page.wait_for_load_state("networkidle")
        page.get_by_role("button", name=name, exact=True).click()

    page.goto(live_server.url + reverse("panel:images", args=[study.slug]))
    page.get_by_role("link", name="Upload images").click()
    page.get_by_label("Images or zip files").set_input_files(zip_of_thirty(tmp_path / "own.zip"))
    press("Upload")
    page.get_by_text("30 images were stored.").wait_for()
    press("Use these images in the study")
    page.get_by_text("The study uses the images of “drawn-images” now.").wait_for()
    page.get_by_text("I want to choose the images myself").click()
    press("Compute predictions")
    page.get_by_text("predictions alone").first.wait_for()
    predict(study, StudyImageSet.objects.get(study=study).image_set, wrong=10)  # as the job does
    page.goto(live_server.url + reverse("panel:choose-images", args=[study.slug]))
    for label, value in {"Right predictions": "7", "Wrong predictions": "4"}.items():
        page.get_by_label(label).fill(value)
    press("Pick at random")
    page.get_by_text("7 right and 4 wrong predictions").wait_for()
    page.get_by_label("Chosen ones only").uncheck()
    press("Show")
    page.locator(".pictures li:not(.ticked) input[type=checkbox]").first.check()
    press("Update the choice")
    page.get_by_text("8 right and 4 wrong predictions").or_(
        page.get_by_text("7 right and 5 wrong predictions")
    ).wait_for()
    press("Show these images in the study")
    page.get_by_text("The study file names 12 images now.").wait_for()
    assert page.get_by_role("heading", name="What the study still needs").is_visible()
    study.refresh_from_db()
    assert len(definition(study).images.names) == 12
    leave(context)


@pytest.mark.nightly
@pytest.mark.parametrize("widths", [WIDTHS[:1], pytest.param(WIDTHS, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_have_no_flaw_at_any_width(
    chromium, live_server, cookie, study, language, widths
):
    context = chromium.new_context(locale=language, reduced_motion="reduce")
    context.add_cookies([cookie])
    context.set_default_timeout(60_000)
    page = context.new_page()
    image = study.stimuli.first().prediction.image
    for name, *arguments in (
        ("images",), ("upload-images",), ("choose-images",), ("explanations",),
        ("explained-image", image.pk),
    ):  # fmt: skip
        page.set_viewport_size({"width": WIDTHS[0], "height": 844})
        page.goto(live_server.url + reverse(f"panel:{name}", args=[study.slug, *arguments]))
        assert page.locator("html").get_attribute("lang") == language
        for width in widths:
            page.set_viewport_size({"width": width, "height": 844})
            assert flaws(page) == [], (name, width)
            wide = axe.width(page)
            assert wide <= width, (name, width)
    leave(context)


def test_a_refused_upload_is_told_above_the_form(chromium, live_server, cookie, study):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(live_server.url + reverse("panel:upload-images", args=[study.slug]))
    page.get_by_label("Images or zip files").set_input_files(
        [{"name": "page.png", "mimeType": "image/png", "buffer": b"<html><script>1</script>"}]
    )
    page.get_by_label("Class of all other images").select_option("car")
    page.get_by_role("button", name="Upload").click()
    alert = page.get_by_role("alert")
    alert.get_by_text("page.png is not a readable image").wait_for()
    assert flaws(page) == []
    context.close()
