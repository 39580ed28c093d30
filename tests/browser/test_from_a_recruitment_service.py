"""A person follows a link from a recruitment service's site, in Chromium, and goes back there."""

import os
from urllib.parse import urlsplit

import pytest

from surveys.models import Identity, Participant
from tests.surveys.recruitment import studies

pytestmark = pytest.mark.browser
# Playwright's own loop runs in this thread, which Django takes for an asynchronous context.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
SERVICE = "https://service.example.org"


@pytest.fixture
def service_site(tab):
    """The service's pages: one that a test fills, and the ends, which keep their requests."""
    ends = []

    def answer(route):
        ends.append(route.request)
        route.fulfill(body="<!doctype html><title>Service</title><h1>Thank you</h1>")

    tab.route(f"{SERVICE}/end**", answer)
    return ends


def follow(tab, address: str) -> None:
    """Click the recruitment service's link to the address."""
    page = f'<!doctype html><title>Service</title><a href="{address}">Take part</a>'
    tab.route(f"{SERVICE}/start", lambda route: route.fulfill(body=page, content_type="text/html"))
    tab.goto(f"{SERVICE}/start")
    tab.get_by_role("link", name="Take part").click()


def test_ids_come_with_the_link_and_go_back_with_the_person(
    live_server, transactional_db, tab, service_site, tmp_path
):
    study = studies.recruited(tmp_path, studies.SERVICE, slug="by-service")
    follow(tab, f"{live_server.url}/s/{study.slug}/?pid=a1")
    # The cookie that carries the id is set on the way from another site: Lax lets it through.
    assert tab.url == f"{live_server.url}/s/{study.slug}/"
    tab.get_by_role("heading", name="Your Panelists ID").wait_for()
    assert not Participant.objects.exists()
    tab.get_by_role("button", name="I agree to take part").click()
    assert "a1" not in urlsplit(tab.url).query
    assert Identity.objects.get().external_id == "a1"
    tab.get_by_role("link", name="Stop or withdraw").click()
    tab.get_by_role("button", name="Withdraw, and delete my answers").click()
    assert not Identity.objects.exists()
    tab.get_by_role("link", name="Go back to Panelists").click()
    assert tab.get_by_role("heading", name="Thank you").is_visible()
    (end,) = service_site
    assert end.url == f"{SERVICE}/end?status=3&id=a1"
    assert "referer" not in end.headers  # the secret address of the participation stays here
