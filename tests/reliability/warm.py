"""The platform's application, which has loaded its pages before gunicorn forks workers.

A killed worker is then replaced at once, and people go on between two kills.
"""

from django.db import connections
from django.test import Client

from studyplatform.wsgi import application
from tests.reliability.crowd import SLUG

__all__ = ["application"]

Client().get(f"/s/{SLUG}/", SERVER_NAME="127.0.0.1")
connections.close_all()  # no two processes may share a connection
