"""A participant's page in Chromium, with an exclusion, notes and a decision, at three widths."""

import pytest

from studyplatform.models import SubmissionDecision
from surveys import services
from surveys.models import Identity
from tests.browser import axe
from tests.browser.axe import flaws
from tests.browser.test_panel_accounts import WIDTHS
from tests.browser.test_panel_jobs import panel
from tests.surveys import factories

__all__ = ["panel"]  # a fixture
pytestmark = pytest.mark.browser


@pytest.mark.nightly
@pytest.mark.parametrize("width", WIDTHS)
def test_a_participants_page_has_no_flaw_at_any_width(page, panel, study, width):
    page.set_viewport_size({"width": width, "height": 844})
    person = factories.walk(factories.allocated(study, "somebody"), pages=2)
    Identity.objects.create(study=study, participant=person, external_hash="h" * 64)
    address = panel(page, "participant", person.pseudonym)
    page.goto(address)
    page.get_by_text("Exclude by hand").click()
    assert flaws(page) == []
    page.get_by_label("Reason").fill("The phone broke.")
    page.get_by_role("button", name="Exclude", exact=True).click()
    page.get_by_text("“The phone broke.”").wait_for()
    page.get_by_label("Note").fill("Called us about the phone.")
    page.get_by_role("button", name="Add the note").click()
    page.get_by_text("Called us about the phone.").first.wait_for()
    SubmissionDecision.objects.create(participant=person, decision="approve", by="owner")
    for shown in (address, panel(page, "participants")):
        page.goto(shown)
        assert flaws(page) == [], shown
        assert axe.width(page) <= width, shown
    services.include_again(participant=person)
