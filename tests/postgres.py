"""A PostgreSQL server of the tests' own: started unprivileged on loopback, gone at the end."""

import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.conftest import missing

SECONDS_TO_START = 60


@dataclass
class PostgresServer:
    """A running server; ``process`` is a direct child, so that a crash test may kill it."""

    process: subprocess.Popen[bytes]
    port: int
    password: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://study:{self.password}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """The URL of a new database: empty, or a copy of ``template``, which nobody is using."""
        name = f"study_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            # Names are ours.
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server, or a skip where none is installed."""
    binaries = _binaries()
    # Not below pytest's folder: that one is closed to the user whom the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="study-postgres-"))
    account = _account()
    try:
        server = _start(binaries, folder, account)
        try:
            yield server
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    found = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    usable = [folder for folder in found if (folder / "initdb").exists()]
    if not usable:
        missing("No PostgreSQL server is installed (apt-get install postgresql).")
    return max(usable, key=lambda folder: (len(str(folder)), str(folder)))


def _account() -> dict[str, object]:
    """Under root, the arguments that run a process as nobody: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        missing("PostgreSQL refuses root, and there is no user nobody to run it as.")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _start(binaries: Path, folder: Path, account: dict[str, object]) -> PostgresServer:
    password = secrets.token_urlsafe(18)
    (folder / "password").write_text(password)
    if account:
        for path in (folder, folder / "password"):
            os.chown(path, account["user"], account["group"])
    subprocess.run(
        [
            str(binaries / "initdb"),
            *("-D", str(folder / "data"), "-U", "study", "-E", "UTF8", "--locale=C.UTF-8"),
            *("--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--data-checksums"),
            "--no-sync",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        **account,
    )
    port = _free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port)),
                *("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=250"),
                *("-c", f"unix_socket_directories={folder}"),
                # No test takes the power away, and a server that is killed loses nothing by it.
                *("-c", "fsync=off"),
            ],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={"HOME": str(folder), "PATH": os.environ["PATH"]},
            **account,
        )
    server = PostgresServer(process, port, password)
    _wait(server, folder / "log")
    return server


def _wait(server: PostgresServer, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            psycopg.connect(server.url(), connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    _stop(server)
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")


def _stop(server: PostgresServer) -> None:
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGINT)  # fast shutdown: open connections are closed
        server.process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
