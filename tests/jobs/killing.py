"""The loop behind test_killed_workers.py: a worker is killed at an operation, another finishes.

    python -m tests.jobs.killing FOLDER ROUND...

A ROUND is NAME:POINTS, with a name of JOBS. Its job is done once without a fault and its operations
are counted: SQL statements that write, commits, renames, new folders and flushes to the disk. Then
a worker is killed at each of POINTS operations, spread evenly, and another does what is left.
"torn:POINTS" is the control: synthetic people whose pages and note are no longer one transaction.

Prints one line of JSON: by round, how many points were tried, and what went wrong at any of them.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import django
import numpy as np

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.db.backends.sqlite3.base import DatabaseWrapper  # noqa: E402
from django.utils import timezone  # noqa: E402
from safetensors.torch import save  # noqa: E402

from explanations.classifier import architectures  # noqa: E402
from explanations.imagesets.decoding import encode_png  # noqa: E402
from explanations.models import ClassifierWeights, Explanation, StudyImage  # noqa: E402
from studyplatform.jobs import queue, uploaded_weights, worker  # noqa: E402
from studyplatform.jobs.attempt import attempt, body_of  # noqa: E402
from studyplatform.jobs.bodies import simulation  # noqa: E402
from studyplatform.jobs.kinds import BY_KEY  # noqa: E402
from studyplatform.models import Job  # noqa: E402
from surveys import services  # noqa: E402
from surveys.models import Answer, Participant, Study  # noqa: E402
from tests.migrated import migrate  # noqa: E402
from tests.surveys import factories  # noqa: E402
from tests.surveys.drawn import CLASSES, drawn_study  # noqa: E402
from tests.test_straight_line import STUDY  # noqa: E402

FOLDER = Path(sys.argv[1])
PEOPLE = {"number": 2, "profile": "null", "seed": 4}
OWN = {"name": "own", "architecture": "resnet18", "size": 32, "class_names": "\n".join(CLASSES)}
RELEASED = {"k": 2, "licence": "CC0-1.0", "authors": "A. Meyer", "simulated": "none"}
EVALUATION = {"images": 2, "subsample": 2, "methods": ["gradcam"]}
FORMATS = ["csv", "json", "parquet", "sav", "dta", "xlsx"]
JOBS = {
    "simulation": ("simulation", "drawn", PEOPLE),
    "torn": ("simulation", "drawn", PEOPLE),
    "export": ("export", "small", {"formats": ["csv", "json"], "simulated": "none"}),
    "every-format": ("export", "small", {"formats": FORMATS, "simulated": "none"}),
    "look": ("look", "looked", {"unplanned": ""}),
    "report": ("report", "small", {"simulated": "none", "pdf": False}),
    "report-as-pdf": ("report", "small", {"simulated": "none", "pdf": True}),
    "release": ("release", "small", RELEASED),
    "classifier": ("classifier", "drawn", OWN),
    "power": ("power", "small", {"power": 0.5, "runs": 20, "most": 4, "seed": 1}),
    "folder": ("folder", "drawn", {"folder": "offered", "split": "test"}),
    "predictions": ("maps", "pictured", {"verify": 0, "predictions_only": True}),
    "maps": ("maps", "pictured", {"layers": False, "verify": 0}),
    "evaluation": ("evaluation", "pictured", EVALUATION),
    "evaluation-of-study": ("evaluation", "explained", {**EVALUATION, "sample": "study"}),
}
"""Kind, study and arguments of the job of each round."""
LOOKS = """
[analysis.looks]
outcome = "trust"
kind = "pocock"
times = [8, 40]
"""
PICTURED = {"pictured", "explained"}
"""Studies on the scenes that come with the platform; the maps of the second are computed."""


class Faults:
    """Counts operations and kills this process at the one of a given number."""

    def __init__(self, number: int) -> None:
        self.left, self.count = number, 0

    def point(self) -> None:
        self.count += 1
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        for name in ("fsync", "replace", "rename", "mkdir"):
            setattr(os, name, self._around(getattr(os, name)))
        connections["default"].execute_wrappers.append(self._statement)
        DatabaseWrapper._commit = self._around(DatabaseWrapper._commit)

    def _around(self, operation):
        def counted(*arguments, **options):
            self.point()
            done = operation(*arguments, **options)
            self.point()
            return done

        return counted

    def _statement(self, execute, sql, params, many, context):
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            self.point()
        return execute(sql, params, many, context)


def in_a_fork(work) -> tuple[int, dict]:
    """The exit status of ``work`` in a child process, and what it returned if it lived."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        try:
            os.write(send, json.dumps(work()).encode())
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return status, json.loads(answer) if answer else {}


