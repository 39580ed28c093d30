"""Many people at once, in processes of their own, against the database of DATABASE_URL.

    python -m tests.surveys.arrivals

Reads a line of JSON with one or more processes that shall run at once, each of them a list:

    ["prepare", FOLDER]        migrated, with the studies of PLACES
    [MODE, PEOPLE, FIRST]      PEOPLE threads, numbered from FIRST

It forks each of them, and prints a line of JSON with a list of what became of each person; then it
reads on. It loads Django once and never opens the database itself.
"""

import contextlib
import itertools
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
django.setup()

from django.conf import settings  # noqa: E402

if "timeout" in settings.DATABASES["default"].get("OPTIONS", {}):
    # SQLite lets waiting writers go in no fair order, and these tests may share their processors
    # with others: a writer that waits for long is no failure here.
    settings.DATABASES["default"]["OPTIONS"]["timeout"] = 120
    # Nor is it about what a loss of power would leave.
    settings.DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
    )

from django.db import connection, connections, transaction  # noqa: E402
from django.db.models import UniqueConstraint  # noqa: E402

from surveys import services  # noqa: E402
from surveys.models import AllocationSlot, Participant, Study  # noqa: E402
from surveys.models.sealed import keyed_hash  # noqa: E402
from surveys.pages import sequence  # noqa: E402
from surveys.recruitment.visitor import Visitor  # noqa: E402
from surveys.services import allocating, enrolment, ledger, recording, recruiting  # noqa: E402
from tests.migrated import migrate  # noqa: E402
from tests.surveys import factories  # noqa: E402

PLACES = {
    "few": 40,
    "locked": 200,
    "unlocked": 60,
    "guarded": 60,
    "minimised": 30,
    "double": 60,
    "pages": 60,
}
"""Of each study, by its slug."""
OPTIONS = {
    "minimised": {"allocation": 'method = "minimisation"\nquotas = { none = 4, lime = 4 }'},
}
SERVICE = """[recruitment]
kind = "service"
name = "Panelists"
id_parameter = "pid"
[recruitment.urls]
complete = "https://service.example.org/"
"""
RECRUITED = ("same id", "same id unlocked")
WINDOW = 0.01  # seconds between reading what was allocated and writing the next
PATIENCE = 30.0  # seconds that a thread waits for another to come to the same place
THREADS = 10
FIRST = "before:ai-experience-v1"
_DECIDED, _ERASED = threading.Event(), threading.Event()  # of leave_while_sending_unlocked


def prepare(folder: Path) -> list[str]:
    migrate()
    with transaction.atomic():  # one wait for the disk instead of hundreds
        for slug, places in PLACES.items():
            factories.small_study(folder, slug=slug, places=places, **OPTIONS.get(slug, {}))
        for mode in RECRUITED:
            slug = mode.replace(" ", "-")
            factories.small_study(folder, slug=slug, plan=factories.PLAN + SERVICE)
        services.enrol(study=_study("pages"), arrival_key="pages")
        services.enrol(study=_study("pages"), arrival_key="pages unlocked")
        services.enrol(study=_study("pages"), arrival_key="leaving")
        services.enrol(study=_study("pages"), arrival_key="leaving unlocked")
    return []


def arrive(number: int, slug: str, key: str = "") -> str:
    """One person consents, and opens a page that needs an arm; a key of their own unless given."""
    try:
        person = services.enrol(study=_study(slug), arrival_key=key or f"{slug} {number}")
        services.record_view(participant=person, step="instructions")
    except services.StudyFullError:  # at the consent, or when the place is taken
        return "full"
    return person.pseudonym


def arrive_unlocked(number: int, slug: str) -> str:
    """The negative control: the same steps without transaction and lock."""
    enrol = services.enrol.__wrapped__  # what transaction.atomic wraps
    person = enrol(study=_study(slug), arrival_key=f"{slug} {number}")
    allocating.allocate(person)
    return person.pseudonym


def arrive_from_service(number: int, slug: str) -> str:
    """One person with one id, by twenty links at once; without a lock in one of the studies."""
    enrol = services.enrol.__wrapped__ if slug.endswith("unlocked") else services.enrol
    visitor = Visitor("panel", "the same person")
    try:
        return enrol(study=_study(slug), arrival_key=f"{slug} {number}", visitor=visitor).pseudonym
    except services.AlreadyBegunError:
        return "begun"


def arrive_twice_unlocked(number: int) -> str:
    """The negative control: one person's consents, without transaction and lock."""
    enrol = services.enrol.__wrapped__
    return enrol(study=_study("double"), arrival_key="the same person, unlocked").pseudonym


def send_page(number: int) -> str:
    """A tab sends the same person's first page; every third one with other answers."""
    person = Participant.objects.get(arrival_key=keyed_hash("arrival_key", "pages"))
    return factories.record(person, FIRST, _answers(number)).name


def send_page_unlocked(number: int) -> str:
    """The negative control: the same steps without transaction and lock."""
    person = Participant.objects.get(arrival_key=keyed_hash("arrival_key", "pages unlocked"))
    page = factories.sent_page(person, FIRST, _answers(number))
    outcome = recording._outcome(person, page, sequence.sent(person))
    if outcome is services.Recorded.RECORDED:
        recording._store(person, page)
    return outcome.name


