"""The loop behind test_killed_anywhere.py.

    python fault_points.py FOLDER ROUND...

A ROUND is FAULT:EVERY, FAULT being kill or full: it strikes at the first operation and at each
EVERY after it. rows-first:EVERY is the control: it kills, too, and ends at the first damage.

Prints one line of JSON: by round, how many fault points were tried, and what went wrong at any of
them.
"""

import contextlib
import errno
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import django

django.setup()

import torch  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.db.backends.sqlite3.base import DatabaseWrapper  # noqa: E402

from explanations.methods.gradcam import GradCam  # noqa: E402
from explanations.methods.placebo import Placebo  # noqa: E402
from explanations.models import Explanation  # noqa: E402
from explanations.pipeline import saving  # noqa: E402
from explanations.store import packs  # noqa: E402
from explanations.verification.stored_files import check_everything  # noqa: E402
from studyplatform.computations import preparation  # noqa: E402, F401 - loaded before the forks
from tests.explanations.conftest import random_classifier  # noqa: E402
from tests.migrated import migrate  # noqa: E402

IMAGES = 3
FOLDER = Path(sys.argv[1])
ROUNDS = sys.argv[2:]


class Faults:
    """Counts operations and strikes at the one of a given number."""

    def __init__(self, fault: str, number: int) -> None:
        self.fault = fault
        self.left = number
        self.count = 0

    def strikes(self) -> bool:
        self.count += 1
        self.left -= 1
        return self.left == 0

    def point(self) -> None:
        """Before or after an operation."""
        if self.strikes():
            if self.fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.ENOSPC, "No space left on device")

    def install(self) -> None:
        pwrite, fsync, opened = os.pwrite, os.fsync, os.open

        def half(handle, content, offset):
            self.point()
            if self.strikes():
                pwrite(handle, content[: len(content) // 2], offset)
                if self.fault == "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                raise OSError(errno.ENOSPC, "No space left on device")
            written = pwrite(handle, content, offset)
            if self.fault == "kill":
                self.point()
            return written

        def synced(handle):
            self.point()
            fsync(handle)
            if self.fault == "kill":
                self.point()

        def made(path, flags, *mode, **others):
            if flags & os.O_CREAT and packs.SUFFIX in str(path):
                self.point()
            return opened(path, flags, *mode, **others)

        os.pwrite, os.fsync, os.open = half, synced, made
        if self.fault == "kill":
            connections["default"].execute_wrappers.append(self._statement)
            commit = DatabaseWrapper._commit

            def committed(wrapper):
                self.point()
                commit(wrapper)
                self.point()

            DatabaseWrapper._commit = committed

    def _statement(self, execute, sql, params, many, context):
        if sql.startswith(("INSERT", "UPDATE")):
            self.point()
        return execute(sql, params, many, context)


def in_a_fork(work) -> tuple[int, dict]:
    """The exit status of ``work`` in a child process, and what it returned if it lived."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        try:
            answer = json.dumps(work()).encode()
            os.write(send, answer)
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


def precompute() -> str:
    """Grad-CAM and a placebo by the command; "full" where it says that the disk is full."""
    try:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123
            call_command(
                "precompute_explanations", set="scenes", weights=FOLDER / "w.safetensors",
                methods="gradcam,placebo", device="cpu", stdout=nowhere,
            )  # fmt: skip
    except CommandError as error:
        return "full" if "Free some space and repeat the command" in str(error) else str(error)
    return "done"


def first_run(fault: str, number: int, rows_first: bool) -> dict:
    faults = Faults(fault, number)
    faults.install()
    if rows_first:
        _note_before_writing()
    return {"said": precompute(), "operations": faults.count}


def look() -> dict:
    """What is there after the fault: how much is finished, how much of it is torn."""
    found = check_everything()
    return {"finished": Explanation.objects.count(), "torn": len(found.problems)}


def second_run() -> dict:
    computed = []
    for method in (GradCam, Placebo):
        original = method.explain

        def counted(self, batch, seeds, original=original):
            computed.append(1)
            return original(self, batch, seeds)

        method.explain = counted
    said = precompute()
    found = check_everything()
    return {"said": said, "computed": len(computed), "manifest": found.manifest,
            "torn": len(found.problems)}  # fmt: skip


def _note_before_writing() -> None:
    """The wrong order, for the control."""
    append = saving.ArtefactWriter.append

    def late(self, artefacts):
        pwrite, os.pwrite = os.pwrite, lambda handle, content, offset: len(content)
        stored = append(self, artefacts)
        os.pwrite = pwrite
        self.late = (stored, artefacts)
        return stored

    def keep(writer, jobs, done, precision):
        original(writer, jobs, done, precision)
        stored, artefacts = writer.late
        content = b"".join(artefact.to_record().to_bytes() for artefact in artefacts)
        os.pwrite(writer._packs._handle, content, stored[0].offset)

    original = saving.keep
    saving.ArtefactWriter.append = late
    from explanations.pipeline import precompute as module

    module.keep = keep


def prepare() -> dict:
    from explanations.imagesets.scene_set import SceneSet
    from explanations.pipeline import image_import

    image_import.BACKGROUND_SIZE = 2
    random_classifier().save(FOLDER / "w.safetensors", torch.float16)
    with contextlib.redirect_stdout(sys.stderr):
        migrate()
    image_import.import_images(SceneSet(), "test", limit=IMAGES)
    return {}


def main() -> None:
    data, clean = settings.DATA_DIR, FOLDER / "clean"
    assert in_a_fork(prepare)[0] == 0
    shutil.copytree(data, clean)
    _, whole = in_a_fork(second_run)
    assert (whole["said"], whole["computed"], whole["torn"]) == ("done", 2 * IMAGES, 0), whole
    print(json.dumps({each: play(each, data, clean, whole) for each in ROUNDS}))


def play(name: str, data: Path, clean: Path, whole: dict) -> dict:
    """One round: what went wrong at any of its fault points."""
    fault, _, every = name.partition(":")
    rows_first = fault == "rows-first"
    fault = "kill" if rows_first else fault
    bad = {"torn": 0, "computed_again": 0, "other_manifest": 0, "unclear": 0}
    tried = hit = 0
    while not (rows_first and bad["torn"]):
        number = 1 + tried * int(every)
        shutil.rmtree(data)
        shutil.copytree(clean, data)
        status, said = in_a_fork(lambda number=number: first_run(fault, number, rows_first))
        if status == 0 and said["said"] == "done":
            break
        tried += 1
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        hit += killed or (fault == "full" and status == 0)
        bad["unclear"] += fault == "full" and said.get("said") != "full"
        _, after = in_a_fork(look)
        status, again = in_a_fork(second_run)
        bad["torn"] += after["torn"] + again.get("torn", 1)
        bad["computed_again"] += again.get("computed", 99) > 2 * IMAGES - after["finished"]
        bad["other_manifest"] += again.get("manifest") != whole["manifest"]
    return bad | {"points": tried, "hit": hit}


main()
