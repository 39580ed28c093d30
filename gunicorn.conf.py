"""Configuration of gunicorn, whose command line options take precedence over this file."""

import multiprocessing
import os
import sys

bind = "0.0.0.0:8000"
workers = min(2 * multiprocessing.cpu_count() + 1, 9)
threads = 4
timeout = 60
graceful_timeout = 30
worker_tmp_dir = "/dev/shm"  # noqa: S108 - a worker's heartbeat must not wait for a slow disk
control_socket_disable = True  # nobody asks for it, and a read-only container has no place for it
accesslog = errorlog = "-"
logger_class = "studyplatform.weblog.WebLog"  # takes secrets out of paths and traces
# Time, method, path without the query string, status, milliseconds: no IP address and no id of a
# person.
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(M)s ms"


def on_starting(server):
    """Say in one place what is to be set, before any worker starts in vain."""
    from django.core.exceptions import ImproperlyConfigured

    from studyplatform.server import refuse_development

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
    try:
        refuse_development()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
