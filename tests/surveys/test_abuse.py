"""What somebody might send to the pages to gain by it: refused, and nothing stored changes."""

import re
import secrets
from urllib.parse import urlsplit

import pytest
from django.test import Client

from surveys.models import AllocationSlot, Answer, Participant, Study, Submission
from surveys.pages import page_key, sequence
from surveys.pages.kinds import catalogue
from surveys.pages.page_key import PageKey
from surveys.simulation.browser import Browser
from surveys.web import signed_links
from tests.surveys.drawn import drawn_study, trial_parts
from tests.surveys.people import begin, first_answers, go_on, in_arm

EXTRA = {
    "arm": "2",
    "arm_id": "2",
    "condition": "lime",
    "state": "completed",
    "completion_code": "FREE",
    "score": "7",
    "study": "999",
    "simulated": "1",
    "is_staff": "1",
    "code": "mine",
}


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


CHANGING = ("state", "finished_at", "arm_id", "rotation")


def row(participant: Participant) -> dict[str, object]:
    found = Participant.objects.filter(pk=participant.pk).values().get()
    return {name: found[name] for name in found if name not in CHANGING}


def test_fields_that_nobody_asked_for_are_ignored_on_every_page(drawn):
    """Mass assignment, on consent, pages and withdrawal."""
    browser = Browser()
    consent = browser.open("/s/drawn/")
    page = browser.send(consent, EXTRA)
    participant = Participant.objects.get()
    assert (participant.state, participant.simulated) == ("started", False)
    before = row(participant)
    while "step" in page.hidden:
        if len(sequence.sent(participant)) == len(sequence.steps(drawn)) - 1:
            break
        page = browser.send(page, first_answers(page) | EXTRA)
        assert row(participant) == before
    sent = participant.submissions.count()
    assert participant.events.filter(kind="extra fields").count() == sent
    assert not Answer.objects.filter(item__in=EXTRA).exists()
    browser.send(browser.open(f"{page.path}withdraw/"), EXTRA | {"choice": "stop"})
    participant.refresh_from_db()
    assert (participant.state, participant.completion_code) == ("stopped", "")
    assert participant.arm == AllocationSlot.objects.get(participant=participant).arm


def keys_to(participant: Participant, page, step: str) -> dict[str, str]:
    """A well-signed form of another step: more than an attacker can have."""
    return {**page.hidden, "key": page_key.sign(participant, PageKey(step, 1)), "step": step}


def test_no_page_can_be_sent_before_its_turn(drawn):
    browser, page, participant = begin(drawn)
    trial = go_on(browser, page, 2)
    ahead = [step.key for step in sequence.steps(drawn)[3:]]
    for step in ahead:
        response = Client().post(page.path, keys_to(participant, trial, step) | {"agreed": "1"})
        assert response.status_code == 409, step
    assert participant.submissions.count() == 2
    kinds = {event.kind for event in participant.events.all()}
    assert kinds <= {"out of order", "extra fields"}


def test_an_attention_check_cannot_be_skipped(db, tmp_path):
    study = drawn_study(tmp_path, parts=trial_parts(more="attention = 1"))
    browser, page, participant = begin(study)
    kinds = [step.kind for step in sequence.steps(study)]
    check = go_on(browser, page, kinds.index("attention"))
    after = sequence.steps(study)[kinds.index("attention") + 1]
    answers = {item.id: "1" for item in catalogue.items(participant, after)}
    sent = keys_to(participant, check, after.key) | answers
    assert Client().post(page.path, sent).status_code == 409
    assert browser.open(page.path).hidden["step"] == check.hidden["step"]


def test_without_consent_there_is_no_page(drawn):
    response = Client().post("/s/drawn/", {"step": "trial:1", "agreed": "1"})
    assert (response.status_code, Participant.objects.count()) == (200, 0)
    assert Client().post("/p/guess/", {"step": "trial:1"}).status_code == 404


def test_after_the_end_nothing_can_be_sent(drawn):
    browser, page, participant = begin(drawn)
    last = go_on(browser, page, len(sequence.steps(drawn)) - 1)
    go_on(browser, last)
    stored = list(Answer.objects.values())
    for step in sequence.steps(drawn):
        sent = keys_to(participant, last, step.key) | {"agreed": "0", "comment": "late", "use": "5"}
        # A page without questions has nothing to differ in: sent again, it is a replay.
        expected = 409 if catalogue.items(participant, step) else 303
        assert Client().post(page.path, sent).status_code == expected
    assert Client().post(page.path, {"step": "trial:9"}).status_code == 409
    assert list(Answer.objects.values()) == stored
    assert Submission.objects.count() == len(sequence.steps(drawn))


