"""The server that sends e-mail, as one setting: never a password in the clear."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from studyplatform.environment import mail_server


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "is_tls", "starts_tls"),
    [
        ("", "", 587, "", False, False),
        ("smtp://localhost:25", "localhost", 25, "", False, False),
        ("smtp://lab:s%40fe@mail.example.org", "mail.example.org", 587, "lab", False, True),
        ("smtps://lab:s%40fe@mail.example.org", "mail.example.org", 465, "lab", True, False),
    ],
)
def test_a_server_is_read_from_its_url(monkeypatch, url, host, port, user, is_tls, starts_tls):
    monkeypatch.setenv("STUDY_EMAIL_URL", url)
    server = mail_server("STUDY_EMAIL_URL")
    assert (server.host, server.port, server.user) == (host, port, user)
    assert (server.is_tls, server.starts_tls) == (is_tls, starts_tls)
    assert server.password == ("s@fe" if user else "")


@pytest.mark.parametrize("url", ["imap://mail.example.org", "smtp://", "mail.example.org:25"])
def test_anything_else_is_refused_with_the_cure(monkeypatch, url):
    monkeypatch.setenv("STUDY_EMAIL_URL", url)
    with pytest.raises(ImproperlyConfigured, match="Write smtp://user:password@host:587"):
        mail_server("STUDY_EMAIL_URL")
