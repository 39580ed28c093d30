"""Nothing of a request is read before it is known that the page takes it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import MULTIPART_CONTENT, FakePayload
from django.urls import get_resolver

from studyplatform.bodies import LARGEST, BodyMiddleware

HUGE = 600_000_000
FORM = "application/x-www-form-urlencoded"


class Unread(FakePayload):
    """A body that counts what is read of it."""

    taken = 0

    def read(self, *size: int) -> bytes:
        data = super().read(*size)
        Unread.taken += len(data)
        return data


def send(path: str, content_type: str = MULTIPART_CONTENT, *, length: str = "", **extra: str):
    """Send a body that begins like a file, as an anonymous program does."""
    body = (
        b"--BoUnDaRyStRiNg\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n" + b"x" * 9
    )
    Unread.taken = 0
    return Client().generic(
        "POST", path, body, content_type,
        **{"CONTENT_LENGTH": length or str(len(body)), "wsgi.input": Unread(body), **extra},
    )  # fmt: skip


PATHS = ("/s/any/", "/s/any/withdraw/", "/s/any/go-on/", "/p/any/", "/p/any/withdraw/",
         "/recruitment/prolific/", "/panel/", "/panel/account/login/", "/admin/login/")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_page_without_files_takes_a_form_with_files(db, path):
    answer = send(path)
    assert answer.status_code in {404, 415}
    assert Unread.taken == 0


def test_an_anonymous_upload_is_refused_unread_where_researchers_upload(db):
    for path in ("/panel/new/", "/panel/studies/any/images/upload/"):
        assert send(path, length=str(HUGE)).status_code == 302
        assert Unread.taken == 0


@pytest.mark.parametrize("content_type", [FORM, "application/json", "text/plain", ""])
def test_more_than_a_megabyte_is_refused_unread(db, content_type):
    answer = send("/s/any/", content_type, length=str(LARGEST + 1))
    assert answer.status_code == 413
    assert Unread.taken == 0
    assert send("/s/any/", FORM).status_code == 404  # control: a small form reaches the view


def test_a_request_names_its_length(db):
    assert send("/s/any/", FORM, HTTP_TRANSFER_ENCODING="chunked").status_code == 411
    assert send("/s/any/", FORM, length="-1").status_code == 400


def test_without_the_middleware_the_file_is_read(db, monkeypatch):
    """Control: Django reads the whole form while it looks for the token."""
    monkeypatch.setattr(BodyMiddleware, "process_view", lambda *_: None)
    client = Client(enforce_csrf_checks=True)
    body = (
        b"--BoUnDaRyStRiNg\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\nx\r\n"
        b"--BoUnDaRyStRiNg--\r\n"
    )
    Unread.taken = 0
    client.cookies["csrftoken"] = "a" * 32
    answer = client.generic(
        "POST", "/s/any/", body, MULTIPART_CONTENT, **{"wsgi.input": Unread(body)}
    )
    assert answer.status_code == 403
    assert Unread.taken == len(body)


def names(patterns) -> set[str]:
    """The names of all views that take files."""
    found = set()
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            found |= names(pattern.url_patterns)
        elif hasattr(pattern.callback, "takes_files"):
            found.add(pattern.name)
    return found


def test_only_these_pages_take_files_and_all_are_the_researchers():
    assert names(get_resolver().url_patterns) == {
        "upload-images",
        "consent-pdf",
        "load-questionnaire",
        "new-study",
        "compare-submissions",
        "register-classifier",
    }


def test_who_is_signed_in_sends_a_file_to_such_a_page(admin_client):
    """Control of the refusals above."""
    file = SimpleUploadedFile("s.toml", b"\xff\xfe")
    answer = admin_client.post("/panel/new/", {"file": file})
    assert b"not text in UTF-8" in answer.content


NULS = {
    "as it is": (FORM, b"answer=a\0b"),
    "in a form": (FORM, b"answer=a%00b"),
    "in a name": (FORM, b"a%00b=1"),
    "in JSON": ("application/json", rb'{"answer": "a\u0000b"}'),
}


@pytest.mark.parametrize("path", ["/s/any/", "/p/any/", "/recruitment/prolific/", "/admin/login/"])
@pytest.mark.parametrize("how", NULS)
def test_a_nul_character_in_a_form_is_refused_before_any_view_on_every_database(db, path, how):
    content_type, body = NULS[how]
    answer = Client().generic("POST", path, body, content_type)
    assert answer.status_code == 400
    assert b"character NUL" in answer.content
    harmless = body.replace(b"\0", b"0").replace(b"%00", b"0").replace(rb"\u0000", b"0")
    answer = Client().generic("POST", path, harmless, content_type)  # control
    assert b"character NUL" not in answer.content


def test_a_form_with_files_may_have_nul_in_a_file_alone(admin_client):
    read = []
    for slug in ("a\0b", "ab"):
        file = SimpleUploadedFile("s.toml", b"\xff\xfe\0")
        answer = admin_client.post("/panel/new/", {"file": file, "slug": slug})
        assert answer.status_code == 400
        read.append(b"not text in UTF-8" in answer.content)  # what the view says of the file
    assert read == [False, True]


def test_without_the_check_nul_would_reach_the_view(db, monkeypatch):
    """Control."""
    monkeypatch.setattr("studyplatform.bodies.NULS", ())
    content_type, body = NULS["in a form"]
    assert Client().generic("POST", "/s/any/", body, content_type).status_code == 404
