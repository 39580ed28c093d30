"""Where a trial's parts are: everything in view in a wide window, the answers in view on a phone,
and every arm laid out alike apart from its map."""

from typing import TYPE_CHECKING

import pytest

from surveys import services, tasks
from surveys.models import Participant, Study
from surveys.pages import sequence
from tests.browser.walking import ready
from tests.surveys.drawn import ARMS, drawn_study, explain_classes
from tests.surveys.factories import allocated, walk

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
DESKTOPS = ((1280, 720), (1366, 650))
TASKS = tuple(task.key for task in tasks.TASKS)
MOST_PEOPLE = 40


@pytest.fixture
def small(transactional_db, tmp_path, _data_in_a_folder_of_its_own) -> Study:
    return drawn_study(tmp_path, arms=("none", "gradcam", "lime"))


def in_arm(study: Study, arm: str) -> Participant:
    """A new participant of the arm."""
    people = (allocated(study, f"{arm} {n}", simulated=True) for n in range(MOST_PEOPLE))
    return next(person for person in people if person.arm and person.arm.key == arm)


def trials(someone: Participant) -> "list[sequence.Step]":
    """Walk to the participant's first trial, and return the pages of it."""
    while (step := sequence.current_step(someone)) is not None and step.kind != "trial":
        walk(someone, pages=1)
    return [
        other
        for other in sequence.steps_of(someone)
        if step is not None and other.trial_position == step.trial_position
    ]


def bottom(page: "Page", place: str) -> float:
    """The lower edge of the last such element, in pixels below the window's upper edge."""
    box = page.locator(place).last.bounding_box()
    assert box is not None, place
    return box["y"] + box["height"]


def look(page: "Page", server: str, someone: Participant, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{server}/p/{someone.code}/")
    ready(page)


def places(page: "Page", *selectors: str) -> list[tuple[int, ...]]:
    """Width, height and upper edge of each, whatever its place from left to right."""
    boxes = (page.locator(selector).first.bounding_box() for selector in selectors)
    return [tuple(round(box[side]) for side in ("width", "height", "y")) for box in boxes if box]


def test_a_trial_is_in_view_without_scrolling_and_alike_in_every_arm(page, live_server, small):
    laid_out = {}
    for arm in ("none", "gradcam", "lime"):
        someone = in_arm(small, arm)
        trials(someone)
        for size in DESKTOPS:
            look(page, live_server.url, someone, size)
            assert bottom(page, "form .actions button") <= size[1], (arm, size)
            assert bottom(page, ".stimulus img") <= size[1], (arm, size)
            found = places(page, ".image img", ".says", "fieldset", ".actions button")
            assert len(found) == 4
            laid_out[arm, size] = [found[0], found[1][1:], *found[2:]]
        # No box stands in for the map that an arm does not show.
        assert page.locator(".stimulus > *:visible").count() == (3 if arm != "none" else 2)
    for size in DESKTOPS:
        assert laid_out["none", size] == laid_out["gradcam", size] == laid_out["lime", size]


def test_on_a_phone_one_touch_switches_between_picture_and_map(chromium, live_server, small):
    someone = in_arm(small, "lime")
    trials(someone)
    for script in (True, False):
        context = chromium.new_context(
            viewport={"width": 390, "height": 844},
            has_touch=True,
            is_mobile=True,
            java_script_enabled=script,
        )
        page = context.new_page()
        page.goto(f"{live_server.url}/p/{someone.code}/")
        if script:
            ready(page)
        shown, hidden = page.locator("figure.map"), page.locator("figure.image")
        assert shown.is_visible()
        assert not hidden.is_visible()
        page.set_viewport_size({"width": 390, "height": 664})  # below and above a browser's bars
        assert bottom(page, "fieldset .option") <= 664, "the last answers are in view"
        page.locator(".views label").first.tap()
        assert hidden.is_visible()
        assert not shown.is_visible()
        assert not page.locator(".keys").is_visible(), "a hint for people with a keyboard"
        context.close()


@pytest.mark.nightly
def test_in_a_window_enlarged_twice_picture_and_answers_stand_side_by_side(
    page, live_server, small
):
    someone = in_arm(small, "gradcam")
    trials(someone)
    look(page, live_server.url, someone, (640, 360))
    picture = page.locator(".stack").bounding_box()
    question = page.locator("fieldset").first.bounding_box()
    assert picture["y"] + picture["height"] <= 360
    assert question["y"] < 360
    assert question["x"] >= picture["x"] + picture["width"]


@pytest.mark.nightly
@pytest.mark.usefixtures("_data_in_a_folder_of_its_own")
@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_in_view_in_every_arm(page, live_server, transactional_db, tmp_path, task):
    arms = ARMS[1:] if task == "distinction" else ARMS
    part = f'[[parts]]\nkind = "instructions"\n[[parts]]\nkind = "trials"\ntask = "{task}"\n'
    part += 'compare = ["gradcam", "lime"]\n' if task == "preference" else ""
    after = '[[parts]]\nkind = "questionnaire"\nquestionnaire = "trust-v1"\n'
    study = drawn_study(
        tmp_path,
        arms=arms,
        parts=f"{part}right = 2\nwrong = 1\n{after}",
        control=arms[0],
        opened=False,
    )
    explain_classes(study)
    services.open_study(study=study)
    laid_out = {}
    for arm in arms:
        someone = in_arm(study, arm)
        for stage in trials(someone):
            for size in DESKTOPS:
                look(page, live_server.url, someone, size)
                assert bottom(page, "form .actions button") <= size[1], (arm, stage.key, size)
                found = places(page, ".image img", "fieldset", ".actions button")
                laid_out.setdefault((stage.stage, size), set()).add(tuple(found))
            walk(someone, pages=1)
    for where, seen in laid_out.items():
        assert len(seen) == 1, (where, seen)
