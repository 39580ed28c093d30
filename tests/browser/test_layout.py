"""No page scrolls sideways at 320 pixels, in either direction of writing; nothing moves unasked."""

import os

import pytest

from surveys import services
from surveys.pages import sequence
from surveys.pages.kinds import catalogue
from tests.browser.walking import ready, send_and_be_told
from tests.surveys import mirrored
from tests.surveys.everykind import every_kind_study, mirrored_study
from tests.surveys.factories import walk

pytestmark = pytest.mark.browser
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def overflow(tab) -> list[str]:
    """What reaches over the window's edge, if the page scrolls sideways."""
    return tab.evaluate(
        """() => {
            const page = document.documentElement;
            if (page.scrollWidth <= innerWidth) return [];
            return [...document.querySelectorAll("body *")].filter((element) => {
                const box = element.getBoundingClientRect();
                return box.right > innerWidth + 1 || box.left < -1;
            }).map((element) => element.outerHTML.slice(0, 120));
        }"""
    )


def showing_though_hidden(tab) -> list[str]:
    """What is marked as hidden, and seen all the same because of a rule on its kind of element."""
    return tab.evaluate(
        """() => [...document.querySelectorAll("[hidden]")]
            .filter((element) => element.checkVisibility())
            .map((element) => element.outerHTML.slice(0, 120))"""
    )


def views_of_the_sheet(tab) -> list[list]:
    """Width, height and place of each view of the file of pictures in which one is found again."""
    return tab.locator(".found-again img").evaluate_all(
        """(images) => images.map((image) => {
            const { objectFit, objectPosition } = getComputedStyle(image);
            return [image.clientWidth, image.clientHeight, objectFit, objectPosition];
        })"""
    )


def walk_narrow(tab, server: str, study, language: str) -> None:
    """Every kind of page once at 320 by 640, with its list of errors where it can have one."""
    tab.set_viewport_size({"width": 320, "height": 640})
    tab.goto(f"{server}/s/{study.slug}/?language={language}")
    assert overflow(tab) == [], tab.url
    someone = services.enrol(study=study, arrival_key="a visit", language=language)
    seen = set()
    while (step := sequence.current_step(someone)) is not None:
        page_of = (step.kind, step.questionnaire, step.part, step.stage)
        if page_of not in seen:
            tab.goto(f"{server}/p/{someone.code}/")
            ready(tab)
            assert overflow(tab) == [], step.key
            assert showing_though_hidden(tab) == [], step.key
            if step.kind == "perception":  # seven squares, each with a picture of its own
                views = views_of_the_sheet(tab)
                assert [high - wide for wide, high, *_ in views] == [0] * 7
                assert [fit for *_, fit, _ in views] == ["cover"] * 7
                assert len({place for *_, place in views}) == 7
            if any(item.required for item in catalogue.items(someone, step)):
                send_and_be_told(tab)
                assert overflow(tab) == [], step.key
        seen.add(page_of)
        walk(someone, pages=1)
    for path in ("", "withdraw/"):
        tab.goto(f"{server}/p/{someone.code}/{path}")
        assert overflow(tab) == [], tab.url


@pytest.fixture
def german(transactional_db, tmp_path, _data_in_a_folder_of_its_own):
    return every_kind_study(tmp_path)


@pytest.fixture
def right_to_left(transactional_db, tmp_path, settings, _data_in_a_folder_of_its_own):
    settings.LOCALE_PATHS = [mirrored.write_catalogue(tmp_path)]
    mirrored.write_instrument(settings.INSTRUMENTS_DIR)
    return mirrored_study(tmp_path)


@pytest.mark.nightly
def test_no_page_scrolls_sideways_in_german_with_its_long_words(tab, live_server, german):
    walk_narrow(tab, live_server.url, german, "de")


def test_answers_stand_beside_their_question_in_a_wide_window_and_below_it_on_a_phone(
    tab, live_server, german
):
    someone = services.enrol(study=german, arrival_key="a visit")
    walk(someone, pages=1)
    tab.goto(f"{live_server.url}/p/{someone.code}/")
    ready(tab)
    for width in (1280, 390):
        tab.set_viewport_size({"width": width, "height": 720})
        first = tab.locator("fieldset").first
        question, answer = (
            first.locator(place).first.bounding_box() for place in ("legend", ".option")
        )
        if width == 1280:
            assert answer["x"] >= question["x"] + question["width"]
            assert abs(answer["y"] - question["y"]) < 12
        else:
            assert answer["y"] >= question["y"] + question["height"]
        assert overflow(tab) == []


@pytest.mark.nightly
def test_no_page_scrolls_sideways_from_right_to_left(tab, live_server, right_to_left):
    walk_narrow(tab, live_server.url, right_to_left, "he")


def test_that_check_would_notice_something_wide(tab):
    tab.set_viewport_size({"width": 320, "height": 640})
    tab.set_content("<p style='width: 400px'>wide</p>")
    assert overflow(tab) == ['<p style="width: 400px">wide</p>']
    tab.set_content("<p hidden style='display: block'>hidden</p>")
    assert len(showing_though_hidden(tab)) == 1


@pytest.mark.nightly
def test_pages_are_mirrored_where_writing_runs_from_right_to_left(tab, live_server, right_to_left):
    tab.set_viewport_size({"width": 1280, "height": 900})
    edges = {}
    for language in ("en", "he"):
        someone = services.enrol(study=right_to_left, arrival_key=language, language=language)
        walk(someone, pages=3)
        tab.goto(f"{live_server.url}/p/{someone.code}/")
        ready(tab)
        edges[language] = [
            (box["x"], box["x"] + box["width"])
            for box in (
                tab.locator(place).first.bounding_box()
                for place in (".option input", "#progress", ".actions button")
            )
        ]
    for (left, right), (other_left, other_right) in zip(*edges.values(), strict=True):
        # As far from the right edge as the other is from the left, words apart.
        assert min(abs(1280 - right - other_left), abs(1280 - left - other_right)) < 3


@pytest.mark.nightly
def test_the_colours_of_a_legend_are_mirrored_with_their_words(tab, live_server, right_to_left):
    for key in "abc":
        someone = services.enrol(study=right_to_left, arrival_key=key, language="he")
        if walk(someone, pages=3).arm.key != "none":
            break
    tab.goto(f"{live_server.url}/p/{someone.code}/")
    ready(tab)
    strip = tab.locator(".strip")
    assert strip.evaluate("it => getComputedStyle(it).transform") == "matrix(-1, 0, 0, 1, 0, 0)"
    low, high = (end.bounding_box()["x"] for end in tab.locator(".map .ends span").all())
    assert low > high


@pytest.mark.nightly
def test_nothing_moves_for_those_who_want_no_motion(chromium, live_server, german):
    moving = """() => [...document.querySelectorAll("*")].filter((element) => {
        const style = getComputedStyle(element);
        return [...style.transitionDuration.split(","), ...style.animationDuration.split(",")]
            .some((duration) => parseFloat(duration) > 0);
    }).length"""
    someone = services.enrol(study=german, arrival_key="a visit")
    counts = {}
    for motion in ("reduce", "no-preference"):
        context = chromium.new_context(reduced_motion=motion)
        page = context.new_page()
        page.goto(f"{live_server.url}/p/{someone.code}/")
        counts[motion] = page.evaluate(moving)
        context.close()
    assert counts["reduce"] == 0
    assert counts["no-preference"] > 0
