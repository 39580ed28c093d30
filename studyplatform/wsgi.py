"""WSGI application for gunicorn. It does not start with settings for development."""

import os

from django.core.wsgi import get_wsgi_application

from studyplatform.server import refuse_development

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
refuse_development()
application = get_wsgi_application()
