"""Axe on the pages around a participation: arriving, going back, refusals, errors, previews."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from studyplatform.panel import preview
from surveys import services
from surveys.models import Event, PageView, Participant, Study
from surveys.recruitment.visitor import Visitor
from surveys.simulation.browser import Browser, Page
from tests.browser import axe
from tests.browser.axe import LANGUAGES
from tests.browser.walking import choose_first, ready, send, send_and_be_told
from tests.surveys import factories
from tests.surveys.drawn import drawn_study
from tests.surveys.people import go_on, who
from tests.surveys.recruitment import studies
from tests.surveys.recruitment.studies import ANN, BEN, finish, link

pytestmark = pytest.mark.browser
# Playwright's own loop runs in this thread, which Django takes for an asynchronous context.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

TITLE = {"en": "A study of some design", "de": "Eine Studie"}
GERMAN = """
[pages]
resume_hours = 48
[text.de]
title = "Eine Studie"
[text.de.consent]
text = "Was hier geschieht."
[text.de.debrief]
text = "Worum es ging."
[text.de.classes]
car = "Auto"
truck = "Lastwagen"
boat = "Boot"
tree = "Baum"
"""


def recruited(folder: Path, recruitment: str = studies.PROLIFIC, **options) -> Study:
    return studies.recruited(folder, recruitment + GERMAN, **options)


@pytest.fixture
def paid(transactional_db, tmp_path, _data_in_a_folder_of_its_own) -> Study:
    return recruited(tmp_path)


def check(page, language: str, heading: str) -> None:
    with translation.override(language):
        axe.check(page, language, gettext(heading))


def agree(study: Study, ids: dict[str, str], language: str) -> tuple[Browser, Page]:
    """Somebody follows the link in this language, and agrees, without a screen."""
    browser = Browser()
    consent = browser.open(f"{link(study, ids)}&language={language}")
    return browser, browser.send(consent, {})


@pytest.mark.nightly
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_where_people_of_a_service_arrive(
    page, live_server, paid, tmp_path, settings, language
):
    def follow(study: Study, ids: dict[str, str]) -> None:
        page.goto(f"{live_server.url}{link(study, ids)}&language={language}")

    sona = recruited(tmp_path, studies.SONA, slug="credit")
    service = recruited(tmp_path, studies.SERVICE, slug="by-service")
    for study, ids in ((paid, BEN), (sona, {"id": "48271"}), (service, {"pid": "b2"})):
        follow(study, ids)
        check(page, language, TITLE[language])
    settings.ARRIVALS_PER_MINUTE = 0
    send(page)
    check(page, language, "Please wait a minute")
    follow(paid, ANN | {"PROLIFIC_PID": "nobody"})
    check(page, language, "We cannot tell where you came from")
    visitor = Visitor("prolific", ANN["PROLIFIC_PID"], ANN["SESSION_ID"])
    services.enrol(study=paid, arrival_key="ann", visitor=visitor)
    follow(paid, ANN | {"SESSION_ID": "another"})
    check(page, language, "You have already started")
    send(page)  # without a code
    assert page.locator("[aria-invalid]").count() == 1
    check(page, language, "You have already started")
    only_new = studies.PROLIFIC.replace('"prolific"', '"prolific"\nexclude = ["paid"]')
    follow(recruited(tmp_path, only_new, slug="second"), ANN)
    check(page, language, "You cannot take part in this study")


@pytest.mark.nightly
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_where_a_study_takes_nobody(page, live_server, paid, tmp_path, language):
    small = recruited(tmp_path, slug="small", places=2)
    _, late = agree(small, ANN | {"STUDY_ID": ""}, language)
    for number in (3, 4):
        ids = {"PROLIFIC_PID": f"5a{number:022d}", "SESSION_ID": f"s{number}"}
        browser, end = agree(small, ids, language)
        go_on(browser, end, 1)
    page.goto(f"{live_server.url}{late.path}")
    choose_first(page)
    send_and_be_told(page, "a.button")
    check(page, language, "All places are taken")
    assert page.locator("a.button").count() == 1
    page.goto(f"{live_server.url}{link(small, BEN)}&language={language}")
    send(page)
    check(page, language, "All places are taken")
    services.close_study(study=paid)
    for state, heading in (
        ("closed", "This study is closed"),
        ("draft", "This study has not started yet"),
    ):
        Study.objects.filter(pk=paid.pk).update(state=state)
        page.goto(f"{live_server.url}{link(paid, BEN)}&language={language}")
        check(page, language, heading)


@pytest.mark.nightly
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_the_ways_back_to_a_service(page, live_server, paid, language):
    for number, fail in enumerate((0, 2), start=7):
        ids = ANN | {"PROLIFIC_PID": f"5a{number:022d}", "SESSION_ID": f"s{number}"}
        browser, first = agree(paid, ids, language)
        end = finish(paid, browser, first, fail)
        page.goto(f"{live_server.url}{end.path}")
        assert page.locator("output.code").inner_text() == ("CATTENT1" if fail else "CDONE111")
        check(page, language, "Thank you")
    _, first = agree(paid, BEN, language)
    services.stop(participant=who(first))
    page.goto(f"{live_server.url}{first.path}")
    check(page, language, "You have stopped")
    page.goto(f"{live_server.url}{first.path}withdraw/")
    with page.expect_navigation():
        page.locator("button[value=delete]").click()
    assert page.locator("output.code").inner_text() == "CLEFT111"
    check(page, language, "Your answers are deleted")
    _, first = agree(paid, ANN, language)
    away = timezone.now() - timedelta(hours=50)
    PageView.objects.update(first_shown_at=away, last_shown_at=away)
    Participant.objects.update(consented_at=away)
    page.goto(f"{live_server.url}{first.path}")
    check(page, language, "Too much time has passed")


@pytest.mark.nightly
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_refusals_and_errors(
    page, live_server, paid, client, monkeypatch, language
):
    page.context.set_extra_http_headers({"Accept-Language": language})
    browser, first = agree(paid, ANN, language)
    own = f"{live_server.url}{first.path}"

    def sent_twice() -> None:
        go_on(browser, browser.open(first.path), 1)

    def sent_out_of_turn() -> None:
        page.evaluate("document.querySelector('[name=step]').value = 'trial:9'")

    for spoil, heading in (
        (sent_out_of_turn, "This is not your current page"),
        (sent_twice, "You have already answered this page"),
    ):
        page.goto(own)
        ready(page)
        page.locator("fieldset label").last.click()
        spoil()
        send_and_be_told(page, "a.button")
        check(page, language, heading)
    assert set(Event.objects.values_list("kind", flat=True)) == {"out of order", "conflict"}

    User.objects.create_user("assistant", password="a long password", is_staff=True)
    client.login(username="assistant", password="a long password")
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    page.context.add_cookies([session | {"url": live_server.url}])
    preview_of = reverse("preview:begin", kwargs={"slug": paid.slug})
    for path, status, heading in (
        (preview_of, 403, "You do not have access to this page"),
        ("/p/nobody/", 404, "Page not found"),
        ("/s/nothing/", 404, "Page not found"),
    ):
        assert page.goto(f"{live_server.url}{path}").status == status
        check(page, language, heading)

    page.goto(f"{live_server.url}{link(paid, BEN)}")
    page.context.clear_cookies()
    send(page)
    check(page, language, "The page could not be sent")
    page.goto(f"{live_server.url}{link(paid, BEN)}")
    page.evaluate(
        "document.querySelector('form').append(...Array.from({length: 1001}, (_, n) =>"
        " Object.assign(document.createElement('input'), {type: 'hidden', name: `n${n}`})))"
    )
    send(page)
    check(page, language, "The request could not be understood")
    monkeypatch.setattr(services, "has_lapsed", lambda *_: 1 / 0)
    assert page.goto(own).status == 500
    check(page, language, "Something went wrong")


@pytest.fixture
def researcher(page, live_server, transactional_db, client):
    """A page of somebody who is signed in, and what opens a preview's page in it."""
    User.objects.create_superuser("admin", password="a long password")
    client.login(username="admin", password="a long password")
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    page.context.add_cookies([session | {"url": live_server.url}])

    def look(shown: Study, arm: str, language: str, number: int) -> None:
        where = {"slug": shown.slug, "arm": arm, "language": language, "number": number}
        page.goto(f"{live_server.url}{reverse('preview:page', kwargs=where)}")
        axe.check(page, language)

    return look


def first_trial(study: Study) -> int:
    """Its page among those of the preview."""
    pages = preview.pages(study)
    return next(one.number for one in pages if one.step and one.step.kind == "trial")


@pytest.mark.nightly
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_previews(page, researcher, tmp_path, language):
    study = drawn_study(tmp_path, arms=("none", "gradcam"), extra=GERMAN.split("48\n")[1])
    trial = first_trial(study)
    for number in (0, len(preview.pages(study)) - 1, trial):
        researcher(study, "none", language, number)
    page.locator(".preview details summary").click()
    choose_first(page)
    send_and_be_told(page, ".preview [role=status]")
    axe.check(page, language)


def test_axe_finds_nothing_on_a_preview_without_pictures(page, researcher, tmp_path):
    study = factories.draft_study(tmp_path)
    researcher(study, "gradcam", "en", first_trial(study))
    assert page.locator("h1").text_content() == "No picture yet"
