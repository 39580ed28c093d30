"""The cast of the panel's tests: a study, its members, an outsider and an administrator."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from studyplatform.models import StudyMember
from surveys.models import Study
from tests.surveys import factories

SWITCHES = {
    "viewer": {},
    "analyst": {"see_data": True},
    "editor": {"make_changes": True},
    "owner": {"see_data": True, "make_changes": True, "owner": True},
}
"""The columns of each kind of member."""


@pytest.fixture
def study(db, tmp_path) -> Study:
    """Open, with members of each kind."""
    study = factories.small_study(tmp_path)
    for name, switches in SWITCHES.items():
        add_member(study, name, **switches)
    return study


@pytest.fixture
def other_study(study, tmp_path) -> Study:
    """A study of somebody else."""
    other = factories.small_study(tmp_path, slug="other")
    add_member(other, "outsider", **SWITCHES["owner"])
    return other


def add_member(study: Study, name: str, **switches: bool) -> User:
    user = User.objects.filter(username=name).first()
    user = user or User.objects.create_user(name, password="a phrase of members")
    StudyMember.objects.create(study=study, user=user, **switches)
    return user


@pytest.fixture
def administrator(db) -> User:
    return User.objects.create_superuser("administrator", password="a phrase of administrators")


@pytest.fixture
def signed_in(db):
    """A browser in which somebody of this name is signed in."""

    def client(name: str) -> Client:
        browser = Client()
        browser.force_login(User.objects.get(username=name))
        return browser

    return client


def signed_in_and_confirmed(name: str) -> Client:
    """A browser in which somebody has just given the password once more."""
    user = User.objects.get(username=name)
    user.set_password("a phrase of researchers")
    user.save()
    browser = Client()
    browser.force_login(user)
    path = reverse("account_reauthenticate")
    assert browser.post(path, {"password": "a phrase of researchers"}).status_code == 302
    return browser
