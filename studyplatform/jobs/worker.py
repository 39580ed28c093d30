"""A worker: takes one job after the other and does each in a process of its own."""

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from secrets import token_hex
from typing import Any

from django.db import OperationalError, close_old_connections
from django.utils import timezone
from django.utils.translation import gettext, override

from studyplatform.jobs import child, presence, queue
from studyplatform.jobs.attempt import Ending, Failed, Lost, Succeeded
from studyplatform.jobs.folders import remove_all_but
from studyplatform.jobs.lease import Lease, LostLeaseError
from studyplatform.jobs.watch import Watch
from studyplatform.jobs.work import Told
from studyplatform.models import Job

SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_BETWEEN_REPORTS = 1.0
SECONDS_TO_STOP = 5.0


def new_holder() -> str:
    """Return a name for a worker that no other has, even after its process id was used again."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{token_hex(4)}"


class Worker:
    """A worker that takes jobs of some kinds until it is stopped."""

    def __init__(
        self, kinds: Collection[str], tell: Callable[[str], None] = lambda line: None
    ) -> None:
        self.holder, self.kinds, self.tell = new_holder(), kinds, tell

    def run(self, *, once: bool = False) -> int:
        """Do jobs until the process is interrupted, or at most one. Return how many were done."""
        count, watch = 0, Watch()
        with (
            _signals_remembered() as stop_if_asked,
            presence.shown(self.holder, self.kinds) as still_here,
        ):

            def look() -> None:
                stop_if_asked()
                still_here()
                watch.look()

            while True:
                look()
                lease = self._claimed()
                if lease is not None:
                    Attending(lease, self.tell, look).attend()
                    count += 1
                if once:
                    return count
                if lease is None:
                    time.sleep(SECONDS_BETWEEN_LOOKS)

    def _claimed(self) -> Lease | None:
        close_old_connections()
        try:
            return queue.claim(self.holder, self.kinds)
        except OperationalError as error:
            # A database that restarts or is locked for long: the next look may succeed.
            self.tell(f"The database does not answer: {' '.join(str(error).split())}")
            return None


class Attending:
    """The worker's part while a process does the job: heartbeat, progress, cancelling, the end."""

    def __init__(self, lease: Lease, tell: Callable[[str], None], look: Callable[[], None]) -> None:
        self.lease, self.tell, self.look = lease, tell, look
        job = Job.objects.get(pk=lease.job)
        self.name, self.language = f"Job {job.pk} ({job.kind})", job.language
        self._renewed = self._reported = time.monotonic()
        self._latest: Told | None = None
        self._estimate = Estimate(queue.usual_duration(job))

    def attend(self) -> None:
        """Start the process, see it through, and store how the job ended."""
        self.tell(f"{self.name}: begun")
        process, connection = _started(self.lease)
        with override(self.language):
            try:
                self._store(self._ending(process, connection))
            except LostLeaseError:
                self.tell(f"{self.name}: taken over or ended by somebody else; left alone")
            except KeyboardInterrupt:
                _end(process)
                with suppress(LostLeaseError):
                    stopped = gettext("The worker was stopped. The job waits for the next one.")
                    queue.put_back(self.lease, stopped, counts=False)
                raise
            finally:
                _end(process)
                connection.close()

    def _ending(self, process: BaseProcess, connection: Connection) -> Ending | int | None:
        """Return how the job ended: an exit code if its process died, None if it was cancelled."""
        while True:
            try:
                message = connection.recv() if connection.poll(SECONDS_BETWEEN_LOOKS) else None
            except (EOFError, OSError):
                process.join()
                return process.exitcode or 0
            if isinstance(message, Succeeded | Failed | Lost):
                return message
            if isinstance(message, Told):
                self._note(message)
            if message is None or self._is_due(self._reported, SECONDS_BETWEEN_REPORTS):
                self._report()
                self.look()
                if self._must_stop():
                    return None

    def _note(self, told: Told) -> None:
        if told.sentence:
            self._patiently(lambda: queue.say(self.lease, told.sentence))
        else:
            self._latest = told

    def _report(self) -> None:
        self._reported = time.monotonic()
        if (told := self._latest) is None:
            return
        self._latest = None
        expected = self._estimate.of(told.done, told.total)
        self._patiently(
            lambda: queue.report(
                self.lease,
                done=told.done,
                total=told.total,
                unit=told.unit,
                step=told.step,
                expected_at=expected,
            )
        )

    def _must_stop(self) -> bool:
        if self._is_due(self._renewed, queue.RENEWED_EVERY.total_seconds()):
            return self._renew()
        # Cancelled by a person, or taken by another worker: only a write tells them apart.
        return bool(self._patiently(lambda: queue.is_cancelled(self.lease))) and self._renew()

    def _renew(self) -> bool:
        cancelled = self._patiently(lambda: queue.renew(self.lease))
        if cancelled is not None:
            self._renewed = time.monotonic()
        return bool(cancelled)

    def _patiently(self, write: Callable[[], Any]) -> Any:
        """Write, or return None if the database is locked or away, unless the lease has run out."""
        try:
            return write()
        except OperationalError as error:
            close_old_connections()
            if self._is_due(self._renewed, queue.LEASE.total_seconds()):
                raise LostLeaseError("The database was away for longer than the lease.") from error
            return None

    @staticmethod
    def _is_due(since: float, seconds: float) -> bool:
        return time.monotonic() - since >= seconds

    def _store(self, ending: Ending | int | None) -> None:
        match ending:
            case Succeeded(result):
                queue.finish(self.lease, result)
                remove_all_but(self.lease)
            case Failed(error, cure):
                queue.fail(self.lease, error, cure)
            case Lost():
                raise LostLeaseError(self.name)
            case None:
                queue.end_cancelled(self.lease)
            case code:
                queue.put_back(self.lease, _died(code), counts=True)
        self.tell(f"{self.name}: {Job.objects.get(pk=self.lease.job).state}")


