import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from surveys import services
from surveys.models import Answer, Event, PageView, Participant, Submission
from surveys.pages import sequence
from surveys.services import Recorded
from surveys.study_file import page_kinds
from tests.surveys.factories import answers, sent_page, walk

FIRST = "before:ai-experience-v1"
GOOD = {"experience": "3", "use": "2", "following": "7"}


def send(person: Participant, step: str = FIRST, given: dict[str, str] | None = None) -> Recorded:
    if sequence.step_of(person.study, step) is None:  # as the page does that receives it
        return services.refuse_page(participant=person, step=step)
    page = sent_page(person, step, GOOD if given is None else given, response_time_ms=1500.5)
    return services.record_page(participant=person, page=page)


def test_the_pages_come_in_the_declared_order(study):
    assert [step.key for step in sequence.steps(study)] == [
        FIRST,
        "instructions",
        *(f"trial:{number}" for number in range(1, 6)),
        "after:trust-v1",
        "after:comments-v1",
    ]


def test_every_kind_of_page_is_listed_once(study):
    kinds = [kind.key for kind in page_kinds.KINDS]
    assert len(kinds) == len(set(kinds))
    assert {step.kind for step in sequence.steps(study)} <= set(kinds)


def test_progress_counts_pages_from_one(half_way):
    step = sequence.current_step(half_way)
    assert step.key == "trial:2"
    assert sequence.progress(half_way, step) == (4, 9)


def test_a_page_is_stored_as_it_was_answered(newcomer):
    assert send(newcomer) is Recorded.RECORDED
    submission = newcomer.submissions.get()
    assert (submission.step, submission.response_time_ms) == (FIRST, 1500.5)
    stored = submission.answers.values_list("questionnaire", "item", "value")
    assert list(stored) == [
        ("ai-experience-v1", "experience", "3"),
        ("ai-experience-v1", "use", "2"),
        ("ai-experience-v1", "following", "7"),
    ]
    assert not Event.objects.exists()


def test_a_trial_is_stored_with_its_trial(half_way):
    submission = half_way.submissions.get(step="trial:1")
    assert submission.trial == half_way.trials.get(position=1)
    values = dict(submission.answers.values_list("item", "value"))
    assert set(values) == {"agreed", "sureness"}
    assert set(submission.answers.values_list("questionnaire", flat=True)) == {""}


def test_the_same_page_again_is_a_replay_and_changes_nothing(newcomer):
    send(newcomer)
    before = _everything()
    assert send(newcomer) is Recorded.REPLAYED
    assert _everything() == before
    assert _events(newcomer) == [("replayed", FIRST)]


def test_other_answers_to_the_same_page_are_a_conflict_and_the_first_stay(newcomer):
    send(newcomer)
    before = _everything()
    assert send(newcomer, given=GOOD | {"use": "5"}) is Recorded.CONFLICT
    assert _everything() == before
    assert _events(newcomer) == [("conflict", FIRST)]
    assert {field.name for field in Event._meta.get_fields()} == {
        *("id", "participant", "kind", "step", "items", "at")  # and no place for an answer's text
    }
    assert newcomer.events.get().items == "use"


def test_an_answer_that_was_left_out_at_first_is_a_conflict_too(study):
    person = services.enrol(study=study, arrival_key="a visit without a comment")
    walk(person, pages=8)
    assert send(person, "after:comments-v1", {}) is Recorded.RECORDED
    assert send(person, "after:comments-v1", {"comment": "Late"}) is Recorded.CONFLICT
    assert person.events.get().items == "comment"
    assert not Answer.objects.filter(item="comment").exists()


def test_how_often_a_page_was_shown_is_stored_with_its_answers(newcomer):
    for _ in range(3):
        services.record_view(participant=newcomer, step=FIRST)
    send(newcomer)
    assert newcomer.submissions.get().times_shown == 3


def test_the_items_are_stored_in_the_order_in_which_they_were_shown(newcomer):
    send(newcomer)
    assert newcomer.submissions.get().item_order == ["experience", "use", "following"]


def test_fields_that_the_page_does_not_have_are_noted(newcomer):
    page = replace(sent_page(newcomer, FIRST, GOOD), extra_fields=True)
    assert services.record_page(participant=newcomer, page=page) is Recorded.RECORDED
    assert _events(newcomer) == [("extra fields", FIRST)]


def test_a_program_that_repeats_a_request_cannot_fill_the_disk(newcomer, monkeypatch):
    monkeypatch.setattr("surveys.services.recording.MOST_EVENTS", 3)
    for _ in range(5):
        assert send(newcomer, "nonsense") is Recorded.OUT_OF_ORDER
    assert newcomer.events.count() == 3


