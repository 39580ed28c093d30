"""Tokens of the API: made by owners, shown once, stored as hashes, and revoked at any time."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from studyplatform.audit.writing import record
from studyplatform.models import ApiToken
from studyplatform.panel.access import Right, has_right
from surveys.models import Study

PREFIX = "xst_"
"""Begin of every secret, by which scanners of repositories find a token that was published."""
NOTED_EVERY = timedelta(minutes=1)
"""How exactly the last use is noted."""


class Scope(StrEnum):
    """What a token may read. The values are columns of ApiToken."""

    PROGRESS = "progress"
    TABLES = "tables"
    REPORTS = "reports"


def new_token(
    study: Study, *, name: str, scopes: Mapping[Scope, bool], lasts: timedelta, by: User
) -> tuple[ApiToken, str]:
    """Make a token, and return it with its secret, which is not stored."""
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            study=study,
            name=name,
            token_sha256=_sha256(secret),
            created_by=by,
            expires_at=timezone.now() + lasts,
            **{scope.value: allowed for scope, allowed in scopes.items()},
        )
        told = {"token": name, "scopes": [str(scope) for scope in scopes_of(token)]}
        record(study, "API token made", after={**told, "until": f"{token.expires_at:%Y-%m-%d}"})
    return token, secret


def revoke(token: ApiToken) -> None:
    """Revoke a token, which no longer works from now on."""
    with transaction.atomic():
        record(token.study, "API token revoked", {"token": token.name})
        token.delete()


def scopes_of(token: ApiToken) -> list[Scope]:
    """Return what the token may read."""
    return [scope for scope in Scope if getattr(token, scope.value)]


def tokens_of(study: Study) -> QuerySet[ApiToken]:
    """Return the study's tokens, those that have expired as well."""
    return study.api_tokens.select_related("created_by")


def usable(secret: str) -> ApiToken | None:
    """Return the token with this secret, unless it has expired or its maker is no longer an owner
    of the study."""
    tokens = ApiToken.objects.select_related(
        "created_by", "study__image_set", "study__classifier"
    ).filter(token_sha256=_sha256(secret), expires_at__gt=timezone.now())
    token = tokens.first()
    # A token must not outlive the rights of the person who made it.
    if token is None or not has_right(token.created_by, token.study, Right.OWN):
        return None
    return token


def note_use(token: ApiToken) -> None:
    """Store that the token was used now."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
