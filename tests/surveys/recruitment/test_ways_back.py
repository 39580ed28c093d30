from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from surveys import services
from surveys.models import Identity, PageView, Participant
from surveys.simulation.browser import Browser, Page
from surveys.study_file import exit_addresses
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.recruitment_kinds import PLAIN
from surveys.web import signed_links
from tests.surveys.people import go_on, who
from tests.surveys.recruitment import studies
from tests.surveys.recruitment.studies import ANN, BEN, come, finish, link

PROLIFIC = "https://app.prolific.com/submissions/complete?cc="


def outside(page: Page) -> list[str]:
    """Links that leave this server."""
    return [address for address in page.links if urlsplit(address).netloc]


@pytest.mark.parametrize(("fail", "code"), [(0, "CDONE111"), (1, "CDONE111"), (2, "CATTENT1")])
def test_the_code_fits_what_the_person_did(paid, fail, code):
    browser, page = come(paid, ANN)
    end = finish(paid, browser, page, fail)
    assert outside(end) == [PROLIFIC + code]
    text = Client().get(end.path).content.decode()
    assert f">{code}</output>" in text
    assert "Your completion code" not in text  # one code is enough
    assert who(page).completion_code not in text


def test_no_page_before_the_end_holds_a_code(paid):
    browser, page = come(paid, ANN)
    while "step" in page.hidden:
        text = Client().get(page.path).content.decode()
        assert "prolific.com" not in text
        assert "CDONE111" not in text
        last = page
        page = go_on(browser, page, 1)
    assert outside(page)
    assert Participant.objects.get().state == "completed"  # stored before the code is shown
    assert browser.open(last.path).links == page.links


def test_who_stops_gets_the_code_for_it(paid):
    browser, page = come(paid, ANN)
    stopped = browser.send(browser.open(f"{page.path}withdraw/"), {"choice": "stop"})
    assert outside(stopped) == [f"{PROLIFIC}CLEFT111"]


def test_who_has_everything_deleted_can_still_go_back(service):
    browser, page = come(service, {"pid": "a1"})
    asked = browser.open(f"{page.path}withdraw/")
    deleted = browser.send(asked, {"choice": "delete"})
    assert not Identity.objects.exists()
    assert outside(deleted) == ["https://service.example.org/end?status=3&id=a1"]
    assert outside(Browser().open("/s/by-service/deleted/")) == []


def test_who_takes_part_gets_no_way_back_from_the_page_of_the_deleted(service):
    browser, _ = come(service, {"pid": "a1"})
    assert outside(browser.open("/s/by-service/deleted/")) == []


def test_who_does_not_agree_gets_the_code_for_it_and_is_not_stored(paid):
    browser = Browser()
    consent = browser.open(link(paid, ANN))
    declined = browser.send(consent, {"decline": "1"})
    assert outside(declined) == [f"{PROLIFIC}CNOTHNKS"]
    assert not Participant.objects.exists()


def test_without_a_code_who_does_not_agree_is_asked_to_return_the_place(service):
    browser = Browser()
    declined = browser.send(browser.open(link(service, {"pid": "a1"})), {"decline": "1"})
    assert outside(declined) == []
    assert (
        "return your place at Panelists"
        in Client()
        .get("/s/by-service/declined/", headers={"accept-language": "en"})
        .content.decode()
    )


def test_the_debrief_comes_before_the_way_back_which_can_follow_by_itself(db, tmp_path):
    study = studies.recruited(tmp_path, studies.PROLIFIC.replace("[recruitment.codes]",
                              "return_after = 40\n[recruitment.codes]"))  # fmt: skip
    browser, page = come(study, ANN)
    text = Client().get(finish(study, browser, page).path).content.decode()
    assert text.index("About the study") < text.index("Back to Prolific")
    assert 'data-return="40"' in text


def test_a_return_that_nobody_could_stop_in_time_is_refused(db, tmp_path):
    with pytest.raises(StudyFileError, match="20 seconds or more"):
        studies.recruited(tmp_path, studies.PROLIFIC.replace("[recruitment.codes]",
                          "return_after = 5\n[recruitment.codes]"))  # fmt: skip


def test_a_full_study_sends_people_back_with_its_code(db, tmp_path):
    study = studies.recruited(tmp_path, places=3)
    for number in range(3, 6):
        ids = ANN | {"PROLIFIC_PID": f"5a{number:022d}", "SESSION_ID": f"s{number}"}
        go_on(*come(study, ids), 1)
    _, page = come(study, BEN)
    assert page.headings == ["All places are taken"]
    assert outside(page) == [f"{PROLIFIC}CFULL111"]
    assert study.participants.count() == 3


