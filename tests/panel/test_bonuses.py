"""Bonuses are paid after a list and a confirmation, by owners alone, and never twice."""

import re

import pytest
from django.urls import reverse

from studyplatform.models import AuditEntry
from surveys.models import BonusPayment, Participant
from surveys.recruitment.bonus_list import bonus_list
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys.recruitment import studies
from tests.surveys.recruitment.conftest import prolific
from tests.surveys.recruitment.studies import ANN, BEN, come, finish

__all__ = ["prolific"]  # a fixture
BONUS = """
[bonus]
rule = "accuracy"
per_right = 1.5
minimum = 0.5
maximum = 4
currency = "GBP"
"""


@pytest.fixture
def paying(db, tmp_path, prolific):
    """Ann and Ben came from Prolific, finished, and each have earned at least half a pound."""
    study = studies.recruited(tmp_path, studies.PROLIFIC + BONUS)
    add_member(study, "owner", **SWITCHES["owner"])
    for ids in (ANN, BEN):
        finish(study, *come(study, ids))
    return study


def look(browser, study) -> str:
    page = browser.get(reverse("panel:bonuses", args=[study.slug]))
    assert page.status_code == 200
    return page.content.decode()


def send(browser, study, plan: str, **data):
    sent = {"plan": plan, "confirmed": "yes", "act": "pay"} | data
    return browser.post(reverse("panel:pay-bonuses", args=[study.slug]), sent, follow=True)


def plan_of(page: str) -> str:
    return re.search(r'name="plan" value="([^"]+)"', page)[1]


def lines(study) -> str:
    return bonus_list(study).text(",")


def test_the_page_lists_ids_amounts_and_the_sum_and_sends_nothing(paying, prolific, signed_in):
    page, due = look(signed_in("owner"), paying), bonus_list(paying)
    assert len(due.due) == 2
    assert lines(paying) in page
    assert f"2 · {due.total} GBP" in page
    assert prolific.bonuses == []
    assert not BonusPayment.objects.exists()


def test_a_confirmed_list_is_announced_and_paid_as_documented(paying, prolific, signed_in):
    owner, text = signed_in("owner"), lines(paying)
    send(owner, paying, plan_of(look(owner, paying)))
    assert prolific.bonuses == [{"study_id": ANN["STUDY_ID"], "csv_bonuses": text}]
    assert prolific.bonuses_paid == ["bulk1"]
    assert set(BonusPayment.objects.values_list("state", "payment")) == {("paid", "bulk1")}
    (act,) = AuditEntry.objects.filter(act="bonuses sent")
    assert act.after == {"people": 2}


def test_a_second_click_a_second_list_and_an_old_list_pay_nobody_twice(paying, prolific, signed_in):
    owner = signed_in("owner")
    plan = plan_of(look(owner, paying))
    for _ in range(3):
        send(owner, paying, plan)
    assert len(prolific.bonuses_paid) == 1
    assert "No bonus is to be paid." in look(owner, paying)
    BonusPayment.objects.all().delete()  # the control: the list itself would be sent again
    send(owner, paying, plan)
    assert len(prolific.bonuses_paid) == 2


def test_an_error_while_paying_leaves_it_unclear_and_unpaid_again(paying, prolific, signed_in):
    prolific.refuses_to_pay = True
    owner = signed_in("owner")
    plan = plan_of(look(owner, paying))
    send(owner, paying, plan)
    assert set(BonusPayment.objects.values_list("state", flat=True)) == {"sent"}
    prolific.refuses_to_pay = False
    page = look(owner, paying)
    assert "bulk1" in page
    assert "No bonus is to be paid." in page
    send(owner, paying, plan)
    assert prolific.bonuses_paid == []


def test_a_refused_list_pays_nobody_and_stays(paying, prolific, signed_in, settings):
    owner = signed_in("owner")
    plan = plan_of(look(owner, paying))
    settings.PROLIFIC_API_TOKEN = "revoked"
    page = send(owner, paying, plan).content.decode()
    assert "401" in page
    assert not BonusPayment.objects.exists()
    assert len(bonus_list(paying).due) == 2


@pytest.mark.nightly
def test_what_was_paid_elsewhere_leaves_the_list(paying, prolific, signed_in):
    owner = signed_in("owner")
    send(owner, paying, plan_of(look(owner, paying)), act="mark")
    assert prolific.bonuses == []
    assert bonus_list(paying).due == ()
    assert BonusPayment.objects.filter(state="paid", payment="").count() == 2


def test_nothing_is_paid_without_a_confirmation_or_with_another_amount(paying, prolific, signed_in):
    owner = signed_in("owner")
    plan = plan_of(look(owner, paying))
    send(owner, paying, plan, confirmed="")
    send(owner, paying, "forged")
    Participant.objects.update(bonus="3.99")  # the list that was read says something else
    send(owner, paying, plan)
    assert prolific.bonuses == []
    assert not BonusPayment.objects.exists()


@pytest.mark.nightly
def test_only_owners_see_the_list(paying, signed_in):
    add_member(paying, "analyst", **SWITCHES["analyst"])
    for name in ("analyst",):
        page = signed_in(name).get(reverse("panel:bonuses", args=[paying.slug]))
        assert page.status_code in (403, 404)
        assert ANN["SESSION_ID"] not in page.content.decode()
