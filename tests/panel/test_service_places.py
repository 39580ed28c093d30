"""Places at Prolific are raised after a dry run and a confirmation, and never without both."""

import re

import pytest
from django.urls import reverse

from studyplatform.models import AuditEntry
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys.recruitment import studies
from tests.surveys.recruitment.conftest import prolific
from tests.surveys.recruitment.studies import ANN, come

__all__ = ["prolific"]  # a fixture
PAY = "\n[recruitment.codes]"


@pytest.fixture
def recruiting(db, tmp_path, prolific):
    """A study of 60 places, 1 of them taken, that pays 2 pounds and has 40 places at Prolific."""
    text = studies.PROLIFIC.replace(PAY, f'\npay = 2\ncurrency = "GBP"{PAY}')
    study = studies.recruited(tmp_path, text)
    browser, page = come(study, ANN)
    studies.finish(study, browser, page)
    add_member(study, "owner", **SWITCHES["owner"])
    return study


def post(browser, name, study, **data):
    return browser.post(reverse(f"panel:{name}", args=[study.slug]), data, follow=True)


def look(browser, study, total=50) -> str:
    return post(browser, "prepare-service-places", study, total=total).content.decode()


def plan_of(page: str) -> str:
    return re.search(r'name="plan" value="([^"]+)"', page)[1]


def send(browser, study, plan: str, confirmed="yes") -> str:
    sent = post(browser, "send-service-places", study, plan=plan, confirmed=confirmed)
    return sent.content.decode()


def test_the_dry_run_tells_numbers_and_costs_and_changes_nothing(recruiting, prolific, signed_in):
    page = look(signed_in("owner"), recruiting, 110)
    assert "40 places, of which 38 are taken" in page
    assert "110 places, 70 more" in page
    assert "up to 140.00 GBP without fees" in page
    # 110 less the 38 of Prolific are 72 people to come, for 59 places.
    assert "13 people whom Prolific could then send would find the study full here." in page
    assert "would find the study full" not in look(signed_in("owner"), recruiting, 50)
    assert prolific.places_asked == []
    assert not AuditEntry.objects.filter(act="places at Prolific raised").exists()


def test_a_confirmed_number_is_sent_and_noted(recruiting, prolific, signed_in):
    owner = signed_in("owner")
    page = send(owner, recruiting, plan_of(look(owner, recruiting)))
    assert "Prolific now has 50 places." in page
    assert prolific.places_asked == [{"total_available_places": 50}]
    (act,) = AuditEntry.objects.filter(act="places at Prolific raised")
    assert (act.before, act.after) == ({"places": 40}, {"places": 50})


def test_nothing_is_sent_without_dry_run_and_confirmation(recruiting, prolific, signed_in):
    owner = signed_in("owner")
    assert "Confirm the number" in send(owner, recruiting, plan_of(look(owner, recruiting)), "")
    assert "too old" in send(owner, recruiting, "forged")
    assert prolific.places_asked == []


def test_a_number_that_is_not_higher_or_has_changed_is_refused(recruiting, prolific, signed_in):
    owner = signed_in("owner")
    assert "lets nobody lower them" in look(owner, recruiting, 40)
    plan = plan_of(look(owner, recruiting))
    prolific.places["total_available_places"] = 45
    assert "Prolific now has 45 places, not 40." in send(owner, recruiting, plan)
    assert prolific.places_asked == []


def test_the_page_of_another_study_and_an_answer_without_numbers_are_refused(
    recruiting, prolific, signed_in
):
    owner = signed_in("owner")
    plan = plan_of(look(owner, recruiting))
    prolific.places = {"status": "ACTIVE"}
    assert "contains no number of places" in look(owner, recruiting)
    recruiting.pk, recruiting.slug = None, "copied"
    recruiting.save()
    add_member(recruiting, "owner", **SWITCHES["owner"])
    other = post(owner, "send-service-places", recruiting, plan=plan, confirmed="yes")
    assert other.status_code == 404
    assert prolific.places_asked == []
