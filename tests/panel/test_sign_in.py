"""Signing in: by name or e-mail, throttled, with a second factor, and out again from afar."""

import base64
import hashlib
import hmac
import struct
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import admin
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.contrib.auth.models import User
from django.core import serializers
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studyplatform.accounts import hashing
from studyplatform.accounts.limits import PER_ADDRESS, PER_NAME_AND_ADDRESS
from studyplatform.models import Attempt, SignIn

SIGN_IN = reverse("account_login")
CODE = reverse("mfa_authenticate")
HOME = reverse("panel:home")
PASSWORD = "a long enough phrase"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(moment: float, secret: str = SECRET) -> str:
    """What an authenticator app shows (RFC 6238)."""
    counter = struct.pack(">Q", int(moment // 30))
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


@pytest.fixture(autouse=True)
def _no_code_used_in_another_test():
    cache.clear()


@pytest.fixture
def anna(db) -> User:
    return User.objects.create_user("anna@example.org", "anna@example.org", PASSWORD)


@pytest.fixture
def anna_with_app(anna) -> User:
    TOTP.activate(anna, SECRET)
    RecoveryCodes.activate(anna)
    return anna


def sign_in(name="anna@example.org", password=PASSWORD, client=None, **where):
    return (client or Client()).post(SIGN_IN, {"login": name, "password": password}, **where)


def is_in(client: Client) -> bool:
    return client.get(HOME).status_code == 200


@pytest.mark.parametrize("name", ["anna@example.org", "ANNA@Example.org", " anna@example.org "])
def test_the_right_password_signs_in(anna, client, name):
    assert sign_in(name, client=client)["Location"] == HOME
    assert is_in(client)


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("anna@example.org", "")],
)
def test_nothing_else_signs_in_and_the_page_does_not_tell_who_has_an_account(
    anna, client, name, password
):
    response = sign_in(name, password, client)
    assert response.status_code == 200
    assert not is_in(client)
    if password:
        assert "do not belong to an account here" in response.content.decode()


def test_an_account_that_was_switched_off_does_not_sign_in(anna, client):
    anna.is_active = False
    anna.save()
    assert "do not belong" in sign_in(client=client).content.decode()
    assert not is_in(client)


def test_passwords_are_hashed_by_argon2_and_old_hashes_still_work(settings):
    settings.PASSWORD_HASHERS = [
        "studyplatform.accounts.hashing.Argon2idHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    encoded = make_password(PASSWORD)
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password(PASSWORD, encoded)
    old = make_password(PASSWORD, hasher="pbkdf2_sha256")
    assert check_password(PASSWORD, old)
    assert identify_hasher(encoded).must_update(encoded) is False


def test_a_very_long_password_is_refused_before_it_is_hashed(anna, client, monkeypatch):
    hashed = []
    monkeypatch.setattr(User, "check_password", lambda user, text: hashed.append(text) or False)
    sign_in(password="x" * (hashing.LONGEST_PASSWORD + 1), client=client)
    assert hashed == []
    sign_in(password="x" * hashing.LONGEST_PASSWORD, client=client)
    assert hashed  # the control: a password of the allowed length is looked at


def test_the_sixth_wrong_password_from_an_address_is_not_looked_at(anna):
    for _ in range(PER_NAME_AND_ADDRESS.attempts):
        assert (
            "do not belong" in sign_in(password="wrong", REMOTE_ADDR="192.0.2.1").content.decode()
        )
    response = sign_in(REMOTE_ADDR="192.0.2.1")  # even the right one
    assert "Too many failed attempts" in response.content.decode()


def test_a_victim_signs_in_from_another_address_while_somebody_guesses(anna):
    for _ in range(PER_NAME_AND_ADDRESS.attempts + 3):
        sign_in(password="wrong", REMOTE_ADDR="192.0.2.1")
    assert sign_in(REMOTE_ADDR="192.0.2.1").status_code == 200
    assert sign_in(REMOTE_ADDR="198.51.100.7").status_code == 302


def test_without_the_limit_guessing_goes_on(anna, monkeypatch):
    """The negative control of the two tests above."""
    monkeypatch.setattr("studyplatform.accounts.throttle.allows", lambda *subject: True)
    for _ in range(PER_NAME_AND_ADDRESS.attempts + 3):
        sign_in(password="wrong", REMOTE_ADDR="192.0.2.1")
    assert sign_in(REMOTE_ADDR="192.0.2.1").status_code == 302


def test_one_address_cannot_try_a_password_on_every_account(db):
    names = [f"person{number}@example.org" for number in range(PER_ADDRESS.attempts + 1)]
    answers = [sign_in(name, "winter2026", REMOTE_ADDR="192.0.2.1") for name in names]
    assert "Too many" not in answers[-2].content.decode()
    assert "Too many" in answers[-1].content.decode()


def test_a_success_clears_the_count_of_the_name(anna):
    for _ in range(3):
        for _ in range(PER_NAME_AND_ADDRESS.attempts - 1):
            sign_in(password="wrong")
        assert sign_in().status_code == 302


def test_behind_a_proxy_only_the_proxys_own_entry_counts(anna, settings):
    settings.BEHIND_PROXY = True
    proxy = {"REMOTE_ADDR": "10.0.0.1"}
    for number in range(PER_NAME_AND_ADDRESS.attempts):
        forged = f"203.0.113.{number}, 192.0.2.1"
        sign_in(password="wrong", HTTP_X_FORWARDED_FOR=forged, **proxy)
    assert sign_in(HTTP_X_FORWARDED_FOR="8.8.8.8, 192.0.2.1", **proxy).status_code == 200
    assert sign_in(HTTP_X_FORWARDED_FOR="198.51.100.7", **proxy).status_code == 302


def test_the_password_alone_does_not_sign_in_somebody_with_a_second_factor(anna_with_app, client):
    assert sign_in(client=client)["Location"] == CODE
    assert not is_in(client)
    assert client.post(CODE, {"code": "000000"}).status_code == 200
    assert not is_in(client)
    assert client.post(CODE, {"code": code_at(time.time())})["Location"] == HOME
    assert is_in(client)


def test_a_code_works_once(anna_with_app):
    code = code_at(time.time())
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client=client)
        client.post(CODE, {"code": code})
        cache.clear()  # another process has another cache
    assert (is_in(first), is_in(second)) == (True, False)


