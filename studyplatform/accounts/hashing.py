"""The hasher of passwords, and the longest password that it is given."""

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST_PASSWORD = 128
"""Characters. Longer texts are refused before they are hashed."""


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with OWASP's parameters.

    Django's own take 100 MB and eight threads for each sign-in, so that a few requests at once
    would exhaust a small server. These take 19 MiB and one thread.
    Source: OWASP Password Storage Cheat Sheet, "m=19456 (19 MiB), t=2, p=1".
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1


class MaximumLengthValidator:
    """Validator that refuses passwords which the sign-in would refuse."""

    def validate(self, password: str, user: object = None) -> None:
        if len(password) > LONGEST_PASSWORD:
            raise ValidationError(
                _(
                    "The password has %(length)s characters, but at most %(longest)s are allowed. "
                    "Choose a shorter one."
                )
                % {"length": len(password), "longest": LONGEST_PASSWORD}
            )

    def get_help_text(self) -> str:
        return _("At most %(longest)s characters.") % {"longest": LONGEST_PASSWORD}
