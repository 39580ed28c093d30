"""The shipped proxy configuration in front of gunicorn, under the attacks that it is for."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from studyplatform.security import HEADERS
from tests.conftest import ROOT, missing

pytestmark = pytest.mark.nightly
SLOW = 25
HOST = "study.example.org"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until_up(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not answers(port):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory) -> Iterator[int]:
    """A server with four threads, which 25 slow connections would all hold."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    environment = {
        **os.environ, "STUDY_DEBUG": "0", "STUDY_SECRET_KEY": "k" * 50, "DATABASE_URL": "",
        "STUDY_ALLOWED_HOSTS": HOST, "STUDY_BEHIND_PROXY": "1", "STUDY_DATA_DIR": str(folder),
    }  # fmt: skip
    subprocess.run([sys.executable, "-m", "tests.migrated"], cwd=ROOT, env=environment, check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--workers", "1", "--threads", "4", "--bind",
         f"127.0.0.1:{port}", "studyplatform.wsgi"],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until_up(port, process)
        time.sleep(3)  # the worker loads after the socket is open
        yield port
    finally:
        process.terminate()
        process.wait(40)


@pytest.fixture(scope="module")
def proxy(gunicorn, tmp_path_factory) -> Iterator[int]:
    with nginx_before(gunicorn, tmp_path_factory.mktemp("proxy")) as port:
        yield port


