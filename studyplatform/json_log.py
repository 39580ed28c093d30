"""The log as a JSON object per line, for servers that collect logs (STUDY_LOG_FORMAT=json)."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from studyplatform import request_id
from studyplatform.redaction import redact

FIELDS = "fields"
"""Name of the attribute of a record that holds further fields of its line."""


class JsonFormatter(logging.Formatter):
    """Formatter that writes time, level, logger, request, message, and the fields of an event.

    The filter ``WithoutSecrets`` runs before it, so that messages and traces contain no secrets.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.current():
            line["request_id"] = current
        fields = getattr(record, FIELDS, {})
        line |= {k: redact(v) if isinstance(v, str) else v for k, v in fields.items()}
        if record.exc_text:
            line["trace"] = record.exc_text
        elif record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        # One line per record, whatever a text contains.
        return json.dumps(line, ensure_ascii=False, default=str)


def event(log: logging.Logger, name: str, fields: Mapping[str, str | int | float]) -> None:
    """Log an event with its fields: keys, states and numbers, and never texts of people.

    The plain log has no events: they are for programs, and commands print their own sentences.
    """
    if settings.LOG_FORMAT != "json":
        return
    told = " ".join(f"{key}={value}" for key, value in fields.items())
    log.info("%s %s", name, told, extra={FIELDS: {"event": name, **fields}})
