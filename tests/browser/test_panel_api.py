"""Pages of tokens, of the API and of the schedule in Chromium, at three widths, light and dark."""

import pytest
from django.urls import reverse

from tests.api.test_api import token_of
from tests.browser import axe
from tests.browser.axe import flaws
from tests.browser.test_panel_accounts import WIDTHS
from tests.browser.test_panel_jobs import panel

__all__ = ["panel"]  # a fixture
pytestmark = pytest.mark.browser


@pytest.mark.nightly
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_the_api_have_no_flaw_at_any_width(page, panel, study, live_server, width):
    page.set_viewport_size({"width": width, "height": 844})
    tokens = panel(page, "api-tokens")
    page.goto(tokens)
    assert page.get_by_text("No token yet").is_visible()
    token_of(study)
    for address in (tokens, live_server.url + reverse("api:openapi-view")):
        page.goto(address)
        assert flaws(page) == [], address
        assert axe.width(page) <= width, address
        assert page.locator("h1").count() == 1


@pytest.mark.nightly
@pytest.mark.parametrize("width", WIDTHS)
def test_the_schedule_is_typed_and_shown_without_a_flaw_at_any_width(page, panel, study, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(panel(page, "schedule"))
    assert flaws(page) == []
    assert axe.width(page) <= width
    page.get_by_label("End collection at").fill("2099-05-04T18:30")
    page.get_by_label("Pause when so many have completed").fill("40")
    page.get_by_role("button", name="Store the schedule").click()
    page.get_by_text("Collection ends 4 May 2099, 18:30 UTC.").wait_for()
    assert flaws(page) == []
    page.goto(panel(page, "schedule"))
    assert page.get_by_label("End collection at").input_value() == "2099-05-04T18:30"
