"""The way through a participation: arriving, sending, coming back, refusals, leaving, the end."""

import pytest
from django.test import Client

from surveys import services
from surveys.models import Answer, Event, Participant, Study, Submission
from surveys.pages import sequence
from surveys.simulation.browser import Browser, read_page
from surveys.web import signed_links
from tests.surveys.drawn import drawn_study
from tests.surveys.factories import allocate, holding
from tests.surveys.people import begin, first_answers, go_on, in_arm, who


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


def html(page) -> str:
    return Client().get(page.path).content.decode()


def test_a_get_claims_no_place(drawn):
    for _ in range(3):
        Client().get("/s/drawn/")
        Client().head("/s/drawn/")
    assert Participant.objects.count() == 0


def test_a_doubled_consent_is_one_participation(drawn):
    browser = Browser()
    consent = browser.open("/s/drawn/")
    first = browser.send(consent, {})
    second = browser.send(consent, {})
    browser.forget()  # the second click before the first answer came: no cookie of the study yet
    third = Client()
    response = third.post("/s/drawn/", consent.hidden)
    assert first.path == second.path == response["Location"]
    assert Participant.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x", "x" * 500, "forged:signature", "\0"])
def test_an_arrival_key_that_we_did_not_make_enrols_nobody(drawn, key):
    response = Client().post("/s/drawn/", {"arrival_key": key})
    # NUL is refused in every form, before any page reads it.
    assert response.status_code == (400 if "\0" in key else 200)
    assert Participant.objects.count() == 0


def test_an_arrival_key_of_another_study_enrols_nobody(drawn, tmp_path):
    other = drawn_study(tmp_path, slug="other")
    Client().post("/s/drawn/", {"arrival_key": signed_links.new_arrival_key(other)})
    assert Participant.objects.count() == 0


def test_every_answer_leads_to_a_page_by_303(drawn):
    client = Client()
    consent = read_page("/s/drawn/", 200, client.get("/s/drawn/").content.decode())
    response = client.post("/s/drawn/", consent.hidden)
    assert response.status_code == 303
    page = read_page(response["Location"], 200, client.get(response["Location"]).content.decode())
    response = client.post(page.path, {**page.hidden, **first_answers(page)})
    assert (response.status_code, response["Location"]) == (303, page.path)


def test_a_page_sent_twice_is_stored_once(drawn):
    browser, page, participant = begin(drawn)
    again = [browser.send(page, first_answers(page)) for _ in range(3)]
    assert {one.hidden["step"] for one in again} == {"instructions"}
    assert participant.submissions.count() == 1
    assert Event.objects.filter(kind="replayed").count() == 2


def test_the_last_page_sent_twice_leads_to_the_same_end(drawn):
    browser, page, participant = begin(drawn)
    last = go_on(browser, page, len(sequence.steps(drawn)) - 1)
    ends = [browser.send(last, first_answers(last)) for _ in range(2)]
    participant.refresh_from_db()
    assert all("step" not in end.hidden for end in ends)
    assert participant.submissions.count() == len(sequence.steps(drawn))


def test_a_stale_page_sent_with_other_answers_changes_nothing(drawn):
    browser, page, _participant = begin(drawn)
    go_on(browser, page, 1)
    other = {name: values[-1] for name, values in page.questions.items()}
    refused = browser.send(page, other)
    assert (refused.status, refused.headings) == (409, ["You have already answered this page"])
    stored = dict(Answer.objects.values_list("item", "value"))
    assert stored == first_answers(page)
    event = Event.objects.get()
    assert (event.kind, event.items) == ("conflict", "experience following use")


def test_a_refresh_and_the_back_button_show_the_current_page(drawn):
    browser, page, _ = begin(drawn)
    now = go_on(browser, page, 3)
    assert browser.open(now.path).hidden["step"] == now.hidden["step"]
    assert browser.open("/s/drawn/").hidden["step"] == now.hidden["step"]


def test_the_studys_link_resumes_in_the_same_browser_and_begins_anew_in_another(drawn):
    browser, page, participant = begin(drawn)
    go_on(browser, page, 2)
    assert who(browser.open("/s/drawn/")) == participant
    assert "arrival_key" in Browser().open("/s/drawn/").hidden


