"""Text that is encrypted in the database, with a key that is not in it: STUDY_SECRET_KEY.

A copy of the database, a backup or a stray SQL query then opens no participation and predicts no
arm. Migrations see plain text columns.
"""

import base64
import hashlib
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import Exact, IsNull
from django.db.models.query_utils import DeferredAttribute
from django.utils.crypto import salted_hmac

PREFIX = "sealed:"


def seal(text: str) -> str:
    """Return the text encrypted. Empty text stays empty."""
    return PREFIX + _cipher(_keys()).encrypt(text.encode()).decode() if text else ""


def unseal(stored: str) -> str:
    """Return the text that ``seal`` encrypted, or text that was never sealed as it is.

    Raises ImproperlyConfigured if it was sealed with another key.
    """
    if not stored.startswith(PREFIX):
        return stored
    try:
        return _cipher(_keys()).decrypt(stored.removeprefix(PREFIX).encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "The database was filled with another STUDY_SECRET_KEY. Set the key with which its "
            "studies were run."
        ) from error


def keyed_hash(purpose: str, text: str) -> str:
    """Return a hash by which stored text can be found, but not guessed without the key."""
    if not text:
        return ""
    return salted_hmac(f"surveys.sealed.{purpose}", text, algorithm="sha256").hexdigest()


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    digests = (hashlib.sha256(f"surveys.sealed {key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


class Sealed(str):
    """Encrypted text, as the database holds it."""

    __slots__ = ()


class _Unsealing(DeferredAttribute):
    """The attribute of a sealed column, which is decrypted when it is first read.

    Most pages load a participant and a study without reading their secrets.
    """

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = unseal(value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedText(models.TextField):  # type: ignore[type-arg]
    """A column of encrypted text, which can be compared only through the column of its hash.

    ``hashed_in`` names that column, a SealedHash. Without it the text cannot be searched for.
    """

    descriptor_class = _Unsealing
    hashed_in: str

    def __init__(self, *args: Any, hashed_in: str = "", **kwargs: Any) -> None:
        self.hashed_in = hashed_in
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Describe the column to migrations as plain text, which it is for the database."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Mark what is encrypted. ``values()`` and ``values_list()`` return it so."""
        return Sealed(value) if value and value.startswith(PREFIX) else value

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt the text, unless it is encrypted already."""
        if value is None:
            return None
        return str(value) if isinstance(value, Sealed) else seal(str(value))

    def get_lookup(self, lookup_name: str) -> Any:
        """Return the lookups that make sense for encrypted text: equality, and NULL."""
        return {"exact": _SealedExact, "isnull": IsNull}.get(lookup_name)

    def get_transform(self, lookup_name: str) -> None:
        """Return None: no part of an encrypted text can be looked at."""


class _SealedExact(Exact):
    """Equality, decided by the hash. Empty text is stored as it is."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        field, text = self.lhs.target, self.rhs
        if text == "":
            column, value = self.lhs, ""
        elif field.hashed_in:
            other = field.model._meta.get_field(field.hashed_in)
            column, value = Col(self.lhs.alias, other), other.hash_of(str(text))
        else:
            raise FieldError(f"{field} is encrypted without a hash, so it cannot be searched for.")
        sql, parameters = compiler.compile(column)
        return f"{sql} = %s", (*parameters, value)


class SealedHash(models.CharField):  # type: ignore[type-arg]
    """The keyed hash of a SealedText column ``of`` the same row, written together with it."""

    def __init__(self, *args: Any, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **{"max_length": 64, "editable": False, **kwargs})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Describe the column to migrations as plain characters."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs

    def hash_of(self, text: str) -> str:
        """Return the hash of a text in this column."""
        return keyed_hash(self.of, text)

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Return the hash of what the row holds now."""
        value = self.hash_of(getattr(model_instance, self.of) or "")
        setattr(model_instance, self.attname, value)
        return value
