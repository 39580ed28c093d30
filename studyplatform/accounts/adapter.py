"""How allauth checks passwords here: throttled by name and address, and never too long."""

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.accounts import sessions, throttle
from studyplatform.accounts.hashing import LONGEST_PASSWORD
from studyplatform.accounts.limits import PER_ADDRESS, PER_NAME_AND_ADDRESS
from surveys.web.client_address import client_address


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in without sign-up."""

    error_messages: dict[str, Any] = {  # noqa: RUF012
        **DefaultAccountAdapter.error_messages,
        **dict.fromkeys(
            ("username_password_mismatch", "email_password_mismatch"),
            _("This name and this password do not belong to an account here."),
        ),
        "incorrect_password": _("This is not your password."),
        "too_many_login_attempts": _(
            "Too many failed attempts from this network. Try again in 15 minutes."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: accounts are created by invitation."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Return the user with this name and password.

        Raises ValidationError after too many attempts. They are counted by name and address
        together, so that nobody can lock another person out, and by address alone.
        """
        name = str(credentials.get("email") or credentials.get("username") or "").casefold()
        address = client_address(request)
        if not (
            throttle.allows(PER_ADDRESS, address)
            and throttle.allows(PER_NAME_AND_ADDRESS, name, address)
        ):
            raise self.validation_error("too_many_login_attempts")
        if len(credentials.get("password", "")) > LONGEST_PASSWORD:
            return None
        user = authenticate(request, **credentials)
        if user is not None:
            throttle.forget(PER_NAME_AND_ADDRESS, name, address)
            throttle.give_back(PER_ADDRESS, address)
        return user

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Sign the user in, and add the browser to the user's list."""
        super().login(request, user)
        if isinstance(user, User):
            sessions.begin(request, user)

    def logout(self, request: HttpRequest) -> None:
        """Sign the user out, and take the browser off the list."""
        sessions.forget(request)
        super().logout(request)

    def post_login(
        self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any
    ) -> HttpResponse:
        """Count the sign-in as an answer to "is it you", so that nobody is asked twice in a row."""
        has_factor = Authenticator.objects.filter(user_id=user.pk).exists()
        method = "mfa" if has_factor else "password"
        record_authentication(request, user, method=method, reauthenticated=True)
        return super().post_login(request, user, **kwargs)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Storage of second factors: secrets are encrypted with a key derived from the secret key."""

    error_messages: dict[str, Any] = {  # noqa: RUF012
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is wrong, or it was used already. Wait for the next one."),
    }

    def generate_authenticator_name(
        self,
        user: AbstractBaseUser,
        type: Authenticator.Type,  # noqa: A002 allauth's name
    ) -> str:
        """Return a name to start from, such as "Passkey 2"."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return gettext("Passkey %(number)s") % {"number": number}

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [
            Fernet(
                base64.urlsafe_b64encode(hashlib.sha256(f"second factor {key}".encode()).digest())
            )
            for key in keys
        ]
    )
