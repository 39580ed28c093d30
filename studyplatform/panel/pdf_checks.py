"""Checks of an uploaded PDF: that it is one, and that it only shows pages.

A PDF can run scripts, start programs, send forms and carry other files. Browsers block most of it,
and the programs that participants open a downloaded file with may not.
"""

import re
import zlib
from collections.abc import Iterator

from django.utils.translation import gettext as _

from surveys.services.documents import BEGINNING, LARGEST

ACTIVE = {
    b"JavaScript": "JavaScript",
    b"Launch": "Launch",
    b"SubmitForm": "SubmitForm",
    b"ImportData": "ImportData",
    b"EmbeddedFile": "EmbeddedFile",
    b"EmbeddedFiles": "EmbeddedFiles",
    b"RichMedia": "RichMedia",
    b"GoToE": "GoToE",
    b"XFA": "XFA",
}
"""Names of ISO 32000-2 that make a PDF do more than show pages: actions (12.6.4), attached files
(7.11.4), media (13.6) and XFA forms."""
MOST_UNPACKED = 200_000_000
CHUNK = 65_536
_NAME = re.compile(rb"/([^\x00\t\n\f\r ()<>\[\]{}/%]{2,60})")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")


def fault_of(content: bytes) -> str:
    """Return why participants cannot get this file as a PDF, empty if they can."""
    if len(content) > LARGEST:
        return _("The file has %(size).1f MB. At most %(most)d MB are allowed.") % {
            "size": len(content) / 1_000_000, "most": LARGEST // 1_000_000,
        }  # fmt: skip
    if not content.startswith(BEGINNING):
        return _("The file is not a PDF: it does not begin with %PDF-. Save the text as a PDF.")
    if b"%%EOF" not in content[-2048:] or b"startxref" not in content:
        return _("The PDF is cut off: its end is missing. Save or copy it again.")
    names: set[bytes] = set()
    try:
        for piece in _pieces(content):
            names |= _names(piece)
    except _TooLargeError:
        return _(
            "The PDF unpacks to more than %(most)d MB, so that it cannot be checked. Save it with "
            "smaller pictures."
        ) % {"most": MOST_UNPACKED // 1_000_000}
    if b"Encrypt" in names:
        return _(
            "The PDF is encrypted, so that nobody can check what it does. Save it without a "
            "password and without restrictions."
        )
    if b"Pages" not in names:
        return _("The file begins like a PDF and has no pages. Save the text as a PDF again.")
    if active := sorted(ACTIVE[name] for name in names & set(ACTIVE)):
        return _(
            "The PDF can do more than show pages (%(names)s): run a script, send a form, or carry "
            "other files. Print it as a PDF once more, which leaves only the pages."
        ) % {"names": ", ".join(active)}
    return ""


class _TooLargeError(Exception):
    """The streams of the file are longer than MOST_UNPACKED."""


def _pieces(content: bytes) -> Iterator[bytes]:
    """Yield the file and each of its compressed streams, in which objects can hide.

    Every stream is tried, whatever its dictionary says, since a reader may repair a wrong one.
    """
    yield content
    left = MOST_UNPACKED
    for match in _STREAM.finditer(content):
        unpacked = _unpacked(content, match.end(), left)
        left -= len(unpacked)
        if left <= 0:
            raise _TooLargeError
        yield unpacked


def _unpacked(content: bytes, start: int, most: int) -> bytes:
    """Return the stream that starts there, without its compression; empty if it has another one.

    Where it ends, the compressed data say themselves: a word such as endstream could be forged.
    """
    unpacking, found, length = zlib.decompressobj(), [], 0
    try:
        while not unpacking.eof and start < len(content) and length < most:
            data = unpacking.unconsumed_tail + content[start : start + CHUNK]
            found.append(unpacking.decompress(data, most - length))
            length += len(found[-1])
            start += CHUNK
    except zlib.error:  # a picture, or a stream that is not compressed
        pass
    return b"".join(found)


def _names(piece: bytes) -> set[bytes]:
    """Return the names in the piece, in which #xx can stand for any character."""
    found = set(_NAME.findall(piece))
    return {_ESCAPE.sub(lambda code: bytes([int(code[1], 16)]), name) for name in found}
