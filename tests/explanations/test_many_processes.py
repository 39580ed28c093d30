"""Several commands at once, shards, and dask workers that die: the same maps, each made once."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from explanations.pipeline.executors import on_dask
from explanations.pipeline.executors.chunks import ExecutorError
from tests.conftest import ROOT
from tests.explanations.conftest import random_classifier

IMAGES = 12
MAPS = 3 * IMAGES


IN_ORDER = """
import json, sys
import django
django.setup()
from django.core.management import call_command
for command in json.loads(sys.argv[1]):
    call_command(*command)
"""


class Project:
    """A data folder of its own, with a command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ, "STUDY_DATA_DIR": str(folder), "DATABASE_URL": "", "OMP_NUM_THREADS": "1",
            "DJANGO_SETTINGS_MODULE": "studyplatform.settings",
        }  # fmt: skip

    def begin(self, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", *map(str, arguments)],
            cwd=ROOT, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def end(self, process: subprocess.Popen[str]) -> str:
        out, errors = process.communicate(timeout=500)
        assert process.returncode == 0, errors[-3000:]
        return out

    def run(self, *commands: tuple[object, ...]) -> str:
        """Several commands in one process, which loads the libraries once."""
        written = json.dumps([list(map(str, command)) for command in commands])
        out = subprocess.run(
            [sys.executable, "-c", IN_ORDER, written], cwd=ROOT, text=True, check=False,
            env=self.environment, capture_output=True, timeout=500,
        )  # fmt: skip
        assert out.returncode == 0, out.stderr[-3000:]
        return out.stdout

    def precompute(self, *arguments: object, methods: str = "gradcam,saliency,placebo"):
        """The command."""
        weights = self.folder.parent / "w.safetensors"
        fixed = ("--set", "scenes", "--weights", weights, "--methods", methods, "--device", "cpu")
        return ("precompute_explanations", *fixed, *arguments)

    def begin_precompute(self, *arguments: object, **methods: str):
        return self.begin(*self.precompute(*arguments, **methods))

    def copy(self, name: str) -> "Project":
        shutil.copytree(self.folder, self.folder.parent / name)
        return Project(self.folder.parent / name)

    def maps(self) -> int:
        with contextlib.closing(sqlite3.connect(self.folder / "db.sqlite3")) as database:
            return database.execute("select count(*) from explanations_explanation").fetchone()[0]

    def manifest(self, *commands: tuple[object, ...]) -> str:
        """What is stored, after these commands."""
        path = self.folder / "manifest"
        self.run(*commands, ("verify_explanations", "--manifest", path, "--force"))
        return path.read_text()


def maps_computed(answer: str) -> int:
    return int(re.search(r"(\d+) maps computed", answer)[1])


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A project with images and no maps."""
    folder = tmp_path_factory.mktemp("project")
    random_classifier().save(folder / "w.safetensors", torch.float16)
    project = Project(folder / "imported")
    project.run(
        ("migrate", "-v0"),
        ("import_images", "--data", "scenes", "--split", "test", "--limit", IMAGES),
    )
    return project


@pytest.fixture(scope="module")
def clean(imported):
    """The manifest of a run that nothing disturbed."""
    project = imported.copy("clean")
    manifest = project.manifest(project.precompute())
    assert project.maps() == MAPS
    return manifest


@pytest.mark.nightly
def test_two_commands_at_once_compute_every_map_once(imported, clean):
    project = imported.copy("two")
    both = [project.begin_precompute() for _ in range(2)]
    computed = [maps_computed(project.end(process)) for process in both]
    assert sum(computed) == MAPS, computed
    assert project.manifest() == clean


@pytest.mark.nightly
def test_without_claims_two_commands_compute_maps_twice(imported):
    """The control: the same two commands where everybody gets every claim."""
    project = imported.copy("unclaimed")
    code = (
        "import django; django.setup(); import explanations.store.claims as c;"
        "c.Claims.take = lambda self, keys: True;"
        "import explanations.pipeline.precompute as p; p.take_over_rows = lambda jobs: jobs;"
        "import sys; from django.core.management import execute_from_command_line;"
        "execute_from_command_line(sys.argv)"
    )
    weights = str(project.folder.parent / "w.safetensors")
    arguments = ["precompute_explanations", "--set", "scenes", "--weights", weights, "--device",
                 "cpu", "--methods", "gradcam,saliency,placebo"]  # fmt: skip
    both = [
        subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=ROOT, text=True,
                         env=project.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]  # fmt: skip
    assert sum(maps_computed(project.end(process)) for process in both) > MAPS


@pytest.mark.nightly
def test_shards_make_the_whole(imported, clean):
    project = imported.copy("shards")
    shards = [project.begin_precompute("--shard", f"{part}/3") for part in (1, 2, 3)]
    assert [maps_computed(project.end(process)) for process in shards] == [MAPS // 3] * 3
    assert project.manifest() == clean


@pytest.mark.nightly
@pytest.mark.parametrize("workers", [1, 3])
def test_dask_workers_make_the_same_maps(imported, clean, workers):
    project = imported.copy(f"dask{workers}")
    run = project.begin_precompute("--executor", "dask", "--workers", workers)
    assert maps_computed(project.end(run)) == MAPS
    assert project.manifest() == clean


def test_a_scheduler_that_does_not_answer_is_named_with_the_cure(monkeypatch):
    monkeypatch.setattr(on_dask, "SECONDS_TO_CONNECT", 0.5)
    nobody = on_dask.Cluster("tcp://127.0.0.1:9")
    with (
        pytest.raises(ExecutorError, match="No Dask scheduler answers at tcp://127"),
        on_dask._connected(nobody, "cpu"),
    ):
        pass


@pytest.mark.nightly
def test_the_absence_of_a_scheduler_is_said(imported):
    project = imported.copy("lost")
    lost = project.begin_precompute("--executor", "dask", "--scheduler", "tcp://127.0.0.1:9")
    _, errors = lost.communicate(timeout=300)
    assert lost.returncode == 1
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in errors


@contextlib.contextmanager
def cluster(project: Project, folder: Path):
    """A Dask scheduler with a worker in processes of their own: its address and process."""
    folder.mkdir()
    file = folder / "scheduler.json"
    with (folder / "log").open("w") as log, contextlib.ExitStack() as ended:

        def started(module: str, *options: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", "--scheduler-file", str(file),
                 "--no-dashboard", *options],
                cwd=ROOT, env=project.environment, stdout=log, stderr=log,
            )  # fmt: skip
            ended.callback(process.wait, 30)
            ended.callback(process.terminate)
            return process

        scheduler = started("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        started("dask_worker", "--nthreads", "2", "--local-directory", str(folder))
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield re.search(r'"address": "([^"]+)"', file.read_text())[1], scheduler


@pytest.mark.nightly
def test_a_scheduler_elsewhere_is_used(imported, clean, tmp_path):
    project = imported.copy("scheduler")
    with cluster(project, tmp_path / "dask") as (address, _):
        run = project.begin_precompute("--executor", "dask", "--scheduler", address)
        assert maps_computed(project.end(run)) == MAPS
    assert project.manifest() == clean


@pytest.mark.nightly
def test_a_scheduler_that_is_killed_costs_no_finished_map(imported, tmp_path):
    """The command ends with a sentence, and with another scheduler it computes what is left."""
    methods = "gradcam,integrated_gradients"
    whole = imported.copy("whole")
    whole.end(whole.begin_precompute(methods=methods))
    project = imported.copy("scheduler-killed")
    with cluster(project, tmp_path / "first") as (address, scheduler):
        run = project.begin_precompute(
            "--executor", "dask", "--scheduler", address, methods=methods
        )
        while run.poll() is None and not project.maps():
            time.sleep(0.05)
        scheduler.kill()
        _, errors = run.communicate(timeout=300)
    kept = project.maps()
    assert 0 < kept < 2 * IMAGES
    assert run.returncode == 1
    assert "Repeat the command when the scheduler is running again." in errors
    assert "Traceback" not in errors
    with cluster(project, tmp_path / "second") as (address, _):
        again = project.begin_precompute(
            "--executor", "dask", "--scheduler", address, methods=methods
        )
        assert maps_computed(project.end(again)) == 2 * IMAGES - kept
    assert project.manifest() == whole.manifest()


@pytest.mark.nightly
def test_a_worker_that_is_killed_costs_no_map(imported):
    """Killed once maps are being stored: who dies while starting is no worker yet."""
    project = imported.copy("killed-once")
    methods = "gradcam,integrated_gradients"
    run = project.begin_precompute("--executor", "dask", "--workers", 2, methods=methods)
    while run.poll() is None and not project.maps():
        time.sleep(0.05)
    os.kill(workers_of(run.pid)[0], signal.SIGKILL)
    assert maps_computed(project.end(run)) == 2 * IMAGES
    assert project.manifest()  # every stored map has the hash that its row says


@pytest.mark.nightly
def test_workers_killed_again_and_again_cost_no_map(imported):
    """One every five seconds; on a slow machine not before another map is there."""
    methods = "gradcam,integrated_gradients,deepshap"
    whole = imported.copy("undisturbed")
    whole.end(whole.begin_precompute(methods=methods))
    project = imported.copy("killed")
    run = project.begin_precompute("--executor", "dask", "--workers", 2, methods=methods)
    dice, killed, maps = random.Random(0), 0, 0
    deadline = time.monotonic() + 400
    while run.poll() is None and time.monotonic() < deadline:
        time.sleep(5 if killed else 0.1)
        workers, before = workers_of(run.pid), maps
        maps = project.maps()
        if workers and maps > before:
            os.kill(dice.choice(workers), signal.SIGKILL)
            killed += 1
    assert maps_computed(project.end(run)) == MAPS
    assert killed >= 2
    assert project.manifest() == whole.manifest()


def workers_of(process: int) -> list[int]:
    """Processes below ``process`` that dask's nannies have started."""
    found = []
    for child in children_of(process):
        command = Path(f"/proc/{child}/cmdline")
        try:
            if b"spawn_main" in command.read_bytes():
                found.append(child)
        except OSError:
            continue
    return found


def children_of(process: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    except OSError:
        return []