def test_the_address_of_the_page_resumes_anywhere(drawn):
    browser, page, _participant = begin(drawn)
    now = go_on(browser, page, 2)
    assert Browser().open(page.path).hidden["step"] == now.hidden["step"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(drawn):
    client = Client()
    consent = read_page("/s/drawn/", 200, client.get("/s/drawn/").content.decode())
    client.post("/s/drawn/", consent.hidden)
    cookie = client.cookies["participation"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/s/drawn/"
    cookie.set("participation", "forged", "forged")
    client.cookies["participation"] = "forged:signature"
    assert client.get("/s/drawn/").status_code == 200


def test_who_finished_finds_the_code_again_by_the_link(drawn):
    browser, page, participant = begin(drawn)
    go_on(browser, page)
    participant.refresh_from_db()
    assert participant.completion_code in html(browser.open("/s/drawn/"))


def test_an_unanswered_item_is_named_in_the_page_and_the_other_answers_are_kept(drawn):
    _browser, page, participant = begin(drawn)
    client = Client()
    answers = first_answers(page) | {"response_time_ms": "1234.5"}
    del answers["use"]
    text = client.post(page.path, {**page.hidden, **answers}).content.decode()
    assert "One answer is missing" in text
    assert 'href="#id_use_0"' in text
    assert 'value="1" id="id_experience_0" checked' in text
    assert "1234.5" in text
    assert participant.submissions.count() == 0


@pytest.mark.parametrize("value", ["8", "0", "-1", "1.0", "one", "1\0", "1" * 10_000])
def test_an_answer_that_was_not_offered_is_refused(drawn, value):
    _, page, participant = begin(drawn)
    answers = first_answers(page) | {"experience": value}
    response = Client().post(page.path, {**page.hidden, **answers})
    assert response.status_code == (400 if "\0" in value else 200)
    assert participant.submissions.count() == 0


GARBAGE = (
    {},
    {"step": ""},
    {"step": "trial:999"},
    {"step": "x" * 10_000},
    {"agreed": "1"},
    {"step": "trial:1", "agreed": ["0", "1"], "sureness": "3"},
)


@pytest.mark.parametrize("key", ["none", "own", "forged"])
def test_garbage_is_refused_with_a_way_back_to_the_current_page(drawn, key):
    _, page, participant = begin(drawn)
    forged = page.hidden["key"][:-1] + "?"
    keys = {"none": {}, "own": {"key": page.hidden["key"]}, "forged": {"key": forged}}
    for data in GARBAGE:
        response = Client().post(page.path, data | keys[key])
        assert response.status_code == 409, data
        assert f'href="{page.path}"' in response.content.decode(), data
        assert participant.submissions.count() == 0, data
    assert [event.kind for event in participant.events.all()] == ["out of order"] * len(GARBAGE)


@pytest.mark.parametrize("key", ["none", "own", "\0"])
def test_a_form_with_nul_is_refused_before_the_page_and_leaves_no_event(drawn, key):
    _, page, participant = begin(drawn)
    keys = {"none": {}, "own": {"key": page.hidden["key"]}, "\0": {"key": "\0"}}
    response = Client().post(page.path, {"step": "\0"} | keys[key])
    assert response.status_code == 400
    assert "contains the character NUL" in response.content.decode()
    assert participant.submissions.count() == 0
    assert participant.events.count() == 0


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("512.25", 512.25), ("", None), ("-5", None), ("soon", None), ("nan", None), ("1e999", None)],
)
def test_a_response_time_is_stored_or_left_empty_but_never_refused(drawn, sent, stored):
    browser, page, _participant = begin(drawn)
    browser.send(page, first_answers(page) | {"response_time_ms": sent})
    assert Submission.objects.get().response_time_ms == stored


def test_a_page_sent_without_any_response_time_field_is_stored(drawn):
    browser, page, _ = begin(drawn)
    del page.hidden["response_time_ms"]
    browser.send(page, first_answers(page))
    assert Submission.objects.get().response_time_ms is None


