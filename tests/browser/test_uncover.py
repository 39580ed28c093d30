"""A blurred picture is cleared by mouse and keys, and the path is stored as it was."""

import os

import pytest

from surveys.models import Uncovering
from surveys.pages import sequence
from tests.browser.test_trial_page import in_arm
from tests.surveys.drawn import drawn_study
from tests.surveys.factories import walk

pytestmark = pytest.mark.browser
PARTS = """
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
key = "look"
task = "uncover"
right = 2
wrong = 1
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
SHOTS = os.environ.get("UNCOVER_SHOTS", "")
"""Folder for pictures of the page, for a person who looks at them."""


@pytest.fixture
def study(transactional_db, tmp_path, _data_in_a_folder_of_its_own):
    return drawn_study(tmp_path, arms=("none", "gradcam"), parts=PARTS)


def to_trial(study):
    someone = in_arm(study, "gradcam")
    while sequence.current_step(someone).part != "look":
        walk(someone, pages=1)
    return someone


def path_of(someone, position):
    return Uncovering.objects.get(trial__participant=someone, trial__position=position).points


def send(page):
    for group in page.locator("fieldset[role=radiogroup]").all():
        group.locator("input").first.check(force=True)
    page.locator("[data-continue]").click()


def on_page(page, step):
    """Wait for the page of the step: the address is that of every page."""
    page.locator(f'form[data-ready] input[name=step][value="{step}"]').wait_for(state="attached")


@pytest.mark.nightly
def test_mouse_and_keys_clear_the_picture_and_their_path_is_stored(page, live_server, study):
    someone = to_trial(study)
    address = f"{live_server.url}/p/{someone.code}/"
    page.goto(address)
    page.locator("form[data-ready]").wait_for()
    assert page.locator("[data-cells]").count() == 0
    sharp = page.locator(".sharp")
    clip = "one => getComputedStyle(one).clipPath"
    assert "circle(0" in sharp.evaluate(clip)
    box = page.locator("[data-uncover] img").first.bounding_box()
    for x, y in ((0.25, 0.5), (0.75, 0.25)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.wait_for_timeout(250)
    shown = sharp.evaluate(clip)
    assert "75% 25%" in shown, shown
    page.mouse.move(1, 1)
    assert "circle(0" in sharp.evaluate(clip), "closed outside of the picture"
    send(page)
    on_page(page, "trial:2")
    points = path_of(someone, 1)
    places = [point[1:] for point in points if len(point) == 4]
    assert [place[2] for place in places] == ["p"] * len(places)
    assert max(abs(places[0][0] - 250), abs(places[0][1] - 500)) < 5
    assert max(abs(places[-1][0] - 750), abs(places[-1][1] - 250)) < 5
    assert len(points[-1]) == 1
    assert 150 < points[-1][0] - [one for one in points if len(one) == 4][-1][0] < 3000
    # By the keyboard: the middle, one step to the right, and Escape.
    page.locator("[data-uncover]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(150)
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(150)
    assert "63 percent from the left" in page.locator("[data-uncover-place]").inner_text()
    page.keyboard.press("Escape")
    send(page)
    on_page(page, "trial:3")
    keyed = [point[1:] for point in path_of(someone, 2)]
    assert keyed == [[500, 500, "k"], [625, 500, "k"], []]
    if SHOTS:
        photograph(page, page.context.browser, address)


@pytest.mark.nightly
def test_without_a_script_every_cell_is_as_wide_as_the_others(page, live_server, study):
    someone = to_trial(study)
    context = page.context.browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    still = context.new_page()
    still.goto(f"{live_server.url}/p/{someone.code}/")
    boxes = [one.bounding_box() for one in still.locator("button[name=cell]").all()]
    wide = still.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert wide == 390
    assert len(boxes) == 36
    assert {round(box["width"]) for box in boxes} <= {
        round(boxes[0]["width"]) + n for n in (-1, 0, 1)
    }
    assert all(box["width"] > 44 and box["x"] + box["width"] <= 390 for box in boxes)


def photograph(page, browser, address):
    for width, height in ((390, 844), (820, 1180), (1280, 800)):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            page.goto(address)
            page.locator("form[data-ready]").wait_for()
            box = page.locator("[data-uncover] img").first.bounding_box()
            page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.45)
            page.screenshot(path=f"{SHOTS}/{width}-{scheme}.png", full_page=True)
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    still = plain.new_page()
    still.goto(address)
    still.locator("button[name=cell]").nth(14).click()
    still.screenshot(path=f"{SHOTS}/no-script-390.png", full_page=True)
    still.set_viewport_size({"width": 1280, "height": 800})
    still.screenshot(path=f"{SHOTS}/no-script-1280.png", full_page=True)
    plain.close()
