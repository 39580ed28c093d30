"""Invitations and resets: they work once, expire, and give nobody another person's account."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studyplatform.models import AccountLink, StudyMember
from tests.panel.test_sign_in import PASSWORD, SECRET, is_in, sign_in

NEW = "yet another long phrase"
FORM = {"name": "Carla", "password1": NEW, "password2": NEW}
LINK = re.compile(r"http://testserver(/panel/account/link/[\w-]+/)")


def invite(client, study, email="carla@example.org", **switches):
    """The link that the owner sees."""
    path = reverse("panel:invite-member", args=[study.slug])
    page = client.post(path, {"email": email, **switches}).content.decode()
    return LINK.search(page).group(1)


@pytest.fixture
def owner(study, signed_in) -> Client:
    return signed_in("owner")


def test_an_invited_person_creates_an_account_and_is_a_member(study, owner):
    link = invite(owner, study, see_data="on")
    carla = Client()
    assert "carla@example.org" in carla.get(link).content.decode()
    response = carla.post(link, FORM)
    assert response["Location"] == reverse("panel:study", args=[study.slug])
    assert is_in(carla)
    member = StudyMember.objects.get(user__email="carla@example.org")
    assert (member.see_data, member.make_changes, member.owner) == (True, False, False)
    assert member.user.get_full_name() == "Carla"
    assert sign_in("carla@example.org", NEW).status_code == 302


def test_a_link_works_once(study, owner):
    link = invite(owner, study)
    Client().post(link, FORM)
    assert Client().get(link).status_code == 404
    assert Client().post(link, FORM).status_code == 404
    assert User.objects.filter(email="carla@example.org").count() == 1


def test_a_link_expires(study, owner):
    link = invite(owner, study)
    AccountLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(link).status_code == 404
    assert Client().post(link, FORM).status_code == 404
    assert not User.objects.filter(email="carla@example.org").exists()


def test_a_link_that_was_withdrawn_does_not_work(study, owner):
    link = invite(owner, study)
    row = AccountLink.objects.get()
    owner.post(reverse("panel:withdraw-invitation", args=[study.slug, row.pk]))
    assert Client().get(link).status_code == 404


def test_links_that_expired_long_ago_are_deleted_with_their_addresses(study, owner):
    invite(owner, study)
    AccountLink.objects.update(expires_at=timezone.now() - timedelta(days=31))
    invite(owner, study, email="dora@example.org")
    assert [link.email for link in AccountLink.objects.all()] == ["dora@example.org"]


def test_the_secret_of_a_link_is_not_in_the_database(study, owner):
    secret = invite(owner, study).rstrip("/").rpartition("/")[2]
    (values,) = AccountLink.objects.values()
    assert secret not in str(values)
    assert len(secret) >= 43  # 32 random bytes


@pytest.mark.parametrize("password", ["short", "password1234", "carla@example.org"])
def test_a_weak_password_is_refused(study, owner, password):
    link = invite(owner, study)
    sent = FORM | {"password1": password, "password2": password}
    assert Client().post(link, sent).status_code == 200
    assert not User.objects.filter(email="carla@example.org").exists()


def test_whoever_invites_cannot_take_over_an_account_that_exists(study, owner):
    victim = User.objects.create_user("dora@example.org", "dora@example.org", PASSWORD)
    link = invite(owner, study, email="Dora@Example.org")
    for client in (Client(), owner):
        client.get(link)
        client.post(link, FORM)
    victim.refresh_from_db()
    assert victim.check_password(PASSWORD)
    assert not StudyMember.objects.filter(user=victim).exists()
    # The control: the invited person joins.
    dora = Client()
    sign_in("dora@example.org", PASSWORD, dora)
    dora.post(link)
    assert StudyMember.objects.filter(user=victim, study=study).exists()


def test_an_invitation_of_a_member_is_refused_and_a_second_one_replaces_the_first(study, owner):
    first = invite(owner, study)
    second = invite(owner, study)
    assert Client().get(first).status_code == 404
    Client().post(second, FORM)
    path = reverse("panel:invite-member", args=[study.slug])
    page = owner.post(path, {"email": "carla@example.org"}).content.decode()
    assert "is a member of this study already" in page


def test_where_email_is_configured_the_link_goes_there_and_is_not_shown(study, owner, settings):
    settings.EMAIL_HOST = "mail.example.org"
    path = reverse("panel:invite-member", args=[study.slug])
    page = owner.post(path, {"email": "carla@example.org"}).content.decode()
    assert not LINK.search(page)
    (message,) = mail.outbox
    assert message.to == ["carla@example.org"]
    assert Client().get(LINK.search(message.body).group(1)).status_code == 200


def test_a_link_is_shown_if_the_email_cannot_be_sent(study, owner, settings, monkeypatch):
    def fail(**message):
        raise ConnectionRefusedError

    settings.EMAIL_HOST = "mail.example.org"
    monkeypatch.setattr("studyplatform.accounts.links.send_mail", fail)
    assert Client().get(invite(owner, study)).status_code == 200


@pytest.fixture
def anna(db) -> User:
    return User.objects.create_user("anna@example.org", "anna@example.org", PASSWORD)


def test_a_forgotten_password_is_reset_by_email(anna, client, settings):
    settings.EMAIL_HOST = "mail.example.org"
    there = Client()
    sign_in(client=there)
    client.post(reverse("account_reset_password"), {"login": "Anna@example.org"})
    link = LINK.search(mail.outbox[0].body).group(1)
    client.post(link, {"password1": NEW, "password2": NEW})
    assert not is_in(there), "an open session survived the reset"
    assert sign_in(password=PASSWORD).status_code == 200
    assert sign_in(password=NEW).status_code == 302
    assert client.get(link).status_code == 404


def test_the_answer_does_not_tell_whether_there_is_an_account(anna, client, settings):
    settings.EMAIL_HOST = "mail.example.org"
    path = reverse("account_reset_password")
    there, nobody = (
        client.post(path, {"login": name}).content for name in (anna.email, "x@example.org")
    )
    assert there == nobody
    assert len(mail.outbox) == 1


def test_a_mailbox_is_not_flooded(anna, client, settings):
    settings.EMAIL_HOST = "mail.example.org"
    for _ in range(10):
        client.post(reverse("account_reset_password"), {"login": anna.email})
    assert len(mail.outbox) == 3


def test_a_reset_does_not_get_around_the_second_factor(anna, client, settings):
    settings.EMAIL_HOST = "mail.example.org"
    TOTP.activate(anna, SECRET)
    client.post(reverse("account_reset_password"), {"login": anna.email})
    client.post(LINK.search(mail.outbox[0].body).group(1), {"password1": NEW, "password2": NEW})
    assert not is_in(client)
    assert sign_in(password=NEW)["Location"] == reverse("mfa_authenticate")


@pytest.fixture
def boss(administrator) -> Client:
    administrator.set_password(PASSWORD)
    administrator.save()
    client = Client()
    sign_in("administrator", PASSWORD, client)
    return client


def test_an_administrator_helps_somebody_who_is_locked_out(anna, boss):
    TOTP.activate(anna, SECRET)
    path = reverse("person", args=[anna.pk])
    page = boss.post(path, {"action": "reset"}).content.decode()
    Client().post(LINK.search(page).group(1), {"password1": NEW, "password2": NEW})
    boss.post(path, {"action": "forget-factors"})
    assert sign_in(password=NEW)["Location"] == reverse("panel:home")


def test_an_administrator_switches_an_account_off_and_its_sessions_end(anna, boss):
    there = Client()
    sign_in(client=there)
    path = reverse("person", args=[anna.pk])
    boss.post(path, {"action": "switch-off"})
    assert not is_in(there)
    assert sign_in().status_code == 200
    boss.post(path, {"action": "switch-on"})
    assert sign_in().status_code == 302


def test_an_administrator_cannot_switch_off_the_own_account(administrator, boss):
    boss.post(reverse("person", args=[administrator.pk]), {"action": "switch-off"})
    administrator.refresh_from_db()
    assert administrator.is_active


def test_helping_asks_who_one_is_if_the_sign_in_was_long_ago(anna, administrator, signed_in):
    client = signed_in("administrator")  # without a password
    response = client.post(reverse("person", args=[anna.pk]), {"action": "switch-off"})
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    anna.refresh_from_db()
    assert anna.is_active


def test_an_administrator_invites_a_person_without_a_study(boss):
    page = boss.post(reverse("people"), {"email": "eva@example.org"}).content.decode()
    eva = Client()
    assert eva.post(LINK.search(page).group(1), FORM)["Location"] == reverse("panel:home")
    assert is_in(eva)
