"""Configuration of gunicorn, whose command line options take precedence over this file."""

import multiprocessing
import os
import shutil
import sys
import tempfile
from pathlib import Path

from studyplatform import environment

bind = "0.0.0.0:8000"
workers = min(2 * multiprocessing.cpu_count() + 1, 9)
threads = 4
timeout = 60  # more than STUDY_REQUEST_SECONDS: a worker that hangs whole is replaced
graceful_timeout = 30
worker_tmp_dir = "/dev/shm"  # noqa: S108 - a worker's heartbeat must not wait for a slow disk
control_socket_disable = True  # nobody asks for it, and a read-only container has no place for it
accesslog = errorlog = "-"
environment.load_dotenv(Path(__file__).parent / ".env")
is_json = environment.choice("STUDY_LOG_FORMAT", ("text", "json")) == "json"
# Both take secrets out of paths and traces.
logger_class = f"studyplatform.weblog.{'JsonWebLog' if is_json else 'WebLog'}"
# Time, method, path without the query string, status, milliseconds: no IP address and no id of a
# person.
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(M)s ms"


def child_exit(server, worker):
    """Let go of the gauges of a worker that has ended. Its counts remain."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(server):
    shutil.rmtree(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""), ignore_errors=True)


def on_starting(server):
    """Say in one place what is to be set or mended, before any worker starts in vain."""
    import django
    from django.core.exceptions import ImproperlyConfigured

    from studyplatform.server import refuse_development

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
    try:
        refuse_development()
        # All workers count their requests together, in memory (studyplatform/metrics.py, which
        # must not be loaded before).
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(
            prefix="study-metrics-", dir=worker_tmp_dir
        )
        django.setup()
        from studyplatform.upgrade import refuse_unservable

        refuse_unservable()
    except ImproperlyConfigured as error:
        on_exit(server)
        sys.exit(str(error))