def test_fields_that_the_page_does_not_have_are_ignored(drawn):
    browser, page, participant = begin(drawn)
    code = participant.code
    extra = {"arm": "1", "state": "completed", "completion_code": "FREE", "trust1": "7"}
    browser.send(page, first_answers(page) | extra)
    participant.refresh_from_db()
    assert (participant.state, participant.code) == ("started", code)
    assert set(Answer.objects.values_list("item", flat=True)) == set(page.questions)
    assert participant.events.get().kind == "extra fields"


def test_a_person_who_stopped_sees_no_further_page(drawn):
    browser, page, participant = begin(drawn)
    trial = go_on(browser, page, 2)
    asked = browser.open(next(link for link in trial.links if "withdraw" in link))
    assert participant.state == "started"
    browser.send(asked, {"choice": "stop"})
    participant.refresh_from_db()
    assert participant.state == "stopped"
    refused = browser.send(trial, first_answers(trial))
    assert (refused.status, refused.headings) == (409, ["You have stopped"])
    assert "You have stopped" in html(browser.open("/s/drawn/"))
    assert participant.submissions.count() == 2
    assert Client().get(trial.pictures[0]).status_code == 404


def test_asking_for_the_withdrawal_page_withdraws_nobody(drawn):
    _, page, participant = begin(drawn)
    Client().get(f"{page.path}withdraw/")
    participant.refresh_from_db()
    assert participant.state == "started"


def test_who_has_finished_cannot_withdraw_the_completion(drawn):
    browser, page, participant = begin(drawn)
    go_on(browser, page)
    for choice in ({}, {"choice": "stop"}):
        Client().post(f"{page.path}withdraw/", choice)
        participant.refresh_from_db()
        assert participant.state == "completed"


def test_a_closed_study_takes_nobody_in_and_lets_those_inside_finish(drawn):
    browser, page, _participant = begin(drawn)
    consent = Browser().open("/s/drawn/")
    services.close_study(study=drawn)
    assert "This study is closed" in Client().get("/s/drawn/").content.decode()
    late = Client().post("/s/drawn/", consent.hidden)
    assert late.status_code == 403
    assert "step" not in go_on(browser, page).hidden
    assert Participant.objects.get().state == "completed"


def test_a_draft_says_that_it_has_not_begun(db, tmp_path):
    drawn_study(tmp_path, opened=False)
    response = Client().get("/s/drawn/")
    assert response.status_code == 403
    assert "has not started yet" in response.content.decode()


def test_a_full_study_says_so(db, tmp_path):
    study = drawn_study(tmp_path, places=7)
    for number in range(7):
        holding(study, f"visit {number}")
    consent = Browser().open("/s/drawn/")
    response = Client().post("/s/drawn/", consent.hidden)
    assert response.status_code == 403
    assert "All places are taken" in response.content.decode()


def test_pictures_of_other_people_and_of_later_trials_do_not_exist(drawn):
    browser, page, mine = begin(drawn)
    _, _, other = begin(drawn)
    allocate(other)
    go_on(browser, page, 2)

    def status(owner: Participant, trial) -> int:
        code, picture = owner.code, trial.picture_code
        return Client().get(f"/p/{code}/picture/{picture}/image.png").status_code

    assert status(mine, mine.trials.get(position=1)) == 200
    assert status(mine, mine.trials.get(position=2)) == 200  # fetched in advance
    assert status(mine, mine.trials.get(position=3)) == 404
    assert status(other, mine.trials.get(position=1)) == 404
    assert status(mine, other.trials.get(position=1)) == 404
    assert Client().get(f"/p/{mine.code}/picture/nonsense/map.png").status_code == 404


def test_the_control_arm_has_neither_map_nor_legend(drawn):
    browser, page, _participant = in_arm(drawn, "none")
    trial = go_on(browser, page, 2)
    assert Client().get(trial.pictures[0].replace("image.png", "map.png")).status_code == 404
    assert Client().get(trial.pictures[0].replace("image.png", "legend.png")).status_code == 404