def leave_while_sending(number: int) -> str:
    """Twenty tabs open and send the first page, while one of them has everything deleted."""
    try:
        person = Participant.objects.get(arrival_key=keyed_hash("arrival_key", "leaving"))
        if number == 7:
            services.erase(participant=person)
            return "erased"
        services.record_view(participant=person, step=FIRST)
        return factories.record(person, FIRST, _answers(1)).name
    except Participant.DoesNotExist:
        return "gone"


def leave_while_sending_unlocked(number: int) -> str:
    """The negative control: without the lock, a page is stored after its person was deleted."""
    person = Participant.objects.get(arrival_key=keyed_hash("arrival_key", "leaving unlocked"))
    if number == 7:
        _DECIDED.wait(PATIENCE)
        services.erase(participant=person)
        _ERASED.set()
        return "erased"
    page = factories.sent_page(person, FIRST, _answers(1))
    outcome = recording._outcome(person, page, sequence.sent(person))
    if outcome is services.Recorded.RECORDED:
        _DECIDED.set()
        _ERASED.wait(PATIENCE)
        recording._store(person, page)
    return outcome.name


def _answers(number: int) -> dict[str, str]:
    return {"experience": "1" if number % 3 else "7", "use": "1", "following": "1"}


MODES: dict[str, Callable[[int], str]] = {
    "few": lambda number: arrive(number, "few"),
    "locked": lambda number: arrive(number, "locked"),
    "unlocked": lambda number: arrive_unlocked(number, "unlocked"),
    "guarded": lambda number: arrive_unlocked(number, "guarded"),
    "minimised": lambda number: arrive(number, "minimised"),
    "double": lambda number: arrive(number, "double", "the same person"),
    "double unlocked": arrive_twice_unlocked,
    "same id": lambda number: arrive_from_service(number, "same-id"),
    "same id unlocked": lambda number: arrive_from_service(number, "same-id-unlocked"),
    "pages": send_page,
    "pages unlocked": send_page_unlocked,
    "leaving": leave_while_sending,
    "leaving unlocked": leave_while_sending_unlocked,
}


def run(mode: str, people: int, first: int) -> list[str]:
    """All of them, many at a time, with the race windows held open.

    Behind a lock a thread can only wait for a while. Without one it waits until a second thread
    has read the same, so that the control does not depend on how busy the machine is.
    """
    hold = _paired if mode.endswith("unlocked") or mode == "guarded" else _paused
    allocating.standing_of = hold(allocating.standing_of)
    if mode in {"unlocked", "guarded", "double unlocked", "same id unlocked"}:
        allocating.lock = enrolment.lock = lambda study: study
    if mode == "double unlocked":  # read between looking for the person and storing them
        enrolment.definition = hold(enrolment.definition)
    if mode == "unlocked":
        _forget_the_promises_of_the_database()
    if mode != "leaving unlocked":  # its threads wait for one another at a place of their own
        recording._outcome = hold(recording._outcome)
    recruiting.admit = hold(recruiting.admit)

    def one(number: int) -> str:
        try:
            return MODES[mode](number)
        except Exception as error:  # an error is a result: the test counts them
            return f"error: {error!r}"
        finally:
            connections.close_all()

    # Waiting is not fair on SQLite: with few processors, more threads than these could starve one.
    threads = THREADS // 2 if mode in {"few", "locked"} else THREADS
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(first, first + people)))


def _forget_the_promises_of_the_database() -> None:
    """Without ledger and constraints a race shows in the data, and not as an error."""
    numbers = itertools.count(1)
    ledger.append = lambda study, simulated, values: SimpleNamespace(sequence=next(numbers))
    options = AllocationSlot._meta
    unique = [one for one in options.constraints if isinstance(one, UniqueConstraint)]
    options.constraints = [one for one in options.constraints if one not in unique]
    with connection.schema_editor() as editor:
        for constraint in unique:
            editor.remove_constraint(AllocationSlot, constraint)


def _paused(function: Callable[..., object]) -> Callable[..., object]:
    """The function, with a pause after it has read and before anybody writes."""

    def paused(*arguments: object) -> object:
        found = function(*arguments)
        time.sleep(WINDOW)
        return found

    return paused


def _paired(function: Callable[..., object]) -> Callable[..., object]:
    """The function, which returns when two threads have read and neither has written."""
    both = threading.Barrier(2)

    def paired(*arguments: object) -> object:
        found = function(*arguments)
        with contextlib.suppress(threading.BrokenBarrierError):  # the last of an odd number
            both.wait(PATIENCE / 10)
        return found

    return paired


def _study(slug: str) -> Study:
    return Study.objects.get(slug=slug)


def begin(command: str, *rest: str | int) -> tuple[int, int]:
    """A process that works: its number, and the pipe on which it tells the outcomes."""
    told, tell = os.pipe()
    child = os.fork()
    if child:
        os.close(tell)
        return child, told
    status = 1
    try:
        outcomes = prepare(Path(str(rest[0]))) if command == "prepare" else run(command, *rest)
        with os.fdopen(tell, "w") as pipe:
            json.dump(outcomes, pipe)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def finish(child: int, told: int) -> list[str]:
    with os.fdopen(told) as pipe:
        written = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(written) if status == 0 else ["error: the process failed"]


if __name__ == "__main__":
    for line in sys.stdin:
        begun = [begin(*each) for each in json.loads(line)]
        print(json.dumps([one for each in begun for one in finish(*each)]), flush=True)
