"""The id of the current request, which connects all lines of the log that belong to it."""

import secrets
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="")


def new() -> str:
    """Return a new random id. A client's own id is never taken: it could hold anything."""
    return secrets.token_hex(8)


def current() -> str:
    """Return the id of the request that is being answered, or an empty text outside of one."""
    return _current.get()


set_current = _current.set
reset = _current.reset