def in_this_process() -> None:
    """Let the worker do the job itself, so that one kill hits whatever happens anywhere."""

    def ending(attending, process, connection):
        def tell(message):
            attending._note(message)
            attending._report()

        return attempt(attending.lease, tell)

    worker._started = lambda lease: (None, SimpleNamespace(close=lambda: None))
    worker._end = lambda process: None
    worker.Attending._ending = ending


def do(kind: str, number: int = 0) -> dict:
    """What a worker does, killed at the operation of this number; 0 for never."""
    if kind == "torn":
        simulation.transaction = type("Torn", (), {"atomic": staticmethod(contextlib.nullcontext)})
    faults = Faults(number)
    faults.install()
    in_this_process()
    worker.Worker(tuple(BY_KEY)).run(once=True)
    return {"operations": faults.count}


def outcome(kind: str) -> dict:
    """What the job has left: its row, its files, and what it did to the database."""
    job = Job.objects.get()
    result = job.result or {}
    provenance = {k: v for k, v in result.get("provenance", {}).items() if k != "exported_at"}
    people = Participant.objects.filter(simulated=True).order_by("slot__position", "pk")
    answers = [
        [person.state, *Answer.objects.filter(submission__participant=person)
         .order_by("pk").values_list("item", "value")]
        for person in people
    ]  # fmt: skip
    folder = settings.DATA_DIR / "jobs" / str(job.pk)
    attempts = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return {
        "state": job.state,
        "error": job.error,
        "summary": result.get("summary"),
        "provenance": provenance,
        "files": {one["name"]: one["sha256"] for one in job.files},
        "database": hashlib.sha256(repr(answers).encode()).hexdigest(),
        "images": sorted(StudyImage.objects.values_list("image_set__name", "split", "sha256")),
        "classifiers": sorted(ClassifierWeights.objects.values_list("sha256", "name")),
        "maps": sorted(Explanation.objects.values_list("key", flat=True)),
        "attempts": len(attempts),
    }


def after(kind: str) -> dict:
    """The other worker: it finds the job once the lease is over, unless it is done already."""
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(state="running").update(lease_until=past)
    do(kind)
    left = queue.claim("one too many", tuple(BY_KEY))
    return outcome(kind) | {"taken_again": left is not None}


def prepare(kind: str) -> dict:
    kind_of_job, slug, data = JOBS[kind]
    study = Study.objects.get(slug=slug)
    if kind_of_job == "classifier":
        network = architectures.get(OWN["architecture"]).build(len(CLASSES), OWN["size"])
        weights = io.BytesIO(save(network.state_dict()))
        data = data | {"upload": uploaded_weights.keep(weights, "own.safetensors")}
    queue.enqueue(kind_of_job, study=study, data=data, by=None)
    return {}