def test_a_recovery_code_works_once(anna_with_app):
    factor = Authenticator.objects.get(user=anna_with_app, type="recovery_codes")
    code = factor.wrap().get_unused_codes()[0]
    answers = []
    for _ in range(2):
        client = Client()
        sign_in(client=client)
        client.post(CODE, {"code": code})
        answers.append(is_in(client))
    assert answers == [True, False]


def test_the_sixth_wrong_code_is_not_looked_at(anna_with_app, client):
    sign_in(client=client)
    for _ in range(5):
        assert "This code is wrong" in client.post(CODE, {"code": "000000"}).content.decode()
    response = client.post(CODE, {"code": code_at(time.time())})
    assert "Too many wrong codes" in response.content.decode()


def test_the_secret_of_an_app_is_encrypted_in_the_database(anna_with_app):
    factor = Authenticator.objects.get(user=anna_with_app, type="totp")
    assert SECRET not in str(factor.data)


def test_where_a_second_factor_is_compulsory_nothing_opens_without_one(
    study, administrator, signed_in, settings
):
    paths = [HOME, reverse("panel:study", args=[study.slug]), reverse("admin:index")]
    paths += [reverse("people"), reverse("preview:begin", args=[study.slug])]
    client = signed_in("administrator")
    assert all(client.get(path).status_code in {200, 302} for path in paths)
    settings.REQUIRE_SECOND_FACTOR = True
    for path in paths:
        assert client.get(path)["Location"] == reverse("mfa_index")
    assert client.get(reverse("mfa_index")).status_code == 200
    assert client.get(reverse("account_change_password")).status_code == 200
    confirm = client.get(reverse("mfa_activate_totp"))["Location"]
    assert confirm.startswith(reverse("account_reauthenticate"))
    client.post(confirm, {"password": "a phrase of administrators"})
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    TOTP.activate(administrator, SECRET)
    assert client.get(HOME).status_code == 200


