"""Decisions go to Prolific after a dry run and a confirmation, and never without both."""

import re

import pytest
from django.urls import reverse

from studyplatform.models import AuditEntry, SubmissionDecision
from surveys.models import Identity
from surveys.recruitment import prolific_decisions
from surveys.recruitment.prolific import ProlificError
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys.recruitment.conftest import paid, prolific
from tests.surveys.recruitment.prolificserver import CATEGORIES
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


@pytest.mark.nightly
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
    assert states() == {ANN["SESSION_ID"]: "APPROVED", BEN["SESSION_ID"]: AWAITING}
    assert AuditEntry.objects.get(act="decisions sent").after["stopped"] == "yes"


def test_a_list_of_another_study_is_refused(decided, prolific, signed_in, settings, tmp_path):
    owner = signed_in("owner")
    plan = plan_of(post(owner, "prepare-decisions", decided))
    decided.pk, decided.slug = None, "copied"
    decided.save()
    add_member(decided, "owner", **SWITCHES["owner"])
    assert post(owner, "send-decisions", decided, plan=plan, confirmed="yes").status_code == 404
    assert prolific.sent == []


@pytest.mark.parametrize("category", sorted(CATEGORIES))
def test_the_form_offers_exactly_the_categories_that_prolific_knows(category):
    assert category in prolific_decisions.CATEGORIES
    assert len(prolific_decisions.CATEGORIES) == len(CATEGORIES)


@pytest.mark.nightly
def test_a_category_that_prolific_does_not_know_is_refused(decided, prolific):
    with pytest.raises(ProlificError, match="400"):
        prolific_decisions.reject(BEN["SESSION_ID"], category="FAILED_ATTENTION", message=MESSAGE)


@pytest.mark.nightly
def test_a_decision_that_prolific_still_processes_is_not_listed_again(decided, prolific, signed_in):
    owner = signed_in("owner")
    prolific.at_once = "PROCESSING"
    plan = plan_of(post(owner, "prepare-decisions", decided))
    page = post(owner, "send-decisions", decided, plan=plan, confirmed="yes", **REASON)
    assert set(states().values()) == {"PROCESSING"}
    assert "Nothing is to be carried out." in page.content.decode()
    # Prolific can come to another end: then the decision is open again.
    listed(prolific, AWAITING, "REJECTED")
    page = post(owner, "refresh-statuses", decided)
    assert page.context["to_carry_out"].approve == (ANN["SESSION_ID"],)
    assert page.context["to_carry_out"].reject == ()


@pytest.mark.nightly
def test_statuses_are_shown_as_they_were_fetched_last_and_renewed_by_a_button(
    decided, prolific, signed_in
):
    owner = signed_in("owner")
    address = reverse("panel:submissions", args=[decided.slug])
    assert "Prolific has told none yet." in owner.get(address).content.decode()
    listed(prolific, "RETURNED", AWAITING)
    page = post(owner, "refresh-statuses", decided)
    assert "Prolific listed 2 submissions." in page.content.decode()
    asked = len(prolific.asked)
    page = owner.get(address)
    assert len(prolific.asked) == asked, "nothing is fetched to show the page"
    statuses = page.context["statuses"]
    assert dict(statuses.numbers) == {"RETURNED": 1, AWAITING: 1}
    first = statuses.at
    assert first is not None
    post(owner, "refresh-statuses", decided)
    renewed = owner.get(address).context["statuses"]
    assert renewed.at > first, "an unchanged status has a new time"
    assert renewed.numbers == statuses.numbers
    assert AuditEntry.objects.filter(act="statuses fetched").count() == 2
    for identity in Identity.objects.all():
        assert identity.participant.pseudonym not in page.content.decode()
