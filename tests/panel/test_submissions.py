"""Decisions on submissions to carry out at the service, and the comparison with its list."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from studyplatform.models import AuditEntry, SubmissionDecision
from studyplatform.panel.submissions import AtTheService
from surveys.models import Identity
from tests.daily import daily
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys.recruitment.conftest import paid, prolific
from tests.surveys.recruitment.studies import ANN, BEN, come, finish

__all__ = ["paid", "prolific"]  # fixtures
CARL = {key: f"{value[:-1]}7" for key, value in ANN.items()}
HEAD = "Submission id,Participant id,Status,Completion code\n"


@pytest.fixture
def owned(paid):
    for name in ("owner", "analyst"):
        add_member(paid, name, **SWITCHES[name])
    return paid


@pytest.fixture
def people(owned):
    """Ann completed and passed the checks; Ben failed them."""
    for ids, fail in ((ANN, 0), (BEN, 2)):
        finish(owned, *come(owned, ids), fail=fail)
    return {
        "ann": Identity.objects.get(session_id=ANN["SESSION_ID"]).participant,
        "ben": Identity.objects.get(session_id=BEN["SESSION_ID"]).participant,
    }


def address(name: str, study) -> str:
    return reverse(f"panel:{name}", args=[study.slug])


def shown(browser, study) -> str:
    return browser.get(address("submissions", study)).content.decode()


def upload(browser, study, content: str | bytes):
    raw = content if isinstance(content, bytes) else content.encode()
    file = SimpleUploadedFile("prolific_export.csv", raw)
    return browser.post(address("compare-submissions", study), {"file": file})


def test_the_ids_of_decided_submissions_are_listed_until_the_service_has_told_the_rest(
    owned, people, signed_in
):
    owner = signed_in("owner")
    assert "2 submissions are not decided." in shown(owner, owned)
    SubmissionDecision.objects.create(participant=people["ann"], decision="approve", by="owner")
    SubmissionDecision.objects.create(participant=people["ben"], decision="reject", by="owner")
    page = shown(owner, owned)
    context = owner.get(address("submissions", owned)).context["to_carry_out"]
    assert context.approve == (ANN["SESSION_ID"],)
    assert context.reject == (BEN["SESSION_ID"],)
    assert "Approve 1 submission" in page
    # The list must not lead from an id to a pseudonym.
    for person in people.values():
        assert person.pseudonym not in page
    Identity.objects.filter(participant=people["ann"]).update(service_status="APPROVED")
    assert "Approve 1 submission" not in shown(owner, owned)
    assert "Reject 1 submission" in shown(owner, owned)


def test_one_click_approves_whoever_completed_and_passed_the_checks(owned, people, signed_in):
    owner = signed_in("owner")
    page = owner.post(address("approve-submissions", owned), follow=True).content.decode()
    assert "1 submission decided." in page
    decision = SubmissionDecision.objects.get()
    assert (decision.participant, decision.decision) == (people["ann"], "approve")
    assert AuditEntry.objects.get(act="submissions approved").after == {"people": 1}
    owner.post(address("approve-submissions", owned))
    assert SubmissionDecision.objects.count() == 1


def test_a_decision_that_somebody_made_is_not_overwritten(owned, people, signed_in):
    SubmissionDecision.objects.create(participant=people["ann"], decision="reject", by="ada")
    signed_in("owner").post(address("approve-submissions", owned))
    assert SubmissionDecision.objects.get().decision == "reject"


def test_an_uploaded_list_is_compared_and_its_differences_are_explained(owned, people, signed_in):
    content = (
        f"{HEAD}{ANN['SESSION_ID']},{ANN['PROLIFIC_PID']},TIMED-OUT,\n"
        f"{BEN['SESSION_ID']},{BEN['PROLIFIC_PID']},AWAITING REVIEW,CATTENT1\n"
    )
    page = upload(signed_in("owner"), owned, content).content.decode()
    assert "Submissions at the service: 2. Participations here: 2." in page
    assert "The answers are complete, but the person ran out of time." in page
    assert reverse("panel:participant", args=[owned.slug, people["ann"].pseudonym]) in page
    assert people["ben"].pseudonym not in page, "both sides agree about Ben"
    assert AuditEntry.objects.get(act="list compared").after == {"listed": 2, "differences": 1}
    agreeing = content.replace("TIMED-OUT,", "AWAITING REVIEW,CDONE111")
    page = upload(signed_in("owner"), owned, agreeing).content.decode()
    assert "Both sides agree about every submission." in page


@pytest.mark.parametrize(
    ("content", "words"),
    daily(
        [
            ("a,b\n1,2\n", "must have the columns"),
            (b"\xff\xfe\x00", "cannot be read"),
            ("", "The submitted file is empty."),
        ],
        1,
    ),
)
def test_another_file_is_refused_with_the_cure(owned, people, signed_in, content, words):
    answer = upload(signed_in("owner"), owned, content)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_prolific_is_asked_where_there_is_a_token(owned, people, signed_in, prolific):
    owner = signed_in("owner")
    assert "Ask Prolific for the list" in shown(owner, owned)
    page = owner.post(address("compare-submissions", owned), {"ask": "yes"}).content.decode()
    assert prolific.asked
    assert "Participations here: 2." in page
    prolific.answers[1] = (500, b"", {})
    answer = owner.post(address("compare-submissions", owned), {"ask": "yes"})
    assert answer.status_code == 422
    assert "Prolific answered 500" in answer.content.decode()


def test_without_a_token_prolific_cannot_be_asked(owned, people, signed_in, settings):
    settings.PROLIFIC_API_TOKEN = ""
    assert "Ask Prolific for the list" not in shown(signed_in("owner"), owned)


def test_a_study_without_people_from_a_service_says_so(owned, signed_in):
    assert "Nobody has come from a recruitment service yet" in shown(signed_in("owner"), owned)


def test_only_owners_are_led_there(owned, people, signed_in):
    path = address("submissions", owned)
    for name in ("participants", "monitor"):
        page = reverse(f"panel:{name}", args=[owned.slug])
        assert path in signed_in("owner").get(page).content.decode()
        assert path not in signed_in("analyst").get(page).content.decode()


def test_the_monitor_counts_the_statuses_of_the_service_and_what_disagrees(
    owned, people, signed_in
):
    def counted():
        return signed_in("analyst").get(address("monitor", owned)).context["service"]

    assert counted() == AtTheService([], 0, 0)
    told = Identity.objects.filter(study=owned)
    told.filter(participant=people["ann"]).update(service_status="APPROVED")
    told.filter(participant=people["ben"]).update(service_status="AWAITING REVIEW")
    come(owned, CARL)
    told.filter(session_id=CARL["SESSION_ID"]).update(service_status="AWAITING REVIEW")
    assert counted() == AtTheService([("APPROVED", 1), ("AWAITING REVIEW", 2)], 1, 0)
    told.filter(participant=people["ben"]).update(service_status="RETURNED")
    assert counted().not_there == 1
