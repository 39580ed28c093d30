"""The code with which a person can have everything deleted later, short enough to write down."""

from django.utils.crypto import salted_hmac

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without characters that readers confuse
CHARACTERS = 12  # 60 bits: guessing one of a million codes takes 10 ** 12 attempts


def personal_code(arrival_key: str) -> str:
    """Return twelve characters in groups of four.

    They are derived from the arrival's key and the server's secret, so that the consent page can
    show them before there is a participant.
    """
    digest = salted_hmac("surveys.personal", arrival_key, algorithm="sha256").digest()
    number = int.from_bytes(digest)
    letters = []
    for _ in range(CHARACTERS):
        number, letter = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return _grouped("".join(letters))


def read_code(typed: str) -> str:
    """Return the code as stored, whatever spaces, dashes and lower-case letters were typed."""
    return _grouped("".join(letter for letter in typed[:100].upper() if letter.isalnum()))


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
