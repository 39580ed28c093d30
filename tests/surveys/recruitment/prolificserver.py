"""A server that answers as Prolific's documentation says, on this machine."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RECORDED = Path(__file__).parent / "prolific"
TOKEN = "a token for tests"
CATEGORIES = frozenset((
    "TOO_QUICKLY", "TOO_SLOWLY", "FAILED_INSTRUCTIONS", "INCOMP_LONGITUDINAL", "FAILED_CHECK",
    "LOW_EFFORT", "MALINGERING", "NO_CODE", "BAD_CODE", "NO_DATA", "UNSUPP_DEVICE", "OTHER",
))  # fmt: skip
"""As in github.com/prolific-oss/cli, cmd/submission/transition.go (commit cd8aa1a0)."""


class Prolific(ThreadingHTTPServer):
    """Keeps what it was asked; ``answers`` overrides the recorded pages by their number."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []
        self.sent: list[tuple[str, dict[str, str]]] = []
        self.refuses_after = 1000
        self.bonuses: list[dict[str, str]] = []
        self.bonuses_paid: list[str] = []
        self.refuses_to_pay = False
        self.places = {"total_available_places": 40, "places_taken": 38, "status": "ACTIVE"}
        self.places_asked: list[dict[str, object]] = []
        self.at_once = ""
        """The status that a decision has for a short time, such as PROCESSING."""
        self.answers: dict[int, tuple[int, bytes, dict[str, str]]] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/v1"

    def page(self, number: int) -> tuple[int, bytes, dict[str, str]]:
        if number in self.answers:
            return self.answers[number]
        text = (RECORDED / f"submissions-{number}.json").read_text()
        return 200, text.replace("https://api.prolific.com/api/v1", self.address).encode(), {}

    def says(self, number: int, change: dict[str, object]) -> None:
        """Answer page ``number`` as recorded, with some keys changed."""
        content = json.loads(self.page(number)[1]) | change
        self.answers[number] = (200, json.dumps(content).encode(), {})


class _Handler(BaseHTTPRequestHandler):
    server: Prolific

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Authorization"] or ""))
        if self.headers["Authorization"] != f"Token {TOKEN}":
            status, content, headers = 401, b'{"error": {"title": "Authentication"}}', {}
        elif self.path.startswith("/api/v1/studies/"):
            status, content, headers = 200, json.dumps(self.server.places).encode(), {}
        else:
            status, content, headers = self.server.page(2 if "&page=2" in self.path else 1)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_PATCH(self) -> None:
        """Change a study's places, as "Update a study" is documented; never to fewer."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.places_asked.append(body)
        total, now = body.get("total_available_places"), self.server.places
        if self.headers["Authorization"] != f"Token {TOKEN}":
            status = 401
        elif set(body) != {"total_available_places"} or total < now["total_available_places"]:
            status = 400
        else:
            status = 200
            now["total_available_places"] = total
        content = json.dumps(now).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        """Change a submission's state, as "Approve or reject a submission" is documented."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "bonus-payments" in self.path:
            self._bonuses(body)
            return
        changed = re.fullmatch(r"/api/v1/submissions/(\w+)/transition/", self.path)
        reasoned = body["action"] == "APPROVE" or (
            len(body.get("message", "")) >= 100 and body.get("rejection_category") in CATEGORIES
        )
        if self.headers["Authorization"] != f"Token {TOKEN}":
            status, answer = 401, {"error": {"title": "Authentication"}}
        elif changed is None or not reasoned or len(self.server.sent) >= self.server.refuses_after:
            status, answer = 400, {"error": {"title": "Bad request"}}
        else:
            self.server.sent.append((changed[1], body))
            state = {"APPROVE": "APPROVED", "REJECT": "REJECTED"}[body["action"]]
            status, answer = 200, {
                "id": changed[1], "status": self.server.at_once or state,
                "started_at": "2026-11-01T10:00:00Z", "completed_at": "2026-11-01T10:09:00Z",
                "study_id": "60aca280709ee40ec37d4885", "participant": "60bf9310e8dec401be6e9615",
                "entered_code": "8E8AC860",
            }  # fmt: skip
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _bonuses(self, body: dict[str, str]) -> None:
        """Announce or pay bonuses, as "Set up" and "Pay bonus payments" are documented."""
        content = b""
        if self.headers["Authorization"] != f"Token {TOKEN}":
            status = 401
        elif self.path == "/api/v1/submissions/bonus-payments/":
            status = 200 if body.get("study_id") and body.get("csv_bonuses") else 400
            self.server.bonuses.append(body)
            answer = {"id": f"bulk{len(self.server.bonuses)}", "study": body.get("study_id", "")}
            content = json.dumps(answer).encode()
        else:
            status = 500 if self.server.refuses_to_pay else 202
            if status == 202:
                self.server.bonuses_paid.append(self.path.split("/")[-3])
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[Prolific]:
    """The server, answering until the block ends."""
    server = Prolific()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
