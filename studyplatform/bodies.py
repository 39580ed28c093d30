"""Limits of what a request may bring, checked before anything of it is read.

Django reads a form, and spools its files to the disk, before it looks for the form's token. Without
limits, anybody could fill the disk without an account.

The character NUL is refused in every form: PostgreSQL cannot store it, and SQLite can.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

LARGEST = 1_000_000  # bytes: the longest page of answers has a few thousand
LARGEST_FILE = 10_000_000
FILES = "multipart/form-data"
NUL = "The form contains the character NUL, which cannot be stored. Remove it."
NULS = (b"\0", b"%00", rb"\u0000")
"""The character as it is, in a form, and in JSON."""
READING = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def takes_files(*, largest: int | None = LARGEST_FILE) -> Callable[[View], View]:
    """Mark a view whose form has files, for people who are signed in.

    None leaves the size to the view, which checks it before it reads anything.
    """

    def mark(view: View) -> View:
        view.takes_files = (largest,)  # type: ignore[attr-defined]
        return view

    return mark


class BodyMiddleware:
    """Refuses bodies that are too large, and files where no form has any.

    It must come before every middleware that reads a form.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any
    ) -> HttpResponse | None:
        """Return the refusal, or None to go on."""
        if request.method in READING:
            return None
        if "HTTP_TRANSFER_ENCODING" in request.META:
            return _refused(411, "A request must name its length.")
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdecimal()):
            return _refused(400, "The length of the request is not a number.")
        largest: int | None = LARGEST
        if request.content_type == FILES:
            files = getattr(view, "takes_files", None)
            if files is None:
                return _refused(415, "This page takes no files.")
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            (largest,) = files
        if largest is not None and int(length) > largest:
            return _refused(413, f"A request to this page may have {largest:,} bytes.")
        if request.content_type == FILES:
            _refuse_nul_when_read(request)
        elif any(nul in request.body for nul in NULS):
            return _refused(400, NUL)
        return None


def _refuse_nul_when_read(request: HttpRequest) -> None:
    """Have BadRequest raised when a form with files is read, if a field other than a file contains
    the character NUL."""
    read = request._load_post_and_files

    def read_and_check() -> None:
        read()
        for name, values in request.POST.lists():
            if any("\0" in text for text in (name, *values)):
                raise BadRequest(NUL)

    request._load_post_and_files = read_and_check  # type: ignore[method-assign]


def _refused(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain")
