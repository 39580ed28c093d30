"""The conditions under which a web server starts. Commands on a developer's machine need none."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SHORTEST_KEY = 32  # characters: fewer can be guessed
NEW_KEY = "python -c 'import secrets; print(secrets.token_urlsafe(50))'"


def problems() -> list[str]:
    """Return a sentence for each setting with which no server may start."""
    found = []
    if settings.DEBUG:
        found.append(
            "STUDY_DEBUG is 1, or neither it nor STUDY_SECRET_KEY is set, so pages would show "
            "settings and code to everybody: set STUDY_DEBUG=0."
        )
    if settings.SECRET_KEY == settings.DEVELOPMENT_KEY:
        found.append(
            f"STUDY_SECRET_KEY is empty: set it to a long random text, for example to the output "
            f"of {NEW_KEY}"
        )
    elif len(settings.SECRET_KEY) < SHORTEST_KEY:
        found.append(
            f"STUDY_SECRET_KEY has {len(settings.SECRET_KEY)} characters: set it to {SHORTEST_KEY} "
            f"or more, for example to the output of {NEW_KEY}"
        )
    if (settings.DEBUG and not settings.HOSTS_ARE_SET) or not settings.ALLOWED_HOSTS:
        found.append(
            "STUDY_ALLOWED_HOSTS is empty: set it to the names under which the server is reached, "
            "separated by commas."
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            "STUDY_ALLOWED_HOSTS contains *, with which anybody can forge the addresses in "
            "e-mails: list the names under which the server is reached."
        )
    if 0 < len(settings.METRICS_TOKEN) < SHORTEST_KEY:
        found.append(
            f"STUDY_METRICS_TOKEN has {len(settings.METRICS_TOKEN)} characters: set it to "
            f"{SHORTEST_KEY} or more, or leave it empty for no metrics."
        )
    return found


def refuse_development() -> None:
    """Raise ImproperlyConfigured unless a server may start with these settings."""
    found = problems()
    if found:
        lines = "\n".join(f"- {problem}" for problem in found)
        raise ImproperlyConfigured(
            f"The server does not start.\n{lines}\n"
            "Set variables in the environment or in .env; docs/operators.md describes them. To try "
            "the platform on this machine, run: make serve"
        )
