"""Metrics in the format of Prometheus, at /metrics/ for whoever has the token."""

import shutil
import time
from collections.abc import Iterator
from hmac import compare_digest

from django.conf import settings
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    values,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from studyplatform.models import Job
from surveys.models import Participant

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
OWN = CollectorRegistry()
ARE_SHARED = values.ValueClass is not values.MutexValue
"""Whether all processes of the server count together, in the folder that gunicorn.conf.py names."""
REQUESTS = Counter(
    "study_requests",
    "Requests by view, method and status.",
    ("view", "method", "status"),
    registry=OWN,
)
SECONDS = Histogram(
    "study_request_seconds",
    "Seconds per request by view.",
    ("view",),
    buckets=BUCKETS,
    registry=OWN,
)
DATABASE_ERRORS = Counter(
    "study_database_errors", "Queries that failed, by kind of error.", ("error",), registry=OWN
)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def count(view: str, method: str, status: int, seconds: float) -> None:
    """Count a request. Views are names of URLs, so that no address of a person is a label."""
    # A client chooses the method: without a list, it could make labels without end.
    REQUESTS.labels(view, method if method in METHODS else "other", str(status)).inc()
    SECONDS.labels(view).observe(seconds)


class State(Collector):
    """What is read from the database and the disk at each look. Nothing tells arms."""

    def collect(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("study_jobs", "Jobs by state.", labels=["state"])
        counted = dict(Job.objects.order_by().values_list("state").annotate(Count("pk")))
        for state in Job.State.values:
            jobs.add_metric([state], counted.get(state, 0))
        yield jobs
        yield GaugeMetricFamily(
            "study_queue_age_seconds", "Seconds that the oldest job has waited.", value=queue_age()
        )
        people = GaugeMetricFamily(
            "study_participants", "Real participants by study and state.", labels=["study", "state"]
        )
        real = Participant.objects.filter(simulated=False).order_by()
        for slug, state, number in real.values_list("study__slug", "state").annotate(Count("pk")):
            people.add_metric([slug, state], number)
        yield people
        free = shutil.disk_usage(settings.DATA_DIR).free
        yield GaugeMetricFamily(
            "study_disk_free_bytes", "Free on the data folder's disk.", value=free
        )


def queue_age() -> float:
    """Return for how many seconds the oldest queued job has waited, 0 without one."""
    queued = Job.objects.filter(state=Job.State.QUEUED)
    oldest = queued.aggregate(oldest=Min("queued_at"))["oldest"]
    return max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics of all processes of this server. Without the token there is no page."""
    token = settings.METRICS_TOKEN
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not compare_digest(sent.encode(), token.encode()):
        raise Http404("No page of this name.")
    registry = CollectorRegistry()
    if ARE_SHARED:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry = OWN
    text = generate_latest(registry) + generate_latest(_state())
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _state() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(State())
    return registry


class Stopwatch:
    """The seconds since it was made."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._begun
