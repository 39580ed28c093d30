"""manage.py serve: a server and its workers that begin and end together."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.jobs.test_worker import children_of, is_alive

SECONDS = 300.0
"""How long a process may take to start on a busy machine."""


def commands_of(process: subprocess.Popen) -> dict[tuple[str, str], int]:
    """The process id of each child, by the command of manage.py that it runs and its last word."""
    lines = {
        child: Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
        for child in children_of(process)
    }
    # The line ends with an empty text after its last zero byte.
    return {(line[2], line[-2]): child for child, line in lines.items() if len(line) > 2}


def until(met) -> None:
    deadline = time.monotonic() + SECONDS
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.nightly
def test_a_killed_worker_is_replaced_and_all_end_with_the_server(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ, "STUDY_DATA_DIR": str(tmp_path / "var"), "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "studyplatform.settings",
    }  # fmt: skip
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    serve = subprocess.Popen(
        [*manage, "serve", f"127.0.0.1:{port}"], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        short, computing = ("work", "short"), ("work", "computing")
        server = ("runserver", f"127.0.0.1:{port}")
        until(lambda: answers(port) and {server, short, computing} == commands_of(serve).keys())
        before = commands_of(serve)
        os.kill(before[short], signal.SIGKILL)
        until(lambda: commands_of(serve).get(short, before[short]) != before[short])
        assert commands_of(serve)[computing] == before[computing]
        children = commands_of(serve).values()
    finally:
        serve.terminate()
        serve.wait(timeout=SECONDS)
    assert not any(is_alive(child) for child in children)
    until(lambda: not answers(port))