def test_whose_place_was_given_away_goes_back_as_from_a_full_study(db, tmp_path):
    study = studies.recruited(tmp_path, places=2)
    browser, page = come(study, ANN)
    for number in (3, 4):
        ids = ANN | {"PROLIFIC_PID": f"5a{number:022d}", "SESSION_ID": f"s{number}"}
        go_on(*come(study, ids), 1)
    lost = go_on(browser, page, 1)
    assert lost.headings == ["All places are taken"]
    assert outside(lost) == [f"{PROLIFIC}CFULL111"]
    # Their answers are still there, and theirs to have deleted.
    assert f"{page.path}withdraw/" in lost.links
    assert Browser().open(link(study, ANN)).path == page.path
    study.slots.all().delete()  # whoever tries again goes on if a place has become free
    assert go_on(browser, page, 1).headings != lost.headings


def test_the_way_back_from_a_lost_place_has_the_id_of_a_service_without_codes(db, tmp_path):
    study = studies.recruited(tmp_path, studies.SERVICE, slug="by-service", places=2)
    browser, page = come(study, {"pid": "a1"})
    for name in ("b2", "c3"):
        go_on(*come(study, {"pid": name}), 1)
    lost = go_on(browser, page, 1)
    assert outside(lost) == ["https://service.example.org/end?status=4&id=a1"]


def test_who_was_away_for_too_long_goes_back_as_one_who_stopped(db, tmp_path):
    limited = f"{studies.PROLIFIC}[pages]\nresume_hours = 1\n"
    study = studies.recruited(tmp_path, limited)
    browser, page = come(study, ANN)
    away = timezone.now() - timedelta(hours=2)
    PageView.objects.update(first_shown_at=away, last_shown_at=away)
    assert outside(browser.open(page.path)) == []  # the control: consented just now
    Participant.objects.update(consented_at=away)
    PageView.objects.update(first_shown_at=away, last_shown_at=away)
    late = browser.open(page.path)
    assert late.headings == ["Too much time has passed"]
    assert outside(late) == [f"{PROLIFIC}CLEFT111"]


def test_a_closed_study_sends_people_back_and_a_draft_does_not(paid):
    services.close_study(study=paid)
    assert outside(Browser().open(link(paid, ANN))) == [f"{PROLIFIC}CFULL111"]
    paid.state = "draft"
    paid.save()
    assert outside(Browser().open(link(paid, ANN))) == []


def test_sona_grants_credit_for_the_id_that_came(sona):
    browser, page = come(sona, {"id": "48271"})
    end = finish(sona, browser, page, fail=2)
    assert outside(end) == [
        "https://lab.sona-systems.com/webstudy_credit.aspx?experiment_id=7&survey_code=48271"
    ]
    assert who(page).completion_code in Client().get(end.path).content.decode()


def test_a_rehearsal_has_no_way_back(paid):
    browser = Browser()
    page = browser.send(browser.open(signed_links.rehearsal_path(paid)), {})
    assert outside(finish(paid, browser, page)) == []


def test_an_outcome_without_an_address_has_no_way_back(sona):
    browser, page = come(sona, {"id": "48271"})
    stopped = browser.send(browser.open(f"{page.path}withdraw/"), {"choice": "stop"})
    assert outside(stopped) == []


def test_the_request_has_no_say_in_where_people_go(service):
    names = ("next", "url", "complete", "return", "external_id", "cc")
    evil = dict.fromkeys(names, "https://evil.example.com/")
    browser = Browser()
    page = browser.send(browser.open(f"/s/by-service/?pid=a1&{urlencode(evil)}"), evil)
    end = finish(service, browser, page)
    shown = browser.open(f"{end.path}?{urlencode(evil)}")
    assert outside(end) == outside(shown) == ["https://service.example.org/end?status=1&id=a1"]


@given(st.text(min_size=1, max_size=40) | st.from_regex(PLAIN, fullmatch=True))
def test_whatever_the_id_the_address_leads_to_the_service_s_server(external_id):
    template = "https://service.example.org/{external_id}/end?id={external_id}#{external_id}"
    assert not exit_addresses.problem_with(template)
    filled = urlsplit(exit_addresses.fill(template, external_id))
    assert (filled.scheme, filled.netloc) == ("https", "service.example.org")
    assert filled.query.count("&") == 0
    if PLAIN.fullmatch(external_id):
        assert filled.query == f"id={external_id}"


@given(st.text(max_size=80))
def test_a_template_that_passes_leads_to_the_server_that_it_names(text):
    template = f"https://service.example.org{text}"
    if not exit_addresses.problem_with(template):
        filled = urlsplit(exit_addresses.fill(template, "a1"))
        assert filled.hostname == urlsplit(template).hostname
        assert "{" not in exit_addresses.fill(template, "a1")
