"""URLs of pictures that name the kept files, so that a picture that is asked for needs no query.

A page shows such a URL only once its participant may see the picture. The signature proves that a
page did.
"""

import base64
import re
from collections.abc import Sequence

from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from explanations.pipeline.pictures import Picture
from surveys.models import Participant

NAME, SIGNATURE = 43, 22
"""Characters of a file's name and of a signature in a URL."""
NAMED = re.compile(rf"((?:[-\w]{{{NAME}}}){{1,2}})([-\w]{{{SIGNATURE}}})", re.ASCII)


def picture_url(
    participant: Participant, picture_code: str, picture: str, files: Sequence[Picture] = ()
) -> str:
    """Return the URL of a picture (image, map or legend) for the participant's browser.

    ``files`` are the picture and, if there is one, the larger picture for a dense screen.
    """
    kwargs = {"code": participant.code, "picture_code": picture_code, "picture": picture}
    if not files:
        return reverse("picture", kwargs=kwargs)
    names = "".join(_short(bytes.fromhex(file.name)) for file in files)
    signature = _signature(participant.code, picture_code, picture, names)
    return reverse("kept-picture", kwargs={**kwargs, "files": names + signature})


def read(code: str, picture_code: str, picture: str, files: str) -> tuple[str, ...]:
    """Return the names of the files in a URL: of the picture and, if there is one, the larger.

    ``code`` is the participant's. There are no names in a URL with another signature than the one
    that ``picture_url`` wrote.
    """
    found = NAMED.fullmatch(files)
    if found is None:
        return ()
    names, signature = found.groups()
    if not constant_time_compare(signature, _signature(code, picture_code, picture, names)):
        return ()
    return tuple(_long(names[at : at + NAME]) for at in range(0, len(names), NAME))


def _signature(code: str, picture_code: str, picture: str, names: str) -> str:
    text = f"{code}/{picture_code}/{picture}/{names}"
    return _short(salted_hmac("surveys.picture", text, algorithm="sha256").digest()[:16])


def _short(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _long(short: str) -> str:
    return base64.urlsafe_b64decode(f"{short}=").hex()
