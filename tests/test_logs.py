"""What the platform and gunicorn write about requests: enough for repairs, and nothing secret."""

import copy
import json
import logging
import runpy
from collections.abc import Callable, Iterator
from datetime import timedelta
from logging.config import dictConfig
from types import SimpleNamespace
from typing import Any

import gunicorn.glogging as plain
import pytest
from django.db import IntegrityError
from django.test import Client
from gunicorn.config import Config

from studyplatform.redaction import WithoutSecrets, redact
from studyplatform.weblog import WebLog
from surveys import services
from surveys.models import Study
from tests.conftest import ROOT
from tests.surveys.people import first_answers, who
from tests.surveys.recruitment.studies import ANN, come, link, recruited

ADDRESS = "198.51.100.7"
COMMENT = "a comment that nobody else may read"
FAILED = f'new row violates "a_rule"\nDETAIL:  Failing row contains (7, {COMMENT},\n\n{ADDRESS}).'


@pytest.fixture
def paid(db, tmp_path) -> Study:
    return recruited(tmp_path)


@pytest.fixture
def logged(settings, capsys) -> Iterator[Callable[..., str]]:
    """Sets logging up as the settings say, or as told, for a call; gives all that it wrote."""

    def call(action: Callable[[], None], configuration: dict[str, Any] | None = None) -> str:
        _forget_other_tests()
        capsys.readouterr()
        dictConfig(configuration or settings.LOGGING)
        action()
        return capsys.readouterr().err

    yield call
    with capsys.disabled():
        dictConfig(settings.LOGGING)


def _forget_other_tests() -> None:
    """Undo what another test, or a library in it, may have told the loggers of requests."""
    logging.disable(logging.NOTSET)
    ours = ("django.", "studyplatform.")
    named = [name for name in logging.root.manager.loggerDict if name.startswith(ours)]
    for logger in map(logging.getLogger, named):
        logger.disabled, logger.propagate = False, True
        logger.setLevel(logging.NOTSET)


def visits(study: Study, monkeypatch) -> tuple[Callable[[], None], list[str]]:
    """Everything that makes the platform write something, and the secrets that were in play."""
    browser, page = come(study, ANN)
    person = who(page)
    browser.send(page, first_answers(page))
    picture = browser.open(page.path).pictures[0]
    secrets = [person.code, person.trials.get(position=1).picture_code, person.personal_code]
    secrets += [ANN["PROLIFIC_PID"], ANN["SESSION_ID"], ADDRESS, COMMENT]

    def visit() -> None:
        client = Client(REMOTE_ADDR=ADDRESS, raise_request_exception=False)
        strict = Client(REMOTE_ADDR=ADDRESS, enforce_csrf_checks=True)
        answers = {"comment": COMMENT, "personal_code": person.personal_code}
        statuses = [
            client.post(page.path, answers).status_code,
            client.delete(page.path).status_code,
            strict.post(page.path, answers).status_code,
            client.get(page.path, headers={"host": "elsewhere.example"}).status_code,
            client.get(picture.replace(person.code, person.code[::-1])).status_code,
            client.get(link(study, ANN | {"STUDY_ID": "wrong"})).status_code,
            client.get(f"/nowhere/?PROLIFIC_PID={ANN['PROLIFIC_PID']}").status_code,
            client.get(f"/s/{study.slug}/?rehearsal={person.code}").status_code,
        ]
        with monkeypatch.context() as patched:
            patched.setattr(services, "has_lapsed", _fail)
            statuses.append(client.get(page.path).status_code)
        services.erase(participant=person)
        statuses.append(client.get(page.path).status_code)
        assert statuses == [409, 405, 403, 400, 404, 403, 404, 404, 500, 404]

    return visit, secrets


def _fail(*_: object) -> bool:
    raise IntegrityError(FAILED)


def test_nothing_secret_is_logged_whatever_goes_wrong(paid, monkeypatch, logged):
    visit, secrets = visits(paid, monkeypatch)
    written = logged(visit)
    assert written.count("/p/…/") >= 6
    assert 'IntegrityError: new row violates "a_rule"' in written
    assert written.count("Traceback") == 2  # of the failure, and of a host that is not ours
    assert [secret for secret in secrets if secret in written] == []


def test_as_json_the_same_visits_tell_nothing_secret_line_by_line(
    paid, monkeypatch, logged, settings
):
    settings.LOG_FORMAT = "json"
    in_json = copy.deepcopy(settings.LOGGING)
    in_json["handlers"]["stderr"]["formatter"] = "json"
    visit, secrets = visits(paid, monkeypatch)
    written = logged(visit, in_json)
    lines = [json.loads(line) for line in written.splitlines()]
    assert [secret for secret in secrets if secret in written] == []
    requests = [line for line in lines if line.get("event") == "request"]
    # Each request, also one that was refused before any view, and each with an id of its own.
    assert [line["status"] for line in requests] == [
        409,
        405,
        403,
        400,
        404,
        403,
        404,
        404,
        500,
        404,
    ]
    assert len({line["request_id"] for line in requests}) == len(requests)
    (failed,) = [line for line in lines if "IntegrityError" in line.get("trace", "")]
    assert failed["request_id"] == requests[8]["request_id"]
    acts = [line for line in lines if line.get("event") == "act"]
    assert [(line["act"], line["study"]) for line in acts] == [("participant erased", paid.slug)]


