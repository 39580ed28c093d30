"""A researcher's account in Chromium: invitation, password, second factor, out, and in again."""

import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import RequestFactory
from django.urls import reverse

from studyplatform.accounts import links
from tests.browser import axe
from tests.browser.axe import flaws
from tests.panel.conftest import SWITCHES, add_member, administrator
from tests.panel.test_sign_in import SECRET, code_at
from tests.surveys import factories

__all__ = ["administrator"]  # a fixture
PASSWORD = "an unusual long phrase"
WIDTHS = (390, *(pytest.param(width, marks=pytest.mark.nightly) for width in (820, 1280)))


@pytest.fixture
def invitation(transactional_db, tmp_path, _data_in_a_folder_of_its_own, live_server) -> str:
    cache.clear()
    study = factories.small_study(tmp_path)
    owner = add_member(study, "owner", **SWITCHES["owner"])
    created = links.invite(
        RequestFactory().get("/"),
        email="anna@example.org",
        study=study,
        switches=links.Switches(make_changes=True),
        by=owner,
    )
    return live_server.url + created.address.removeprefix("http://testserver")


def is_fine(page) -> None:
    """Nothing is wider than the window, the page has a title and one heading, and no flaw."""
    page.emulate_media(reduced_motion="reduce")  # colours are measured when nothing moves
    width = page.viewport_size["width"]
    assert axe.width(page) <= width, page.url
    assert page.title().endswith("Explanation studies"), page.url
    assert page.locator("h1").count() == 1, page.url
    assert flaws(page) == [], page.url
    page.emulate_media(color_scheme="light")


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_from_an_invitation_to_a_sign_in_with_a_second_factor(tab, live_server, invitation, width):
    tab.set_viewport_size({"width": width, "height": 844})
    tab.goto(invitation)
    is_fine(tab)
    tab.get_by_label("Your name").fill("Anna")
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.get_by_label("Password, again").fill(PASSWORD)
    tab.get_by_role("button", name="Create the account").click()
    assert tab.locator("h1").inner_text() == "A small study"
    is_fine(tab)
    tab.get_by_role("link", name="anna@example.org").click()
    is_fine(tab)
    tab.get_by_role("link", name="Set up an app").click()
    is_fine(tab)
    # The code is drawn within the page, under the same strict policy as everything else.
    drawn = tab.locator(".app-code svg path").bounding_box()
    assert drawn["width"] > 100
    tab.get_by_text("I cannot scan it").click()
    secret = tab.locator(".key").inner_text()
    tab.get_by_label("Authenticator code").fill(code_at(time.time(), secret))
    tab.get_by_role("button", name="Set up").click()
    assert tab.locator("h1").inner_text() == "Recovery codes"
    is_fine(tab)
    code = tab.locator(".codes li").first.inner_text()
    tab.get_by_role("button", name="Sign out").click()
    is_fine(tab)
    tab.get_by_label("E-mail address or user name").fill("anna@example.org")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    assert tab.locator("h1").inner_text() == "Second factor"
    is_fine(tab)
    tab.get_by_label("Code from your app").fill(code)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    assert tab.locator("h1").inner_text() == "Your studies"
    is_fine(tab)


@pytest.mark.nightly
@pytest.mark.browser
def test_a_passkey_alone_signs_in(tab, live_server, transactional_db):
    cache.clear()
    ben = User.objects.create_user("ben@example.org", "ben@example.org", PASSWORD)
    TOTP.activate(ben, SECRET)
    device = tab.context.new_cdp_session(tab)
    device.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    kind |= {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": kind})
    tab.goto(f"{live_server.url}{reverse('mfa_add_webauthn')}")
    tab.get_by_label("E-mail address or user name").fill("ben@example.org")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    tab.get_by_label("Code from your app").fill(code_at(time.time()))
    tab.get_by_role("button", name="Sign in", exact=True).click()
    tab.goto(f"{live_server.url}{reverse('mfa_add_webauthn')}")
    is_fine(tab)
    tab.get_by_label("Sign in with it alone").check()
    tab.get_by_role("button", name="Add", exact=True).click()
    tab.get_by_role("link", name="Back to your account").click()
    assert tab.get_by_text("Passkey 1").count()
    is_fine(tab)
    tab.get_by_role("button", name="Sign out", exact=True).first.click()
    tab.get_by_role("button", name="Sign in with a passkey").click()
    tab.wait_for_url(f"**{reverse('panel:home')}")
    assert tab.locator("h1").inner_text() == "Your studies"


@pytest.mark.nightly
@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_members_and_people_are_accessible(
    tab, live_server, invitation, administrator, width
):
    tab.set_viewport_size({"width": width, "height": 844})
    tab.goto(f"{live_server.url}{reverse('people')}")
    tab.get_by_label("E-mail address or user name").fill("administrator")
    tab.get_by_label("Password").fill("a phrase of administrators")
    tab.get_by_role("button", name="Sign in", exact=True).click()
    is_fine(tab)
    tab.get_by_label("E-mail address").fill("carla@example.org")
    tab.get_by_role("button", name="Invite").click()
    assert tab.locator("[data-copied]").count() == 1
    is_fine(tab)
    owner = User.objects.get(username="owner")
    for path in (
        reverse("person", args=[owner.pk]),
        reverse("panel:home"),
        reverse("panel:published"),
        reverse("panel:published-study", args=["nesl"]),
        reverse("panel:members", args=["small"]),
        reverse("panel:member", args=["small", owner.memberships.get().pk]),
    ):
        tab.goto(live_server.url + path)
        is_fine(tab)
