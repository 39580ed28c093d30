"""Invitations and resets: links that work once, expire, and are stored as hashes."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from studyplatform.audit.writing import acting_for, record
from studyplatform.models import AccountLink, StudyMember
from surveys.models import Study

INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=2)
KEPT = timedelta(days=30)
"""How long a link that has expired is kept."""


class LinkError(Exception):
    """A link that cannot be used or an invitation that cannot be made, with the reason."""


@dataclass(frozen=True)
class Switches:
    """What a member may do in a study; neither of them means only to view it."""

    make_changes: bool = False
    see_data: bool = False
    owner: bool = False

    def columns(self) -> dict[str, bool]:
        """Return the columns of a membership. An owner has both switches."""
        return {
            "make_changes": self.make_changes or self.owner,
            "see_data": self.see_data or self.owner,
            "owner": self.owner,
        }


@dataclass(frozen=True)
class Created:
    """A new link. Its secret is in the address alone."""

    link: AccountLink
    address: str
    was_sent: bool
    """Whether it went out by e-mail. Otherwise, show the address once to whoever made it."""

    @property
    def recipient(self) -> str:
        """The e-mail address, or the name of an account that has none."""
        return self.link.email or (self.link.user.get_username() if self.link.user else "")


def user_named(name: str) -> User | None:
    """Return the user with this e-mail address or user name, in any case of letters."""
    found = User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name))
    return found.order_by("pk").first()


def invite(
    request: HttpRequest, *, email: str, study: Study | None, switches: Switches, by: User
) -> Created:
    """Invite a person to a study, or to the platform alone.

    Raises LinkError for a person who is a member already.
    """
    user = user_named(email)
    if study and user and StudyMember.objects.filter(study=study, user=user).exists():
        raise LinkError(
            _("%(email)s is a member of this study already. Change the switches in the list.")
            % {"email": email}
        )
    if not study and user:
        raise LinkError(_("%(email)s has an account already.") % {"email": email})
    with transaction.atomic():
        # A second invitation replaces the first, so that one address has one open link.
        open_links(study).filter(email__iexact=email).delete()
        link, token = _create(
            AccountLink.Purpose.INVITATION,
            INVITATION_LASTS,
            email=email.strip().lower(),
            study=study,
            created_by=by,
            **switches.columns(),
        )
        if study is not None:
            record(study, "member invited", after={"member": link.email} | switches.columns())
    return _hand_over(request, link, token, "invitation")


def offer_reset(request: HttpRequest, *, user: User, by: User | None = None) -> Created:
    """Make a link with which the user chooses a new password. Earlier ones stop working."""
    with transaction.atomic():
        user.account_links.filter(purpose=AccountLink.Purpose.RESET, used_at=None).delete()
        link, token = _create(
            AccountLink.Purpose.RESET,
            RESET_LASTS,
            email=user.email or "",
            user=user,
            created_by=by,
        )
    return _hand_over(request, link, token, "reset")


def open_links(study: Study | None) -> QuerySet[AccountLink]:
    """Return the invitations to the study that can still be used."""
    return AccountLink.objects.filter(
        purpose=AccountLink.Purpose.INVITATION,
        study=study,
        used_at=None,
        expires_at__gt=timezone.now(),
    )


def usable(token: str) -> AccountLink | None:
    """Return the link with this secret, unless it was used or has expired."""
    return (
        AccountLink.objects.select_related("study", "user", "created_by")
        .filter(token_sha256=_sha256(token), used_at=None, expires_at__gt=timezone.now())
        .first()
    )


def accept_with_new_account(link: AccountLink, *, name: str, password: str) -> User:
    """Create the invited person's account. Raises LinkError if the link was used meanwhile."""
    with transaction.atomic():
        _use(link)
        if user_named(link.email) is not None:
            raise LinkError(_("There is an account with this address already. Sign in with it."))
        user = User.objects.create_user(
            username=link.email, email=link.email, password=password, first_name=name
        )
        _join(link, user)
    return user


def accept(link: AccountLink, user: User) -> None:
    """Add somebody who has an account to the study. Raises LinkError if the link was used."""
    with transaction.atomic():
        _use(link)
        _join(link, user)


def reset_password(link: AccountLink, *, password: str) -> None:
    """Set a new password, which ends all sessions. Raises LinkError if the link was used."""
    if link.user is None:
        raise LinkError(_("This link does not reset a password."))
    with transaction.atomic():
        _use(link)
        link.user.set_password(password)
        link.user.save(update_fields=["password"])
        link.user.sign_ins.all().delete()


def _create(
    purpose: AccountLink.Purpose, lasts: timedelta, **columns: object
) -> tuple[AccountLink, str]:
    # Addresses of people who never came are not kept for ever.
    AccountLink.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()
    token = secrets.token_urlsafe(32)
    link = AccountLink.objects.create(
        purpose=purpose,
        token_sha256=_sha256(token),
        expires_at=timezone.now() + lasts,
        **columns,
    )
    return link, token


def _hand_over(request: HttpRequest, link: AccountLink, token: str, template: str) -> Created:
    """Send the link by e-mail where e-mail is configured."""
    path = reverse("account-link", kwargs={"token": token})
    address = request.build_absolute_uri(path)
    if not (settings.EMAIL_HOST and link.email):
        return Created(link, address, was_sent=False)
    context = {"link": link, "address": address}
    try:
        send_mail(
            subject=_("Explanation studies: your link"),
            message=render_to_string(f"panel/email/{template}.txt", context),
            from_email=None,
            recipient_list=[link.email],
        )
    except OSError:  # SMTP's errors are among them; whoever made the link can still hand it over
        return Created(link, address, was_sent=False)
    return Created(link, address, was_sent=True)


def _use(link: AccountLink) -> None:
    """Mark the link as used, which only one request can do."""
    now = timezone.now()
    unused = AccountLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now)
    if not unused.update(used_at=now):
        raise LinkError(_("This link was used already, or it has expired. Ask for a new one."))


def _join(link: AccountLink, user: User) -> None:
    if link.study is None:
        return
    switches = Switches(link.make_changes, link.see_data, link.owner)
    _, is_new = StudyMember.objects.get_or_create(
        study=link.study, user=user, defaults=switches.columns()
    )
    if is_new:
        name = user.get_username()
        with acting_for(name):  # who creates an account is not signed in yet
            record(link.study, "member joined", after={"member": name} | switches.columns())


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
