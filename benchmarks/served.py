"""This platform as gunicorn serves it, with a study of its own, for loads on this machine."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120  # seconds until a server must be up
SETTINGS = """
from pathlib import Path
from studyplatform.settings import *
STATIC_ROOT = Path({folder!r}) / "static"
# As in production, without the compressed copies, which take seconds to write.
STORAGES["staticfiles"] = {{
    "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
}}
"""
BEGIN = """
import django
django.setup()
from django.core.management import call_command
from tests.migrated import migrate
migrate()
call_command("collectstatic", "--no-input", verbosity=0)
"""
DEMO = """
from benchmarks.pages import store_images
from tests.surveys.shipped import ROOT, open_study
open_study(ROOT / "studies" / "demo.toml", shortened={shortened})
store_images()
"""
"""Opens the demo study, with pixels by chance; ``shortened``: with three trials."""
WHOLE_DEMO = DEMO.format(shortened=False)


@contextmanager
def served(
    folder: Path, *options: str, create: str = WHOLE_DEMO, database: str = ""
) -> Iterator[str]:
    """Yield the address of a server, whose studies the code ``create`` has made.

    ``options`` are gunicorn's; ``database`` is a DATABASE_URL, empty for SQLite in the folder.
    """
    environment = prepared(folder, create, database)
    with running(environment, *options) as (address, _):
        yield address


def prepared(folder: Path, create: str, database: str) -> dict[str, str]:
    """Make the database and its studies, and return the environment of their servers."""
    (folder / "load_settings.py").write_text(SETTINGS.format(folder=str(folder)))
    environment = environment_of(folder, database)
    subprocess.run([sys.executable, "-c", BEGIN + create], cwd=ROOT, env=environment, check=True)
    return environment


def environment_of(folder: Path, database: str = "") -> dict[str, str]:
    """Return the environment of the servers of a folder that is prepared."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "load_settings",
        "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))),
        "STUDY_DATA_DIR": str(folder / "data"),
        "STUDY_SECRET_KEY": "k" * 50,
        "STUDY_ALLOWED_HOSTS": "127.0.0.1",
        "STUDY_ARRIVALS_PER_MINUTE": "1000000",  # everybody has the same address
        "STUDY_DEBUG": "0",
        "STUDY_HTTPS": "0",
        "DATABASE_URL": database,
    }


@contextmanager
def running(environment: Mapping[str, str], *options: str) -> Iterator[tuple[str, int]]:
    """Yield the address of a server and the id of its first process."""
    port = free_port()
    command = ("--config", "gunicorn.conf.py", *options, "--bind", f"127.0.0.1:{port}")
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *command, "studyplatform.wsgi"],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with until_left(process):
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}", process.pid


@contextmanager
def until_left(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Stop the server at the end, whatever happens."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server listens. Raises RuntimeError if it ends or is not up in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise RuntimeError(f"The server on port {port} did not start.")
