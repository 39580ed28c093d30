"""The page of tokens and the reference of the API in Chromium, at three widths, light and dark."""

import pytest
from django.urls import reverse

from tests.api.test_api import token_of
from tests.browser.axe import flaws
from tests.browser.test_panel_accounts import WIDTHS
from tests.browser.test_panel_jobs import panel

__all__ = ["panel"]  # a fixture
pytestmark = pytest.mark.browser


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
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert page.locator("h1").count() == 1
