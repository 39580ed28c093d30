"""Limits of what a request may bring, checked before anything of it is read.

Django reads a form, and spools its files to the disk, before it looks for the form's token. Without
limits, anybody could fill the disk without an account.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

LARGEST = 1_000_000  # bytes: the longest page of answers has a few thousand
LARGEST_FILE = 10_000_000
FILES = "multipart/form-data"
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
        return None


def _refused(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain")
