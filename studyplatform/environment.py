"""Typed readers of environment variables, used only by the settings."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, default: bool) -> bool:
    """Return True for 1, true, yes, on and False for 0, false, no, off.

    Raises ImproperlyConfigured otherwise.
    """
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}, which is neither yes nor no. Write 1 or 0.")


def number(name: str, default: int) -> int:
    """Return a whole number of 1 or more.

    Raises ImproperlyConfigured otherwise.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if not value.isdecimal() or int(value) < 1:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be a whole number above 0.")
    return int(value)


def choice(name: str, values: tuple[str, ...]) -> str:
    """Return one of the values, the first by default.

    Raises ImproperlyConfigured otherwise.
    """
    value = os.environ.get(name, "").strip().lower() or values[0]
    if value not in values:
        raise ImproperlyConfigured(f"{name} is {value!r}. Write one of: {', '.join(values)}.")
    return value


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return a list whose entries are separated by commas."""
    value = os.environ.get(name)
    if value is None:
        return list(default)
    return [word.strip() for word in value.split(",") if word.strip()]


def folder(name: str, default: Path) -> Path:
    return Path(os.environ.get(name) or default).resolve()


@dataclass(frozen=True)
class MailServer:
    """The server that sends e-mail. Without a host, no e-mail is sent."""

    host: str
    port: int
    user: str
    password: str
    is_tls: bool
    """Whether the connection is encrypted from its first byte."""

    @property
    def starts_tls(self) -> bool:
        """Whether a connection in the clear is encrypted before a password crosses it."""
        return bool(self.user) and not self.is_tls


def mail_server(name: str) -> MailServer:
    """Return the server of smtp://user:password@host:port, or of smtps:// for TLS throughout.

    Raises ImproperlyConfigured for any other scheme.
    """
    parts = urlsplit(os.environ.get(name, ""))
    if parts.scheme not in {"", "smtp", "smtps"} or bool(parts.scheme) != bool(parts.hostname):
        raise ImproperlyConfigured(
            f"{name} has the scheme {parts.scheme!r} and the host {parts.hostname!r}. Write "
            "smtp://user:password@host:587 or smtps://user:password@host:465, or leave it empty."
        )
    is_tls = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname or "",
        port=parts.port or (465 if is_tls else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=is_tls,
    )


def of_a_child(variables: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with more variables, for a program that it starts."""
    return {**os.environ, **variables}


def load_dotenv(path: Path) -> None:
    """Set variables from NAME=value lines of a .env file, unless the environment sets them."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator:
            raise ImproperlyConfigured(
                f"{path.name}, line {number} is neither NAME=value nor a comment. Write "
                "NAME=value, or start the line with #."
            )
        os.environ.setdefault(name.strip(), value.strip().strip("\"'"))
