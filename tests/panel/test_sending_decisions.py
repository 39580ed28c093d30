"""Decisions go to Prolific after a dry run and a confirmation, and never without both."""

import re

import pytest
from django.urls import reverse

from studyplatform.models import AuditEntry, SubmissionDecision
from surveys.models import Identity
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys.recruitment.conftest import paid, prolific
from tests.surveys.recruitment.studies import ANN, BEN, come, finish

__all__ = ["paid", "prolific"]  # fixtures
MESSAGE = "You failed both attention checks of the study, which asked for a particular answer. " * 2
REASON = {"category": "FAILED_CHECK", "message": MESSAGE}


@pytest.fixture
def decided(paid, prolific):
    """Ann is to be approved and Ben to be rejected; both await their review at Prolific."""
    add_member(paid, "owner", **SWITCHES["owner"])
    for ids, decision in ((ANN, "approve"), (BEN, "reject")):
        finish(paid, *come(paid, ids), fail=0)
        person = Identity.objects.get(session_id=ids["SESSION_ID"]).participant
        SubmissionDecision.objects.create(participant=person, decision=decision, by="owner")
    listed(prolific, AWAITING, AWAITING)
    return paid


AWAITING = "AWAITING REVIEW"


def listed(prolific, ann: str, ben: str) -> None:
    """Let Prolific list the two submissions with these states, on a single page."""
    states = {ANN["SESSION_ID"]: ann, BEN["SESSION_ID"]: ben}
    results = [
        {"id": key, "participant_id": "x", "status": state, "study_code": ""}
        for key, state in states.items()
    ]
    prolific.says(1, {"results": results, "meta": {"count": 2}, "_links": {}})


def post(browser, name, study, **data):
    return browser.post(reverse(f"panel:{name}", args=[study.slug]), data, follow=True)


def plan_of(page) -> str:
    return re.search(r'name="plan" value="([^"]+)"', page.content.decode())[1]


def states() -> dict[str, str]:
    return {one.session_id: one.service_status for one in Identity.objects.all()}


def test_the_dry_run_lists_what_would_be_sent_and_sends_nothing(decided, prolific, signed_in):
    page = post(signed_in("owner"), "prepare-decisions", decided)
    assert page.context["approve"] == (ANN["SESSION_ID"],)
    assert page.context["reject"] == (BEN["SESSION_ID"],)
    assert prolific.sent == []
    assert not AuditEntry.objects.filter(act="decisions sent").exists()


def test_a_confirmed_list_is_sent_with_reason_and_noted(decided, prolific, signed_in):
    owner = signed_in("owner")
    plan = plan_of(post(owner, "prepare-decisions", decided))
    post(owner, "send-decisions", decided, plan=plan, confirmed="yes", **REASON)
    assert prolific.sent == [
        (ANN["SESSION_ID"], {"action": "APPROVE"}),
        (BEN["SESSION_ID"], {"action": "REJECT", "message": MESSAGE.strip(),
                             "rejection_category": "FAILED_CHECK"}),
    ]  # fmt: skip
    assert states() == {ANN["SESSION_ID"]: "APPROVED", BEN["SESSION_ID"]: "REJECTED"}
    (act,) = AuditEntry.objects.filter(act="decisions sent")
    assert act.after == {"approved": 1, "rejected": 1}
    assert ANN["SESSION_ID"] not in str(act.after), "an id would outlive an erasure"


@pytest.mark.parametrize(
    "sent",
    [
        {"confirmed": "", **REASON},
        {"confirmed": "yes", "category": "FAILED_CHECK", "message": "Too short."},
        {"confirmed": "yes", "plan": "forged", **REASON},
    ],
    ids=["no confirmation", "no reason", "no dry run"],
)
def test_nothing_is_sent_without_dry_run_confirmation_and_reason(
    decided, prolific, signed_in, sent
):
    owner = signed_in("owner")
    plan = plan_of(post(owner, "prepare-decisions", decided))
    post(owner, "send-decisions", decided, **{"plan": plan, **sent})
    assert prolific.sent == []


def test_what_prolific_has_settled_already_is_left_out(decided, prolific, signed_in):
    listed(prolific, "APPROVED", AWAITING)
    page = post(signed_in("owner"), "prepare-decisions", decided)
    assert page.context["approve"] == ()
    assert [left.status for left in page.context["prepared"].left] == ["APPROVED"]


def test_a_decision_that_changed_after_the_dry_run_is_not_sent(decided, prolific, signed_in):
    owner = signed_in("owner")
    plan = plan_of(post(owner, "prepare-decisions", decided))
    SubmissionDecision.objects.filter(decision="approve").update(decision="reject")
    post(owner, "send-decisions", decided, plan=plan, confirmed="yes", **REASON)
    assert [submission for submission, _body in prolific.sent] == [BEN["SESSION_ID"]]


def test_an_error_ends_the_sending_and_what_was_sent_stays_noted(decided, prolific, signed_in):
    owner = signed_in("owner")
    plan = plan_of(post(owner, "prepare-decisions", decided))
    prolific.refuses_after = 1
    page = post(owner, "send-decisions", decided, plan=plan, confirmed="yes", **REASON)
    assert "1 approved, 0 rejected" in page.content.decode()
    assert "Prolific answered 400" in page.content.decode()
    assert states() == {ANN["SESSION_ID"]: "APPROVED", BEN["SESSION_ID"]: ""}
    assert AuditEntry.objects.get(act="decisions sent").after["stopped"] == "yes"


def test_a_list_of_another_study_is_refused(decided, prolific, signed_in, settings, tmp_path):
    owner = signed_in("owner")
    plan = plan_of(post(owner, "prepare-decisions", decided))
    decided.pk, decided.slug = None, "copied"
    decided.save()
    add_member(decided, "owner", **SWITCHES["owner"])
    assert post(owner, "send-decisions", decided, plan=plan, confirmed="yes").status_code == 404
    assert prolific.sent == []