@contextmanager
def _signals_remembered() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt if SIGTERM or SIGINT has come.

    Raised by the signal itself, it could break a write to the database in the middle.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None  # only the main thread may change handlers
        return
    asked: list[int] = []
    before = {
        number: signal.signal(number, lambda number, frame: asked.append(number))
        for number in (signal.SIGTERM, signal.SIGINT)
    }

    def stop_if_asked() -> None:
        if asked:
            raise KeyboardInterrupt

    try:
        yield stop_if_asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Estimate:
    """An estimate of the end, from how fast the work went since its first report.

    Until that is known, it is the usual time of such a job, if there is one.
    """

    def __init__(self, usual: timedelta | None = None) -> None:
        self._first: tuple[float, int, int] | None = None
        self._usual_end = timezone.now() + usual if usual else None

    def of(self, done: int, total: int | None) -> datetime | None:
        """Return the expected end, or None while too little is known."""
        now = time.monotonic()
        if not total:
            return self._usually()
        # Another total is another stage of the work, whose speed has nothing to do with the last's.
        if self._first is None or self._first[2] != total or done < self._first[1]:
            self._first = (now, done, total)
        since, before, _ = self._first
        if done <= before:
            return self._usually()
        seconds = (now - since) / (done - before) * (total - done)
        return timezone.now() + timedelta(seconds=seconds)

    def _usually(self) -> datetime | None:
        is_ahead = self._usual_end is not None and self._usual_end > timezone.now()
        return self._usual_end if is_ahead else None


def _started(lease: Lease) -> tuple[BaseProcess, Connection]:
    """Start the job's process. A new interpreter: a fork would inherit open connections."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=child.main, args=(lease, theirs), name=f"job-{lease.job}")
    process.start()
    theirs.close()
    return process, ours


def _end(process: BaseProcess) -> None:
    """End the process and whatever it started: kindly at first, then for good."""
    if process.pid is None:
        return
    for number, seconds in ((signal.SIGTERM, SECONDS_TO_STOP), (signal.SIGKILL, None)):
        if process.exitcode is not None:
            break
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.join(seconds)
    # Its children are in its group, and may outlive it.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _died(code: int) -> str:
    if code < 0:
        return gettext(
            "The process that did the work was ended from outside (signal %(number)d)."
        ) % {"number": -code}
    return gettext("The process that did the work ended without a result (exit code %(code)d).") % {
        "code": code
    }
