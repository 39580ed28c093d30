"""WCAG 2.2 AA: axe finds nothing on any page, in any arm, light and dark, in both languages."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from surveys import services
from surveys.models import PageView, Participant
from surveys.pages import sequence
from surveys.pages.kinds import catalogue
from surveys.study_file import page_kinds
from tests.browser.axe import LANGUAGES, check, flaws
from tests.browser.walking import begin, choose_first, ready, send, send_and_be_told
from tests.surveys.drawn import ARMS, drawn_study
from tests.surveys.everykind import every_kind_study
from tests.surveys.factories import allocate, walk

pytestmark = pytest.mark.browser
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture
def study(transactional_db, tmp_path, _data_in_a_folder_of_its_own):
    return every_kind_study(tmp_path)


def check_errors(page, language: str) -> None:
    """Send the page with every answer missing: the list of them has the focus, and leads there."""
    send_and_be_told(page)
    check(page, language)
    box = page.locator(".errors")
    assert box.evaluate("box => box === document.activeElement")
    for link in box.locator("a").all():
        assert page.locator(link.get_attribute("href")).count() == 1


@pytest.mark.parametrize(
    ("language", "thorough"),
    [
        ("en", False),
        pytest.param("en", True, marks=pytest.mark.nightly),
        pytest.param("de", True, marks=pytest.mark.nightly),
    ],
)
def test_axe_finds_nothing_on_the_way_from_the_consent_to_the_code(
    page, live_server, study, language, thorough
):
    """Each kind of page; if `thorough`, each questionnaire in each part and stage."""
    address = f"{live_server.url}/s/{study.slug}/?language={language}"
    page.goto(address)
    check(page, language)
    someone = begin(page, address)
    seen, failed = set(), set()
    with translation.override(language):
        while (step := sequence.current_step(someone)) is not None:
            page_of = (step.kind, step.questionnaire if thorough else "")
            place = (*page_of, step.part, step.stage) if thorough else page_of
            fails = page_of not in failed and any(
                item.required for item in catalogue.items(someone, step)
            )
            if place not in seen or fails:
                page.goto(f"{live_server.url}/p/{someone.code}/")
                ready(page)
                check(page, language)
            if fails:
                check_errors(page, language)
                failed.add(page_of)
            seen.add(place)
            walk(someone, pages=1)
    page.goto(f"{live_server.url}/p/{someone.code}/")
    check(page, language)
    assert {kind for kind, *_ in seen} == {kind.key for kind in page_kinds.KINDS}
    assert {kind for kind, _ in failed} == {
        "questionnaire",
        "quiz",
        "trial",
        "attention",
        "perception",
    }


@pytest.mark.nightly
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_the_pages_beside_the_way(page, live_server, study, language):
    outside = f"{live_server.url}/s/{study.slug}"
    someone = begin(page, f"{outside}/?language={language}")
    own = f"{live_server.url}/p/{someone.code}/"
    for path in (f"{own}withdraw/", f"{outside}/anew/", f"{outside}/withdraw/?language={language}"):
        page.goto(path)
        check(page, language)
    send(page)  # without a code
    check(page, language)
    page.goto(own)
    ready(page)
    services.stop(participant=someone)
    send_and_be_told(page, "a.button")  # refused
    check(page, language)
    for path in (own, f"{own}withdraw/"):
        page.goto(path)
        check(page, language)
    with page.expect_navigation():
        page.locator("button[value=delete]").click()
    check(page, language)
    _come_back_too_late(page, f"{live_server.url}/p/", study, language)
    check(page, language)
    services.close_study(study=study)
    page.context.clear_cookies()
    page.context.set_extra_http_headers({"Accept-Language": language})
    for path in (f"/s/{study.slug}/", "/", "/nothing-here/"):
        page.goto(f"{live_server.url}{path}")
        check(page, language)


def _come_back_too_late(page, address: str, study, language: str) -> None:
    late = services.enrol(study=study, arrival_key="late", language=language)
    services.record_view(participant=late, step=sequence.current_step(late).key)
    old = timezone.now() - timedelta(hours=50)
    PageView.objects.update(first_shown_at=old, last_shown_at=old)
    Participant.objects.filter(pk=late.pk).update(consented_at=old)
    page.goto(f"{address}{late.code}/")


@pytest.mark.nightly
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_any_arm(page, live_server, study, language):
    arms = set()
    for number in range(len(ARMS)):
        key = f"visit {number}"
        someone = services.enrol(study=study, arrival_key=key, language=language)
        left = {"instructions", "trial"}
        while left and (step := sequence.current_step(someone)) is not None:
            if step.kind in left:
                page.goto(f"{live_server.url}/p/{someone.code}/")
                ready(page)
                check(page, language)
                left.remove(step.kind)
            walk(someone, pages=1)
        assert not left
        arms.add(someone.arm.key)
    assert arms == set(ARMS)


def test_axe_finds_nothing_on_a_page_in_use(page, live_server, transactional_db, tmp_path):
    """The map over the image, then hidden, the image enlarged, and what folds opened."""
    study = drawn_study(tmp_path, arms=("none", "gradcam"), map_place="over")
    people = (services.enrol(study=study, arrival_key=f"person {n}") for n in range(20))
    someone = next(one for one in people if allocate(one).arm.key == "gradcam")
    walk(someone, pages=2)
    page.goto(f"{live_server.url}/p/{someone.code}/")
    ready(page)
    check(page, "en")
    page.set_viewport_size({"width": 1280, "height": 720})  # a phone enlarges with two fingers
    for use in ("Show the map", "Enlarge"):
        page.get_by_role("button", name=use).click()
    page.locator("footer summary").click()
    choose_first(page)
    check(page, "en")


def test_axe_would_find_a_flaw(page):
    page.set_content(
        '<main><h1>Flaws</h1><img src="none.png"><input name="nameless">'
        '<p style="color: #999; background: #aaa">Too pale</p></main>'
    )
    found = {line.split(": ")[1] for line in flaws(page)}
    assert {"image-alt", "label", "color-contrast", "html-has-lang"} <= found