def test_each_page_whose_confirmation_was_lost_is_stored_once(drawn):
    browser, page, participant = begin(drawn)
    while "step" in page.hidden:
        answers = first_answers(page)
        browser.send(page, answers)  # stored; the answer to it never arrived
        page = browser.send(page, answers)
    assert participant.submissions.count() == len(sequence.steps(drawn))
    assert participant.events.filter(kind="replayed").count() == len(sequence.steps(drawn))
    assert Answer.objects.count() == len(Answer.objects.values("submission", "item").distinct())


@pytest.mark.parametrize("name", ["next", "url", "return", "redirect", "cc", "completion_url"])
def test_no_parameter_leads_to_another_site(drawn, name):
    _, page, _ = begin(drawn)
    elsewhere = "https://elsewhere.example/"
    paths = ("/s/drawn/", page.path, f"{page.path}withdraw/", "/s/drawn/anew/")
    for path in paths:
        for response in (
            Client().get(path, {name: elsewhere}),
            Client().post(f"{path}?{name}={elsewhere}", {name: elsewhere, **page.hidden}),
        ):
            assert not urlsplit(response.headers.get("Location", "")).netloc
            assert f'href="{elsewhere}' not in response.content.decode()


@pytest.mark.parametrize("number", [100, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_guessed_addresses_find_nobody(drawn, number):
    _, _, participant = begin(drawn)
    code = participant.code
    client = Client()
    guesses = [code[:-1] + letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter != code[-1]]
    for guess in (*guesses, code.swapcase(), participant.pseudonym, str(participant.pk)):
        assert client.get(f"/p/{guess}/").status_code == 404
    assert len(code) == 32  # 24 random bytes
    for _ in range(number):
        assert client.get(f"/p/{secrets.token_urlsafe(24)}/").status_code == 404
    assert client.get(f"/p/{code}/").status_code == 200  # control


def test_a_picture_answers_only_to_its_owner_and_its_name_says_nothing(drawn):
    browser, page, mine = in_arm(drawn, "lime")
    _, _, other = in_arm(drawn, "gradcam")
    trial = go_on(browser, page, 2)
    *own, legend = trial.pictures
    for address in own:
        # The files' names are hashes, and the signature is the participant's own.
        kept = rf"/p/{mine.code}/picture/[\w-]{{65}}/[\w-]{{32}}/(image|map)\.png"
        assert re.fullmatch(kept, address)
        assert Client().get(address).status_code == 200
        theirs = address.replace(mine.code, other.code)
        assert Client().get(theirs).status_code == 404
    assert re.fullmatch(r"/legends/[0-9a-f]{64}/legend\.png", legend)
    assert Client().get(legend).status_code == 200
    assert Client().get(legend.replace(legend[9:73], "0" * 64)).status_code == 404


def test_a_map_is_not_to_be_had_before_the_stage_that_shows_it(db, tmp_path):
    study = drawn_study(tmp_path, parts=trial_parts("judge_advisor"))
    browser, page, participant = in_arm(study, "gradcam")
    first = go_on(browser, page, 2)
    own = f"{page.path}picture/{participant.trials.get(position=1).picture_code}"
    following = f"{page.path}picture/{participant.trials.get(position=2).picture_code}"
    assert Client().get(f"{own}/image.png").status_code == 200
    assert Client().get(f"{own}/map.png").status_code == 404
    go_on(browser, first, 1)
    assert Client().get(f"{own}/map.png").status_code == 200
    # The next trial's image is fetched in advance, its map is not: its first stage shows none.
    assert Client().get(f"{following}/image.png").status_code == 200
    assert Client().get(f"{following}/map.png").status_code == 404


def test_an_arrival_key_is_made_for_one_study_alone(drawn, tmp_path):
    other = drawn_study(tmp_path, slug="other")
    assert signed_links.arrival_key(drawn, signed_links.new_arrival_key(other)) is None
    assert signed_links.arrival_key(drawn, signed_links.new_arrival_key(drawn)) is not None