@contextmanager
def nginx_before(server: int, folder: Path) -> Iterator[int]:
    """nginx with the shipped file, whose ports, paths and certificate are replaced."""
    if shutil.which("nginx") is None or shutil.which("openssl") is None:
        missing("nginx and openssl are needed for the proxy's tests.")
    port = free_port()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
         f"/CN={HOST}", "-keyout", "study.key", "-out", "study.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    shipped = (ROOT / "deploy" / "nginx.conf").read_text()
    for ours, theirs in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("listen 80", f"listen 127.0.0.1:{free_port()}"),
        ("server 127.0.0.1:8000", f"server 127.0.0.1:{server}"),
        ("/etc/ssl/", f"{folder}/"),
        ("/var/log/nginx/", f"{folder}/"),
        ("/srv/studies/data/", f"{folder}/"),
    ):
        assert ours in shipped
        shipped = shipped.replace(ours, theirs)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/errors; worker_processes 1;\n"
        "events { worker_connections 1000; }\nhttp {\n"
        + "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                  ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + shipped + "\n}\n"
    )  # fmt: skip
    process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-p", folder, "-e", "stderr"])
    try:
        until_up(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def slow_connections(port: int, *, tls: bool) -> Iterator[None]:
    """Connections that begin a request and never finish it."""
    context = ssl._create_unverified_context()
    with ExitStack() as stack:
        for _ in range(SLOW):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            if tls:
                connection = stack.enter_context(
                    context.wrap_socket(connection, server_hostname=HOST)
                )
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: ".encode())
        time.sleep(1)
        yield


def seconds_for_a_page(port: int, *, tls: bool, patience: float) -> float:
    begun = time.monotonic()
    request = f"GET /health/ HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    with ExitStack() as stack:
        address = ("127.0.0.1", port)
        connection = stack.enter_context(socket.create_connection(address, timeout=patience))
        if tls:
            context = ssl._create_unverified_context()
            connection = stack.enter_context(context.wrap_socket(connection, server_hostname=HOST))
        connection.sendall(request)
        try:
            first = connection.recv(15)
        except TimeoutError:
            return patience
        assert first.startswith(b"HTTP/1.1 200")
    return time.monotonic() - begun


def test_slow_connections_keep_nobody_waiting_behind_the_proxy(proxy):
    with slow_connections(proxy, tls=True):
        assert seconds_for_a_page(proxy, tls=True, patience=15) < 3


def test_without_the_proxy_slow_connections_stop_the_server(gunicorn):
    """Control."""
    with slow_connections(gunicorn, tls=False):
        assert seconds_for_a_page(gunicorn, tls=False, patience=6) == 6


def post(port: int, path: str, length: int, sent: bytes = b"x" * 1000) -> int:
    """The status of a request that announces a body; what is not read is never sent."""
    connection = HTTPSConnection(
        "127.0.0.1", port, timeout=20, context=ssl._create_unverified_context()
    )
    connection.putrequest("POST", path, skip_host=True)
    for name, value in (("Host", HOST), ("Content-Length", str(length)),
                        ("Content-Type", "multipart/form-data; boundary=b")):  # fmt: skip
        connection.putheader(name, value)
    connection.endheaders()
    try:
        connection.send(sent)
        return connection.getresponse().status
    except (HTTPException, OSError):
        return 0
    finally:
        connection.close()


def test_a_body_of_600_megabytes_is_refused_before_it_is_sent(proxy):
    assert post(proxy, "/s/demo/", 600_000_000) == 413
    assert post(proxy, "/panel/new/", 800_000_000) == 413
    # Within the proxy's limit for researchers, the platform refuses whoever is not signed in.
    assert post(proxy, "/panel/new/", 150_000_000) == 302


def test_another_host_gets_no_answer_and_a_client_cannot_name_its_address(proxy, tmp_path):
    for host, answered in ((HOST, True), ("other.example.org", False)):
        connection = HTTPSConnection(
            "127.0.0.1", proxy, timeout=20, context=ssl._create_unverified_context()
        )
        try:
            connection.request("GET", "/health/", headers={"Host": host})
            assert connection.getresponse().status == 200
        except HTTPException:
            assert not answered
        finally:
            connection.close()


def test_the_proxy_logs_no_secret(proxy, tmp_path_factory):
    connection = HTTPSConnection(
        "127.0.0.1", proxy, timeout=20, context=ssl._create_unverified_context()
    )
    connection.request("GET", "/p/SecretCode/?PROLIFIC_PID=SecretId", headers={"Host": HOST})
    status = connection.getresponse().status
    connection.close()
    time.sleep(0.5)
    (log,) = Path(tmp_path_factory.getbasetemp()).glob("proxy[0-9]*/study.log")
    assert f"/p/... {status}" in log.read_text()
    assert "Secret" not in log.read_text()
    assert "127.0.0.1" not in log.read_text()


class Platform(BaseHTTPRequestHandler):
    """Answers like the platform that leaves a picture to the proxy."""

    own: ClassVar = {
        **HEADERS,
        "Strict-Transport-Security": "max-age=31536000",
        "X-Request-ID": "an id",
        "Content-Type": "image/png",
        "Cache-Control": "private, immutable, max-age=31536000",
    }

    def do_GET(self) -> None:
        self.send_response(200)
        for name, value in self.own.items():
            self.send_header(name, value)
        self.send_header("X-Accel-Redirect", "/stored-pictures/ab/abc.png")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def test_the_proxy_sends_a_stored_picture_with_all_headers_and_only_for_the_platform(tmp_path):
    picture = tmp_path / "pictures" / "ab" / "abc.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a picture")
    for folder in (tmp_path, *tmp_path.parents):  # nginx serves as another user
        if folder.stat().st_mode & 0o055 != 0o055 and folder.owner() == tmp_path.owner():
            folder.chmod(folder.stat().st_mode | 0o055)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with nginx_before(server.server_port, tmp_path) as port:
            connection = HTTPSConnection(
                "127.0.0.1", port, timeout=20, context=ssl._create_unverified_context()
            )
            connection.request("GET", "/p/code/picture/one/image.png", headers={"Host": HOST})
            answer = connection.getresponse()
            assert answer.read() == b"a picture"
            assert {name: answer.headers[name] for name in Platform.own} == Platform.own
            assert "X-Accel-Redirect" not in answer.headers
            connection.request("GET", "/stored-pictures/ab/abc.png", headers={"Host": HOST})
            assert connection.getresponse().status == 404
            connection.close()
    finally:
        server.shutdown()
        server.server_close()
