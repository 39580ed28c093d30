"""Database settings for SQLite, the default, and for PostgreSQL, which DATABASE_URL selects.
Neither loses an answer after it was confirmed."""

import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

CONNECTION_OPTIONS = frozenset(("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout"))
"""What a URL of PostgreSQL may say after its question mark."""
CURE = (
    "Write sqlite:////FOLDER/FILE with the whole path, or "
    "postgresql://USER:PASSWORD@HOST:PORT/NAME, or leave it empty for SQLite in the data folder."
)


def database(url: str, data_dir: Path) -> dict[str, Any]:
    """Return Django's setting for DATABASE_URL.

    It is empty, sqlite:////FOLDER/FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME. Raises
    ImproperlyConfigured for anything else: a mistyped URL must not become a new, empty database.
    """
    if not url:
        return _sqlite(str(data_dir / "db.sqlite3"))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(url, f"is not a URL ({error})") from error
    if re.search(r"\s", url):
        raise _refused(url, "contains a space")
    if parts.fragment:
        raise _refused(url, "contains #, which a password must write as %23")
    if parts.scheme == "sqlite":
        return _sqlite(_file(url, parts))
    if parts.scheme in {"postgres", "postgresql"} and url.startswith(f"{parts.scheme}://"):
        return _postgresql(url, parts, port)
    raise _refused(url, "is neither a URL of SQLite nor of PostgreSQL")


def _file(url: str, parts: SplitResult) -> str:
    """Return the absolute path of a URL of SQLite."""
    path = unquote(parts.path[1:])
    if parts.netloc or parts.query or not PurePosixPath(path).is_absolute():
        # A relative path would be another file in another working directory.
        raise _refused(url, "does not name the whole path of a file")
    if path.endswith("/") or ".." in PurePosixPath(path).parts:
        raise _refused(url, "does not name a file")
    return path


def _postgresql(url: str, parts: SplitResult, port: int | None) -> dict[str, Any]:
    name = unquote(parts.path[1:])
    if not name or "/" in name:
        raise _refused(url, "does not end with the name of a database")
    if bool(parts.hostname) != bool(parts.username):
        # Without both, the server's own socket is meant: postgresql:///NAME
        raise _refused(url, "names only one of the user and the host")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - CONNECTION_OPTIONS)
    if unknown:
        known = ", ".join(sorted(CONNECTION_OPTIONS))
        raise _refused(url, f"has the option {unknown[0]!r}, but the options are {known}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def _refused(url: str, problem: str) -> ImproperlyConfigured:
    """Return the error, which shows the URL without its password."""
    shown = re.sub(r":[^:@/]*@", ":…@", url)
    return ImproperlyConfigured(f"DATABASE_URL is {shown!r}, which {problem}. {CURE}")


def _sqlite(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "studyplatform.fair_sqlite",
        "NAME": name,
        "OPTIONS": {
            # Writers queue instead of failing, and an answer is on disk before it is confirmed:
            # with Django's defaults 113 of 200 parallel arrivals failed.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
        # Parallel tests would put a suffix behind the path of a backend that is not Django's own.
        "TEST": {"NAME": ":memory:"},
    }