def test_without_the_filter_the_same_visits_tell_much(paid, monkeypatch, logged, settings):
    # The control: what the test above looks for would be there.
    open_book = copy.deepcopy(settings.LOGGING)
    open_book["handlers"]["stderr"].pop("filters")
    visit, secrets = visits(paid, monkeypatch)
    written = logged(visit, open_book)
    code, picture, *_, address, comment = secrets
    assert [secret for secret in (code, picture, address, comment) if secret not in written] == []


def served(log_class: type[plain.Logger], folder) -> str:
    """What gunicorn's logger of this class writes about a request and about a failure."""
    path = folder / log_class.__name__
    config = Config()
    for name, value in {"accesslog": str(path), "errorlog": str(path)}.items():
        config.set(name, value)
    config.set("access_log_format", "%(m)s %(U)s %(q)s %(s)s")
    log = log_class(config)
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": "/p/secret-code/?PROLIFIC_PID=somebody",
        "PATH_INFO": "/p/secret-code/picture/secret-picture/map.png",
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": ADDRESS,
    }
    answer = SimpleNamespace(status="404 Not Found", headers=[], sent=7)
    log.access(answer, SimpleNamespace(headers=[]), environ, timedelta(milliseconds=3))
    log.warning(f"Invalid request from ip={ADDRESS}: no method")
    try:
        raise ValueError("cannot read /p/secret-code/?PROLIFIC_PID=somebody")
    except ValueError:
        log.exception("Error handling request %s", environ["RAW_URI"])
    for logger in (log.error_log, log.access_log):
        for handler in list(logger.handlers):
            handler.close()
            logger.removeHandler(handler)
    return path.read_text(encoding="utf-8")


SERVED = ("secret-code", "secret-picture", "somebody", ADDRESS)


def test_gunicorn_logs_requests_and_failures_without_secrets(tmp_path):
    written = served(WebLog, tmp_path)
    assert "GET /p/…/picture/…/map.png  404\n" in written
    assert "Error handling request /p/…/?…" in written
    assert "ValueError: cannot read /p/…/?…" in written
    assert [secret for secret in SERVED if secret in written] == []


def test_gunicorns_own_logger_would_tell_them(tmp_path):
    written = served(plain.Logger, tmp_path)
    assert [secret for secret in SERVED if secret not in written] == []


def test_the_server_is_started_with_the_log_that_keeps_secrets():
    config = Config()
    config.set("logger_class", runpy.run_path(str(ROOT / "gunicorn.conf.py"))["logger_class"])
    assert config.logger_class is WebLog


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Not Found: /p/Ab-c_9/", "Not Found: /p/…/"),
        ("Not Found: /p/Ab-c_9", "Not Found: /p/…"),
        ("https://a.example/p/Ab/picture/x/map.png", "https://a.example/p/…/picture/…/map.png"),
        ('"GET /s/demo/?PROLIFIC_PID=5a&x=1 HTTP/1.1" 303 0', '"GET /s/demo/?… HTTP/1.1" 303 0'),
        ("Not Found: /s/demo/withdraw/", "Not Found: /s/demo/withdraw/"),
        ("Why? Nobody knows.", "Why? Nobody knows."),
        ("from ip=198.51.100.7: bad", "from ip=… bad"),
        ("x\nDETAIL:  Key (code)=(abc) exists.", "x\nDETAIL: …"),
        (
            "x\nDETAIL:  (a,\n\nb)\n\nDuring handling of y:\nDETAIL: (c)",
            "x\nDETAIL: …\n\nDuring handling of y:\nDETAIL: …",
        ),
    ],
)
def test_what_is_taken_out_of_a_line(text, left):
    assert redact(text) == left


def test_a_record_is_cleaned_for_every_handler_after_the_first():
    record = logging.LogRecord("x", 30, "", 0, "Not Found: %s", ("/p/code/",), None)
    assert WithoutSecrets().filter(record)
    assert record.getMessage() == "Not Found: /p/…/"


@pytest.mark.parametrize("kind", ["account/link", "review"])
def test_the_secret_of_a_link_to_the_panel_is_not_logged(kind):
    assert redact(f"Not Found: /panel/{kind}/secret-token/") == f"Not Found: /panel/{kind}/…/"
