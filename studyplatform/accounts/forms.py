"""Forms of the account pages."""

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import (
    password_validators_help_text_html,
    validate_password,
)
from django.utils.translation import gettext_lazy as _

from studyplatform.accounts import throttle
from studyplatform.accounts.hashing import LONGEST_PASSWORD
from studyplatform.accounts.limits import CODE, CODE_FROM_ADDRESS, USED_CODE
from surveys.web.client_address import client_address


def _password(label: Any, autocomplete: str, help_text: Any = "") -> forms.CharField:
    attributes = {"autocomplete": autocomplete}
    return forms.CharField(
        label=label,
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs=attributes),
        help_text=help_text,
    )


class SignInForm(LoginForm):
    """Name, password, and whether the browser may keep them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("E-mail address or user name"),
            max_length=150,
            widget=forms.TextInput(
                attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
            ),
        )
        self.fields["password"] = _password(_("Password"), "current-password")
        self.fields["remember"].label = _("Keep me signed in on this device for two weeks")
        self.order_fields(["login", "password", "remember"])


class ConfirmForm(ReauthenticateForm):
    """The password of somebody who is signed in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = _password(_("Password"), "current-password")


class PasswordForm(forms.Form):
    """A new password, twice."""

    password1 = _password(_("Password"), "new-password", password_validators_help_text_html)
    password2 = _password(_("Password, again"), "new-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """Check that the passwords agree and keep the rules, which compare them with the user."""
        data = super().clean() or {}
        first, second = data.get("password1"), data.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords differ. Type the same one twice."))
        elif first:
            try:
                validate_password(first, self.user)
            except forms.ValidationError as error:
                self.add_error("password1", error)
        return data


class NewAccountForm(PasswordForm):
    """A name and a password for a new account."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        help_text=_("Members of your studies see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("name", "password1", "password2")


class NewPasswordForm(ChangePasswordForm):
    """The old password, and a new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"] = _password(_("Current password"), "current-password")
        # allauth's own field checks the rules for passwords.
        new = self.fields["password1"]
        new.label, new.help_text = _("New password"), password_validators_help_text_html()
        new.widget.attrs.pop("placeholder", None)
        self.fields["password2"] = _password(_("New password, again"), "new-password")

    def clean_oldpassword(self) -> str:
        """Check the current password, throttled as at the sign-in: the browser may be a stranger's.

        Raises ValidationError for a wrong one, and after too many.
        """
        password = str(self.cleaned_data["oldpassword"])
        adapter = get_account_adapter()
        if self.user is None or not adapter.reauthenticate(self.user, password):
            raise adapter.validation_error("incorrect_password")
        return password


class NameForm(forms.Form):
    """The e-mail address or name of somebody who forgot the password."""

    login = forms.CharField(
        label=_("E-mail address or user name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )


class _ThrottledCode(mfa_forms.BaseAuthenticateForm):
    """A code of an app or a recovery code, limited by account, and each code of an app once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = forms.CharField(
            label=_("Code from your app, or a recovery code"),
            max_length=20,
            widget=forms.TextInput(
                attrs={"autocomplete": "one-time-code", "spellcheck": "false", "autofocus": True}
            ),
        )

    def clean_code(self) -> str:
        """Return the code.

        Raises ValidationError for a wrong code, for one that was used, and after too many.
        """
        person = str(self.user.pk)
        address = client_address(context.request)
        if not (
            throttle.allows(CODE_FROM_ADDRESS, person, address) and throttle.allows(CODE, person)
        ):
            raise forms.ValidationError(
                _("Too many wrong codes. Try again in 15 minutes, or use a passkey.")
            )
        code = super().clean_code()
        # allauth remembers used codes in the cache of one process, and there are several.
        is_totp = self.authenticator.type == Authenticator.Type.TOTP
        if is_totp and not throttle.allows(USED_CODE, person, code.replace(" ", "")):
            raise get_adapter().validation_error("incorrect_code")
        throttle.forget(CODE_FROM_ADDRESS, person, address)
        throttle.forget(CODE, person)
        return code


class CodeForm(_ThrottledCode, mfa_forms.AuthenticateForm):
    """The code at the sign-in."""


class ConfirmCodeForm(_ThrottledCode, mfa_forms.ReauthenticateForm):
    """The code of somebody who is signed in."""
