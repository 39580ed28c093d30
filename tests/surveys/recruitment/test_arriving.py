import logging

import pytest
from django.core import signing
from django.test import Client, RequestFactory

from surveys import services
from surveys.models import AllocationSlot, Identity, Participant, Trial
from surveys.recruitment.visitor import Visitor
from surveys.simulation.browser import Browser
from surveys.web import signed_links, visitor_cookie
from tests.surveys.people import go_on, who
from tests.surveys.recruitment import studies
from tests.surveys.recruitment.studies import ANN, BEN, come, link

CONSENT = ["A study of some design"]
UNKNOWN = ["We cannot tell where you came from"]
BEGUN = ["You have already started"]


def everything() -> tuple[int, ...]:
    taken = AllocationSlot.objects.filter(participant__isnull=False)
    return (*(m.objects.count() for m in (Participant, Identity, Trial)), taken.count())


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_link_preview_claims_nothing(paid, method):
    before = everything()
    for _ in range(20):
        previewer = Client()
        shown = getattr(previewer, method)(link(paid, ANN))
        assert shown.status_code == 303
        assert getattr(previewer, method)(shown["Location"]).status_code == 200
    assert everything() == before == (0, 0, 0, 0)


def test_the_ids_leave_the_address_before_anything_is_shown(paid):
    shown = Client().get(link(paid, ANN))
    assert (shown.status_code, shown["Location"]) == (303, "/s/paid/")
    cookie = shown.cookies["visitor"]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"]) == ("Lax", "/s/paid/")
    page = Browser().open(link(paid, ANN))
    assert page.headings == CONSENT


def test_agreeing_stores_the_ids_apart(paid):
    _, page = come(paid, ANN)
    identity = Identity.objects.get(participant=who(page))
    assert identity.external_id == ANN["PROLIFIC_PID"]
    assert identity.session_id == ANN["SESSION_ID"]
    assert identity.service_study == ANN["STUDY_ID"]
    for field in Participant._meta.fields:
        assert ANN["PROLIFIC_PID"] not in str(getattr(who(page), field.name))


def test_the_consent_says_that_the_id_is_stored(paid):
    client = Client()
    client.get(link(paid, ANN))
    assert "Your Prolific ID" in client.get("/s/paid/").content.decode()


def test_who_comes_without_an_id_is_told_and_claims_nothing(paid):
    assert Browser().open("/s/paid/").headings == UNKNOWN
    key = signed_links.new_arrival_key(paid)
    assert Client().post("/s/paid/", {"arrival_key": key}).status_code == 403
    assert everything() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROLIFIC_PID", ""),
        ("PROLIFIC_PID", "{{%PROLIFIC_PID%}}"),
        ("PROLIFIC_PID", "5A0000000000000000000001"),
        ("PROLIFIC_PID", "5a000000000000000000000"),
        ("PROLIFIC_PID", "5a0000000000000000000001%0a"),
        ("PROLIFIC_PID", "<script>alert(1)</script>"),
        ("STUDY_ID", "../../etc/passwd"),
        ("SESSION_ID", "a b"),
        ("SESSION_ID", "x" * 200),
    ],
)
def test_ids_that_the_service_never_gives_are_refused(paid, name, value):
    response = Client().get(link(paid, ANN | {name: value}))
    assert response.status_code == 403
    assert not response.cookies
    assert "<script>" not in response.content.decode()


def test_people_of_another_study_of_the_service_are_refused(db, tmp_path):
    mine = f'"prolific"\nstudy_id = "{ANN["STUDY_ID"]}"'
    study = studies.recruited(tmp_path, studies.PROLIFIC.replace('"prolific"', mine))
    assert Browser().open(link(study, ANN)).headings == CONSENT
    other = ANN | {"STUDY_ID": "6b0000000000000000000009"}
    assert Browser().open(link(study, other)).headings == UNKNOWN


def test_an_open_study_ignores_ids(db, tmp_path):
    study = studies.recruited(tmp_path, "", slug="anybody")
    _, page = come(study, ANN)
    assert not Identity.objects.filter(participant=who(page)).exists()


def test_a_cookie_of_another_study_or_a_forged_one_brings_nobody_in(paid, service):
    client = Client()
    client.get(link(service, {"pid": "a1"}))
    client.cookies["visitor"]["path"] = "/"
    assert client.get("/s/paid/").status_code == 403
    client.cookies["visitor"] = '{"kind": "prolific", "external_id": "5a0000000000000000000001"}'
    assert client.get("/s/paid/").status_code == 403


def test_a_cookie_set_when_services_were_called_panels_still_brings_the_person_in(service):
    ids = {"kind": "panel", "external_id": "a1", "session_id": "", "panel_study": "s1"}
    client = Client()
    client.cookies["visitor"] = signing.dumps(ids, salt="surveys.visitor.by-service")
    assert client.get("/s/by-service/").status_code == 200
    request = RequestFactory().get("/s/by-service/")
    request.COOKIES["visitor"] = client.cookies["visitor"].value
    assert visitor_cookie.remembered(request, service) == Visitor("service", "a1", "", "s1")


def test_a_rehearsal_needs_no_id_and_leaves_none(paid):
    browser = Browser()
    page = browser.send(browser.open(signed_links.rehearsal_path(paid)), {})
    assert who(page).simulated
    assert not Identity.objects.exists()


