"""Metrics for whoever has the token, a log for programs, and a limit for every request."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from studyplatform import health, metrics, request_middleware
from studyplatform.deadlines import DeadlineError, deadline
from studyplatform.models import Job
from surveys.models import ArrivalCount
from tests.conftest import ROOT
from tests.surveys import factories

TOKEN = "t" * 40
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"


@pytest.fixture
def scraped(settings):
    settings.METRICS_TOKEN = TOKEN
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)

    def scrape() -> dict[str, float]:
        answer = Client().get("/metrics/", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        lines = (line for line in answer.content.decode().splitlines() if line[0] != "#")
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    return scrape


@pytest.mark.parametrize(
    "sent", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN[1:]}]
)
def test_without_the_token_there_is_no_page(db, settings, sent):
    for token in (TOKEN, ""):
        settings.METRICS_TOKEN = token
        assert Client().get("/metrics/", headers=sent).status_code == 404
    assert Client().get("/metrics/", headers={"Authorization": "Bearer "}).status_code == 404


def test_requests_are_counted_by_view_and_status_and_never_by_address(db, scraped):
    client = Client()
    ok = 'study_requests_total{method="GET",status="200",view="health"}'
    before = scraped()
    for _ in range(3):
        client.get("/health/")
        client.get("/p/a-secret-code/")
    client.generic("BREW", "/health/")
    after = scraped()
    assert after[ok] - before.get(ok, 0) == 3
    assert sum(after.values()) > sum(before.values())
    pages = [name for name in after if 'status="404"' in name and name.startswith("study_requests")]
    assert pages
    assert not [name for name in after if "secret" in name or "BREW" in name]
    assert 'study_requests_total{method="other",status="405",view="unknown"}' in after
    assert 'study_request_seconds_bucket{le="0.25",view="health"}' in after


def test_people_and_jobs_are_counted_by_state_without_arms(study, enqueue, scraped):
    for key in "abc":
        factories.allocated(study, key)
    enqueue("export", formats=["csv"], simulated="none")
    Job.objects.update(queued_at=timezone.now() - timedelta(minutes=20))
    found = scraped()
    assert found['study_participants{state="started",study="small"}'] == 3
    assert found['study_jobs{state="queued"}'] == 1
    assert 1200 <= found["study_queue_age_seconds"] < 1300
    assert found["study_disk_free_bytes"] > 0
    arms = set(study.arms.values_list("key", flat=True))
    assert not [name for name in found if any(f'"{arm}"' in name for arm in arms)]


def test_a_failed_query_is_counted(db, scraped, monkeypatch):
    name = 'study_database_errors_total{error="OperationalError"}'
    before = scraped().get(name, 0)

    def fail() -> list[str]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM nothing_of_this_name")
        return []

    monkeypatch.setattr(health, "_database", fail)
    Client(raise_request_exception=False).get("/health/")
    assert scraped()[name] == before + 1


def test_a_job_that_waits_too_long_is_told_and_fails_the_check_that_asks_for_it(
    study, enqueue, settings
):
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    enqueue()
    assert Client().get("/health/?queue=1").content == b"ok\n"
    Job.objects.update(queued_at=timezone.now() - timedelta(minutes=20))
    answer = Client().get("/health/")
    assert answer.status_code == 200
    assert b"has waited for 20 minutes" in answer.content
    assert Client().get("/health/?queue=1").status_code == 503


def test_a_page_beyond_its_limit_is_cut_and_nothing_is_half_stored(db, monkeypatch):
    _make_health_store(monkeypatch, ENDLESS)
    monkeypatch.setattr(request_middleware, "_limit", lambda request: 0.3)
    answer = Client().get("/health/")
    assert answer.status_code == 503
    assert "took too long" in answer.content.decode()
    assert answer["Retry-After"] == "30"
    assert not ArrivalCount.objects.exists()


def test_within_its_limit_the_same_page_stores_everything(db, monkeypatch, settings):
    """Control."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    _make_health_store(monkeypatch, ENDLESS.replace("FROM c)", "FROM c WHERE x < 9)"))
    assert Client().get("/health/").status_code == 200
    assert ArrivalCount.objects.count() == 1


def _make_health_store(monkeypatch, query: str) -> None:
    """Let the view of /health/ store something, and run the query in the same transaction."""

    def store() -> list[str]:
        with transaction.atomic(), connection.cursor() as cursor:
            ArrivalCount.objects.create(key="k", since=timezone.now())
            cursor.execute(query)
        return []

    monkeypatch.setattr(health, "_database", store)


def test_after_the_limit_the_connection_works_as_before(db):
    with pytest.raises(DeadlineError), deadline(connection, 0.2), connection.cursor() as cursor:
        cursor.execute(ENDLESS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_a_method_that_a_client_invents_is_no_label():
    metrics.count("health", "X" * 1000, 200, 0.1)
    text = metrics.generate_latest(metrics.OWN).decode()
    assert "XXX" not in text


def test_a_line_of_the_log_is_one_json_object_with_the_id_of_the_answer(db, settings, caplog):
    settings.LOG_FORMAT = "json"
    with caplog.at_level("INFO", logger="studyplatform"):
        answer = Client().get("/p/a-secret-code/?PROLIFIC_PID=somebody")
    (record,) = [r for r in caplog.records if r.name == "studyplatform.request_middleware"]
    assert set(record.fields) == {"event", "view", "method", "status", "ms"}
    assert record.fields["status"] == 404
    assert len(answer["X-Request-ID"]) == 16
    assert "secret" not in json.dumps(record.fields) + record.getMessage()


@pytest.mark.nightly
@pytest.mark.postgres
def test_on_postgresql_the_database_itself_stops_a_query_at_the_limit(postgres):
    """In a process of its own, whose database is PostgreSQL."""
    code = (
        "import time, django; django.setup()\n"
        "from django.db import connection\n"
        "from studyplatform.deadlines import DeadlineError, deadline\n"
        "begun = time.monotonic()\n"
        "try:\n"
        "    with deadline(connection, 0.5), connection.cursor() as cursor:\n"
        "        cursor.execute('SELECT pg_sleep(20)')\n"
        "except DeadlineError:\n"
        "    with connection.cursor() as cursor:\n"
        "        cursor.execute('SHOW statement_timeout')\n"
        "        print(cursor.fetchone()[0], time.monotonic() - begun < 10)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True,
        env=os.environ | {"DATABASE_URL": postgres.new_database(),
                          "DJANGO_SETTINGS_MODULE": "studyplatform.settings"},
    )  # fmt: skip
    assert ran.stdout.split() == ["0", "True"]