def test_participants_need_no_second_factor(study, client, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    assert client.get(reverse("landing", args=[study.slug])).status_code == 200


def test_the_admin_has_no_sign_in_of_its_own(anna, client):
    response = client.get(reverse("admin:login"), {"next": "/admin/surveys/"})
    assert response["Location"] == f"{SIGN_IN}?next=/admin/surveys/"
    credentials = {"username": "anna@example.org", "password": PASSWORD}
    assert client.post(reverse("admin:login"), credentials)["Location"].startswith(SIGN_IN)
    assert not is_in(client)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_the_sign_in_leads_to_no_other_site(anna, client, target):
    response = client.post(
        SIGN_IN, {"login": "anna@example.org", "password": PASSWORD, "next": target}
    )
    assert response["Location"] == HOME


def test_there_is_no_sign_up(client):
    for path in ("/panel/account/signup/", "/panel/account/sign-up/", "/accounts/signup/"):
        assert client.get(path).status_code == 404


def test_another_browser_can_be_signed_out_and_this_one_stays(anna):
    here, there = Client(), Client()
    sign_in(client=here)
    sign_in(client=there, HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
    page = here.get(reverse("mfa_index")).content.decode()
    assert "Firefox · Windows" in page
    row = SignIn.objects.get(browser__contains="Firefox")
    here.post(reverse("end-session"), {"session": row.pk})
    assert (is_in(here), is_in(there)) == (True, False)


def test_nobody_signs_out_somebody_else(anna, db):
    User.objects.create_user("ben@example.org", "ben@example.org", PASSWORD)
    anna_there, ben = Client(), Client()
    sign_in(client=anna_there)
    sign_in("ben@example.org", client=ben)
    row = SignIn.objects.get(user=anna)
    ben.post(reverse("end-session"), {"session": row.pk})
    ben.post(reverse("end-session"), {"session": "all"})
    assert is_in(anna_there)


def test_signing_out_takes_the_browser_off_the_list(anna, client):
    sign_in(client=client)
    assert anna.sign_ins.count() == 1
    client.post(reverse("account_logout"))
    assert not is_in(client)
    assert anna.sign_ins.count() == 0


def test_signing_out_of_the_administration_does_so_too(administrator, signed_in):
    client = signed_in("administrator")
    assert is_in(client)
    assert administrator.sign_ins.count() == 1
    assert client.post(reverse("admin:logout")).status_code == 200
    assert not is_in(client)
    assert administrator.sign_ins.count() == 0
    assert client.get(reverse("admin:password_change")).status_code == 302


def test_the_secrets_of_second_factors_are_not_in_the_administration():
    assert {model._meta.app_label for model in admin.site._registry} == {
        *("auth", "explanations", "surveys")
    }


def test_a_new_password_signs_out_all_other_browsers(anna):
    here, there = Client(), Client()
    sign_in(client=here)
    sign_in(client=there)
    new = "another long enough phrase"
    sent = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), sent).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert sign_in(password=PASSWORD).status_code == 200
    assert sign_in(password=new).status_code == 302


@pytest.mark.parametrize("weak", ["short", "password1234", "anna@example.org", "x" * 129])
def test_a_weak_or_overlong_new_password_is_refused(anna, client, weak):
    sign_in(client=client)
    sent = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    assert client.post(reverse("account_change_password"), sent).status_code == 200
    anna.refresh_from_db()
    assert anna.check_password(PASSWORD)


def test_the_current_password_cannot_be_guessed_in_a_browser_that_was_left_open(anna, client):
    sign_in(client=client)
    path, new = reverse("account_change_password"), "another long enough phrase"
    sent = {"password1": new, "password2": new}
    for _ in range(PER_NAME_AND_ADDRESS.attempts):
        assert (
            "not your password" in client.post(path, sent | {"oldpassword": "x"}).content.decode()
        )
    client.post(path, sent | {"oldpassword": PASSWORD})
    anna.refresh_from_db()
    assert anna.check_password(PASSWORD)


def test_browsers_whose_session_has_ended_leave_the_list(anna):
    sign_in()
    anna.sign_ins.update(last_seen_at=timezone.now() - timedelta(days=15))
    sign_in()
    assert anna.sign_ins.count() == 1


def test_no_address_is_stored(anna):
    sign_in(password="wrong", REMOTE_ADDR="192.0.2.123")
    sign_in(REMOTE_ADDR="192.0.2.123")
    rows = serializers.serialize("json", [*Attempt.objects.all(), *SignIn.objects.all()])
    assert "192.0.2" not in rows
    assert Attempt.objects.exists()


def test_the_pages_use_no_other_site(anna, client):
    page = client.get(SIGN_IN).content.decode()
    assert "https://" not in page