def test_the_link_once_more_leads_back_in_the_same_browser(service):
    browser, page = come(service, {"pid": "a1"})
    now = go_on(browser, page, 1)
    again = browser.open(link(service, {"pid": "a1"}))
    assert again.hidden["step"] == now.hidden["step"]
    assert Participant.objects.count() == 1


def test_a_secret_submission_id_leads_on_to_another_device(paid):
    browser, page = come(paid, ANN)
    now = go_on(browser, page, 1)
    elsewhere = Browser().open(link(paid, ANN))
    assert elsewhere.path == page.path
    assert elsewhere.hidden["step"] == now.hidden["step"]


def test_a_person_s_id_alone_leads_to_nobody_s_pages(paid, service):
    come(paid, ANN)
    for session in ("7c0000000000000000000009", ""):
        assert Browser().open(link(paid, ANN | {"SESSION_ID": session})).headings == BEGUN
    come(service, {"pid": "a1"})
    assert Browser().open(link(service, {"pid": "a1"})).headings == BEGUN
    assert Participant.objects.count() == 2


def test_the_personal_code_leads_on_to_another_device(service):
    _, page = come(service, {"pid": "a1"})
    code = who(page).personal_code
    other = Browser()
    begun = other.open(link(service, {"pid": "a1"}))
    wrong = Client().post("/s/by-service/go-on/", {"personal_code": "ABCD-EFGH-JKLM"})
    assert wrong.status_code == 409
    assert "No participant in this study has this code" in wrong.content.decode()
    typed = {**begun.hidden, "personal_code": code.lower()}
    begun.path = "/s/by-service/go-on/"
    assert other.send(begun, typed).path == page.path
    assert other.open("/s/by-service/").path == page.path
    assert Client().get("/s/by-service/go-on/")["Location"] == "/s/by-service/"


def test_two_people_at_one_device_are_told_apart_by_their_links(service):
    browser, first = come(service, {"pid": "a1"})
    _, second = come(service, {"pid": "b2"}, browser)
    assert who(first) != who(second)
    assert Participant.objects.count() == 2
    assert Identity.objects.get(participant=who(second)).external_id == "b2"


def test_one_id_has_one_participation_in_each_study(paid, db, tmp_path):
    second = studies.recruited(tmp_path, slug="second")
    for study in (paid, second):
        come(study, ANN)
        visitor = Visitor("prolific", ANN["PROLIFIC_PID"], "another")
        with pytest.raises(services.AlreadyBegunError) as refused:
            services.enrol(study=study, arrival_key=f"{study} again", visitor=visitor)
        assert ANN["PROLIFIC_PID"] not in str(refused.value)
        assert study.participants.count() == 1


def test_the_service_takes_nobody_without_an_id(paid):
    with pytest.raises(services.NoIdError, match="recruits through 'prolific'"):
        services.enrol(study=paid, arrival_key="stray")


def test_people_of_an_excluded_study_are_turned_away_with_their_code(paid, tmp_path):
    excluding = studies.PROLIFIC.replace('"prolific"', '"prolific"\nexclude = ["paid"]')
    second = studies.recruited(tmp_path, excluding, slug="second")
    come(paid, ANN)
    again = ANN | {"SESSION_ID": "7c0000000000000000000008"}
    page = Browser().open(link(second, again))
    assert (page.status, page.headings) == (403, ["You cannot take part in this study"])
    assert "https://app.prolific.com/submissions/complete?cc=CSCREEN1" in page.links
    visitor = Visitor("prolific", ANN["PROLIFIC_PID"], "another")
    with pytest.raises(services.ExcludedError):
        services.enrol(study=second, arrival_key="again", visitor=visitor)
    _, other = come(second, BEN)
    assert who(other).study == second


def test_exclusion_outlives_the_forgetting_of_ids(paid, tmp_path):
    excluding = studies.PROLIFIC.replace('"prolific"', '"prolific"\nexclude = ["paid"]')
    second = studies.recruited(tmp_path, excluding, slug="second")
    come(paid, ANN)
    assert services.forget_identifiers(study=paid) == 1
    assert Browser().open(link(second, ANN)).headings == ["You cannot take part in this study"]
    assert Browser().open(link(paid, ANN)).headings == BEGUN


def test_ids_stand_in_no_log(paid, caplog):
    caplog.set_level(logging.DEBUG)
    browser, page = come(paid, ANN)
    browser.send(page, {})
    Client().get(link(paid, ANN | {"STUDY_ID": "wrong"}))
    Client().get(f"/nowhere/?PROLIFIC_PID={ANN['PROLIFIC_PID']}")
    assert caplog.records  # the control: something was logged
    assert not [one for one in caplog.records if ANN["PROLIFIC_PID"] in one.getMessage()]
    assert not [one for one in caplog.records if ANN["SESSION_ID"] in one.getMessage()]


def test_a_service_sends_each_person_so_that_nobody_is_offered_to_begin_as_somebody_else(paid):
    browser, page = come(paid, ANN)
    assert not [link for link in page.links if "anew" in link]
    assert browser.open("/s/paid/anew/").path == page.path
    assert browser.open("/s/paid/").path == page.path, "the browser still knows the person"
    rehearsal = Browser()
    page = rehearsal.send(rehearsal.open(signed_links.rehearsal_path(paid)), {})
    assert [link for link in page.links if "anew" in link]
