"""The queue: who may write about a job, and what becomes of it whatever happens to its workers."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from studyplatform.jobs import queue
from studyplatform.jobs.kinds import ArgumentsError, UnknownKindError, kind_named
from studyplatform.jobs.lease import Lease, LostLeaseError
from studyplatform.models import Job
from tests.jobs.conftest import EVERY_KIND, MAPS, let_lease_expire

RESULT = {"summary": "Done.", "files": []}
WRITES = {
    "renew": lambda lease: queue.renew(lease),
    "report": lambda lease: queue.report(lease, done=1, total=2, unit="maps"),
    "say": lambda lease: queue.say(lease, "Half-way."),
    "save_checkpoint": lambda lease: queue.save_checkpoint(lease, {"at": 1}),
    "put_back": lambda lease: queue.put_back(lease, "The worker was stopped.", counts=False),
    "finish": lambda lease: queue.finish(lease, RESULT),
    "fail": lambda lease: queue.fail(lease, "It went wrong.", "Mend it."),
    "end_cancelled": lambda lease: queue.end_cancelled(lease),
}
"""Everything that a worker writes about a job."""


def claimed(kinds=EVERY_KIND, holder="worker") -> Lease:
    lease = queue.claim(holder, kinds)
    assert lease is not None
    return lease


def as_stored(job: Job) -> dict:
    return Job.objects.filter(pk=job.pk).values().get()


def test_an_equal_request_is_the_same_job_until_it_is_over(enqueue, study, researcher):
    job = enqueue()
    again, is_new = queue.enqueue("maps", study=study, data=MAPS, by=None)
    assert (again, is_new) == (job, False)
    other, is_new = queue.enqueue("maps", study=study, data={**MAPS, "verify": 2}, by=researcher)
    assert is_new
    assert other != job
    queue.finish(claimed(), RESULT)
    assert enqueue() not in {job, other}


def test_the_database_refuses_a_second_unfinished_job_for_an_equal_request(enqueue):
    """The control of the test above: where the look beforehand sees nothing, the row is refused."""
    job = enqueue()
    copy = {**as_stored(job), "id": None}
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(**copy)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"state": "running"}, "a_holder_and_a_lease"),
        ({"lease_until": timezone.now(), "holder": "x"}, "a_holder_and_a_lease"),
        ({"finished_at": timezone.now()}, "a_time_of_finishing"),
        ({"state": "done", "finished_at": timezone.now()}, "a_result_exactly"),
        ({"state": "failed", "finished_at": timezone.now()}, "what_went_wrong"),
        ({"error": "Something."}, "what_went_wrong"),
        ({"done": 3, "total": 2}, "beyond_its_total"),
        ({"attempts": 4, "token": 9}, "more_often_than_allowed"),
        ({"attempts": 1}, "a_token_of_its_own"),
    ],
)
def test_the_database_refuses_a_row_that_contradicts_itself(enqueue, changes, constraint):
    rows = Job.objects.filter(pk=enqueue().pk)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        rows.update(**changes)


def test_jobs_are_taken_in_the_order_in_which_they_were_queued(enqueue):
    first, second = enqueue(), enqueue(layers=True, verify=0)
    assert [claimed().job, claimed().job] == [first.pk, second.pk]
    assert queue.claim("worker", EVERY_KIND) is None


def test_a_job_of_a_steady_kind_is_expected_to_take_as_long_as_the_last_ones(study):
    def expected(kind: str) -> timedelta | None:
        job = Job.objects.create(
            kind=kind, study=study, request_sha256=kind, queued_at=timezone.now()
        )
        claimed((kind,))
        job.refresh_from_db()
        return job.expected_at and job.expected_at - job.started_at

    def done(kind: str, *seconds: int) -> None:
        for number in seconds:
            Job.objects.create(
                kind=kind, study=study, request_sha256=f"{number}", queued_at=timezone.now(),
                started_at=timezone.now(), state="done", result=RESULT,
                finished_at=timezone.now() + timedelta(seconds=number),
            )  # fmt: skip

    done("maps", 100)
    assert expected("maps") is None, "how many maps are missing differs from time to time"
    done("export", 20, 30, 400)
    assert expected("export") == pytest.approx(timedelta(seconds=30), abs=timedelta(seconds=3))
    assert expected("report") is None


def test_a_worker_takes_only_its_kinds(enqueue):
    enqueue()
    assert queue.claim("worker", ("export", "report")) is None
    assert queue.claim("worker", ("maps",)) is not None


def test_a_job_whose_worker_is_silent_is_taken_by_exactly_one_other(enqueue):
    job = enqueue()
    first = claimed(holder="first")
    assert queue.claim("second", EVERY_KIND) is None
    let_lease_expire(job)
    second = claimed(holder="second")
    assert (second.job, second.token) == (first.job, first.token + 1)
    assert queue.claim("third", EVERY_KIND) is None
    job.refresh_from_db()
    assert (job.holder, job.attempts) == ("second", 2)
    assert "fell silent" in job.log


def test_a_renewed_lease_is_not_taken(enqueue):
    job = enqueue()
    lease = claimed()
    let_lease_expire(job)
    assert queue.renew(lease) is False
    assert queue.claim("other", EVERY_KIND) is None


@pytest.mark.parametrize("write", WRITES)
def test_every_write_of_a_worker_that_was_replaced_is_refused(enqueue, write):
    job = enqueue()
    stalled = claimed()
    let_lease_expire(job)
    replacement = claimed(holder="other")
    before = as_stored(job)
    with pytest.raises(LostLeaseError):
        WRITES[write](stalled)
    assert as_stored(job) == before
    # The control: the same write by the worker that holds the job now is stored.
    WRITES[write](replacement)
    assert as_stored(job) != before


@pytest.mark.parametrize("write", WRITES)
def test_nothing_is_written_about_a_job_that_is_over(enqueue, write):
    job = enqueue()
    lease = claimed()
    queue.finish(lease, RESULT)
    before = as_stored(job)
    with pytest.raises(LostLeaseError):
        WRITES[write](lease)
    assert as_stored(job) == before


def test_a_job_that_silences_every_worker_fails_with_a_cure(enqueue):
    job = enqueue()
    for _ in range(3):
        claimed()
        let_lease_expire(job)
    assert queue.claim("fourth", EVERY_KIND) is None
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.error == "The worker fell silent in each of 3 attempts."
    assert "repeat the job" in job.cure


def test_a_process_that_dies_costs_an_attempt_and_a_stopped_worker_does_not(enqueue):
    job = enqueue()
    queue.put_back(claimed(), "The worker was stopped.", counts=False)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)
    for attempts in (1, 2):
        queue.put_back(claimed(), "It was ended from outside.", counts=True)
        job.refresh_from_db()
        assert (job.state, job.attempts) == ("queued", attempts)
    queue.put_back(claimed(), "It was ended from outside.", counts=True)
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.error == "It was ended from outside. This happened in each of 3 attempts."


def test_a_waiting_job_is_cancelled_at_once(enqueue, researcher):
    job = enqueue()
    queue.cancel(job, researcher)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert queue.claim("worker", EVERY_KIND) is None
    assert "ada cancelled the job." in job.log


def test_a_running_job_is_cancelled_by_its_worker(enqueue, researcher):
    job = enqueue()
    lease = claimed()
    assert not queue.renew(lease)
    queue.cancel(job, researcher)
    assert queue.is_cancelled(lease)
    assert queue.renew(lease)
    queue.end_cancelled(lease)
    job.refresh_from_db()
    assert job.state == "cancelled"
    with pytest.raises(queue.QueueError, match="over already"):
        queue.cancel(job, researcher)


def test_a_cancelled_job_whose_worker_is_silent_is_not_begun_again(enqueue, researcher):
    job = enqueue()
    claimed()
    queue.cancel(job, researcher)
    let_lease_expire(job)
    assert queue.claim("other", EVERY_KIND) is None
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_failed_job_can_be_repeated_with_all_its_attempts(enqueue, researcher):
    job = enqueue()
    queue.fail(claimed(), "It went wrong.", "Mend it.")
    queue.retry(job, researcher)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error, job.cure) == ("queued", 0, "", "")
    assert "It went wrong." in job.log
    assert claimed().token == 2
    with pytest.raises(queue.QueueError, match="failed or was cancelled"):
        queue.retry(job, researcher)


def test_a_job_is_not_repeated_beside_an_equal_one(enqueue, researcher):
    job = enqueue()
    queue.cancel(job, researcher)
    assert enqueue() != job
    with pytest.raises(queue.QueueError, match="An equal job is waiting"):
        queue.retry(job, researcher)


def test_only_a_job_that_is_over_can_be_deleted(enqueue, researcher):
    job = enqueue()
    with pytest.raises(queue.QueueError, match="Cancel it before"):
        queue.delete(job)
    queue.cancel(job, researcher)
    queue.delete(job)
    assert not Job.objects.exists()


def test_the_log_has_a_line_per_event_and_keeps_all_of_them(enqueue):
    job = enqueue()
    lease = claimed()
    queue.say(lease, "Two\nlines.")
    queue.finish(lease, RESULT)
    job.refresh_from_db()
    assert [sentence for _, sentence in job.log_lines] == [
        "The job was queued.", "Attempt 1 was begun.", "Two lines.", "The job is done.",
    ]  # fmt: skip


def test_progress_never_exceeds_its_total(enqueue):
    job = enqueue()
    queue.report(claimed(), done=7, total=5, unit="maps")
    job.refresh_from_db()
    assert (job.done, job.total, job.share) == (5, 5, 1.0)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_arguments_that_the_form_refuses_make_no_job(study, kind):
    with pytest.raises(ArgumentsError) as refused:
        queue.enqueue(kind, study=study, data={"verify": "many"}, by=None)
    assert refused.value.problems
    assert not Job.objects.exists()


def test_an_unknown_kind_is_named_with_those_that_exist():
    with pytest.raises(UnknownKindError, match=r"'mops' is not a kind of job\. Use one"):
        kind_named("mops")
