"""Removal of secrets from logs: secret URLs, ids of recruitment services, IP addresses, rejected
rows."""

import logging
import re
from traceback import format_exception

SECRETS = (
    # Before a picture's code may be the names of its files.
    (re.compile(r"/picture/[^\s?\"']+/"), "/picture/…/"),
    (re.compile(r"/(p|picture|link|review)/[^/\s?\"']+"), r"/\1/…"),
    (re.compile(r"(/[^\s?\"']*)\?[^\s\"']+"), r"\1?…"),
    (re.compile(r"\bip=\S+"), "ip=…"),
    # PostgreSQL names the values of the row that it refuses, answers among them.
    (
        re.compile(r"\bDETAIL:.*?(?=\n\n(?:The above|During handling)|\Z)", re.DOTALL),
        "DETAIL: …",
    ),
)
"""Patterns and their replacements: codes in paths, query strings, IP addresses, details of
rows."""


def redact(text: str) -> str:
    """Return the text without secrets. It still tells which page it was, but never a person."""
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


class WithoutSecrets(logging.Filter):
    """Filter for a handler that removes secrets from messages and exception traces."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = "".join(format_exception(*record.exc_info)).rstrip()
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True