def studies() -> dict:
    with contextlib.redirect_stdout(sys.stderr):
        migrate()
    drawn_study(FOLDER)
    small = drawn_study(FOLDER, slug="small", arms=("none", "gradcam", "lime"))
    for number in range(12):
        factories.walk(factories.allocated(small, str(number)), choice=number)
    factories.end_and_unblind(small)
    text = small.source.replace('scale = "trust"', 'scale = "trust"\nsmallest_effect = 2.0')
    Study.objects.filter(pk=small.pk).update(source=text)
    looked = drawn_study(FOLDER, slug="looked", arms=("none", "gradcam"))
    for number in range(12):
        # Personal codes follow from these keys, so that each study needs its own.
        factories.walk(factories.allocated(looked, f"looked-{number}"), choice=number)
    text = looked.source.replace('scale = "trust"', 'scale = "trust"\nfallback = "none"')
    Study.objects.filter(pk=looked.pk).update(source=text + LOOKS)
    for number in range(8):
        label = CLASSES[number % len(CLASSES)]
        path = settings.IMAGE_FOLDERS / "offered" / "test" / label / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(np.full((32, 32, 3), number, dtype=np.uint8)))
    needed = {JOBS[each.partition(":")[0]][1] for each in sys.argv[2:]} & PICTURED
    if needed:
        call_command("import_images", data="scenes", split="test", limit=24, verbosity=0,
                     stdout=sys.stderr)  # fmt: skip
    for slug in sorted(needed):
        services.load_study(STUDY.format(slug=slug, seed=5))
    if "explained" in needed:
        call_command("precompute_explanations", study="explained", verbosity=0, stdout=sys.stderr)
    return {}


def play(kind: str, points: int, clean: Path) -> dict:
    """One round: what went wrong at any of its points."""
    data = settings.DATA_DIR
    body_of(JOBS[kind][0])  # loads the libraries before the forks

    def begin() -> None:
        shutil.rmtree(data)
        shutil.copytree(clean, data)
        assert in_a_fork(lambda: prepare(kind))[0] == 0

    begin()
    _, counted = in_a_fork(lambda: do(kind))
    _, whole = in_a_fork(lambda: outcome(kind))
    begin()
    time.sleep(1.1)  # so that no time, which files give in seconds, is the same by chance
    in_a_fork(lambda: do(kind))
    _, again = in_a_fork(lambda: outcome(kind))
    # Files with a time in them differ even between two undisturbed runs. Stata's gives minutes, so
    # that two runs within one are the same by chance.
    stable = {
        name
        for name in whole["files"]
        if whole["files"][name] == again["files"].get(name) and not name.endswith(".dta")
    }
    assert whole["state"] == "done", whole["error"]
    operations = counted["operations"]
    numbers = sorted({1 + round(i * (operations - 1) / max(1, points - 1)) for i in range(points)})
    bad = {"not_done": 0, "other_result": 0, "taken_again": 0, "left_behind": 0}
    hit = 0
    for number in numbers:
        begin()
        status, _ = in_a_fork(lambda number=number: do(kind, number))
        hit += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        _, ended = in_a_fork(lambda: after(kind))
        bad["not_done"] += ended.get("state") != "done"
        bad["other_result"] += not same(ended, whole, stable)
        if kind != "torn" and not same(ended, whole, stable):
            print(kind, number, differences(ended, whole, stable), file=sys.stderr)
        bad["taken_again"] += bool(ended.get("taken_again", True))
        bad["left_behind"] += ended.get("attempts", 9) > 1 and number < operations - 4
        if kind == "torn" and bad["other_result"]:
            break
    return bad | {"points": len(numbers), "hit": hit, "operations": operations,
                  "stable_files": len(stable)}  # fmt: skip


def same(ended: dict, whole: dict, stable: set[str]) -> bool:
    return not differences(ended, whole, stable)


def differences(ended: dict, whole: dict, stable: set[str]) -> dict:
    """What is not as without a kill: both values by what it is."""
    keys = ("summary", "provenance", "database", "images", "classifiers", "maps")
    found = {key: (ended.get(key), whole[key]) for key in keys if ended.get(key) != whole[key]}
    files = ended.get("files", {})
    for name in stable | (files.keys() ^ whole["files"].keys()):
        if files.get(name) != whole["files"].get(name):
            found[name] = (files.get(name), whole["files"].get(name))
    return found


def main() -> None:
    clean = FOLDER / "clean"
    assert in_a_fork(studies)[0] == 0
    shutil.copytree(settings.DATA_DIR, clean)
    rounds = [each.partition(":") for each in sys.argv[2:]]
    print(json.dumps({kind: play(kind, int(points), clean) for kind, _, points in rounds}))


main()