@pytest.mark.parametrize("step", ["instructions", "trial:1", "after:trust-v1", "nonsense", ""])
def test_a_page_that_is_not_the_current_one_is_out_of_order(newcomer, step):
    assert send(newcomer, step) is Recorded.OUT_OF_ORDER
    assert not Submission.objects.exists()
    assert _events(newcomer) == [("out of order", step)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Missing: experience, following, use."),
        (GOOD | {"use": ""}, "Missing: use."),
        (GOOD | {"arm": "lime"}, "Unknown: arm."),
        (GOOD | {"use": "6"}, "an answer that its item does not accept, for use"),
        (GOOD | {"experience": "8", "following": "0"}, "for experience, following."),
    ],
)
def test_answers_that_do_not_fit_the_page_are_refused(newcomer, given, words):
    with pytest.raises(services.InvalidAnswersError, match=re.escape(words)):
        send(newcomer, given=given)
    assert not Submission.objects.exists()


def test_a_comment_may_stay_empty(study, newcomer):
    walk(newcomer, pages=8)
    assert send(newcomer, "after:comments-v1", {"comment": ""}) is Recorded.RECORDED
    assert send(newcomer, "after:comments-v1", {}) is Recorded.REPLAYED
    submission = newcomer.submissions.get(step="after:comments-v1")
    assert not submission.answers.exists()


def test_the_last_page_completes_and_gives_a_code(study, newcomer):
    walk(newcomer, pages=8)
    assert (newcomer.state, newcomer.completion_code) == ("started", "")
    walk(newcomer)
    stored = Participant.objects.get(pk=newcomer.pk)
    assert stored.state == newcomer.state == "completed"
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{8}", stored.completion_code)
    assert stored.finished_at is not None
    assert sequence.current_step(stored) is None


def test_the_code_stays_when_the_last_page_comes_again(finished):
    code = finished.completion_code
    last = finished.submissions.get(step="after:comments-v1")
    given = dict(last.answers.values_list("item", "value"))
    assert send(finished, "after:comments-v1", given) is Recorded.REPLAYED
    assert send(finished, "trial:9") is Recorded.OUT_OF_ORDER
    assert Participant.objects.get(pk=finished.pk).completion_code == code


def test_a_code_is_never_given_without_the_last_answer(study, newcomer, monkeypatch):
    walk(newcomer, pages=8)

    def broken(*arguments: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("surveys.services.recording._complete", broken)
    with pytest.raises(RuntimeError):
        send(newcomer, "after:comments-v1", {"comment": "Nice"})
    assert not newcomer.submissions.filter(step="after:comments-v1").exists()


def test_who_stopped_can_send_nothing_more_and_keeps_what_was_sent(stopped):
    sent = stopped.submissions.count()
    assert stopped.state == "stopped"
    assert stopped.completion_code == ""
    step = sequence.current_step(stopped)
    assert send(stopped, step.key, answers(stopped, step)) is Recorded.REFUSED
    assert stopped.submissions.count() == sent == 4
    assert [kind for kind, _ in _events(stopped)] == ["stopped", "refused"]


def test_stopping_twice_or_after_the_end_changes_nothing(stopped, finished):
    for person in (stopped, finished):
        before = (person.state, person.finished_at, person.events.count())
        services.stop(participant=person)
        assert (person.state, person.finished_at, person.events.count()) == before


def test_a_stale_tab_cannot_revive_a_participant_who_stopped(study, newcomer):
    stale = Participant.objects.get(pk=newcomer.pk)
    services.stop(participant=newcomer)
    assert send(stale) is Recorded.REFUSED
    assert stale.state == "stopped"


def test_the_servers_time_runs_from_the_first_view(newcomer):
    services.record_view(participant=newcomer, step=FIRST)
    early = timezone.now() - timedelta(seconds=42)
    PageView.objects.update(first_shown_at=early)
    services.record_view(participant=newcomer, step=FIRST)  # a refresh
    send(newcomer)
    assert PageView.objects.count() == 1
    assert newcomer.submissions.get().server_seconds == pytest.approx(42, abs=5)


def test_a_page_that_was_never_shown_has_no_server_time(newcomer):
    send(newcomer)
    assert newcomer.submissions.get().server_seconds is None


def test_a_clock_set_back_gives_no_negative_time(newcomer):
    services.record_view(participant=newcomer, step=FIRST)
    PageView.objects.update(first_shown_at=timezone.now() + timedelta(hours=1))
    send(newcomer)
    assert newcomer.submissions.get().server_seconds == 0


def test_the_database_itself_refuses_a_second_submission(newcomer):
    send(newcomer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.create(participant=newcomer, step=FIRST, submitted_at=timezone.now())


def _everything() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in (Submission, Answer)]


def _events(person: Participant) -> list[tuple[str, str]]:
    return list(person.events.values_list("kind", "step"))
