"""A study file without the recruitment service's codes and without addresses of people."""

import re
from collections.abc import Sequence

import tomlkit
from tomlkit.items import Table

from analysis.release.checking import patterns

KEPT = ("kind", "name", "failed_checks", "pay", "currency")
"""Keys of [recruitment] that describe the recruitment without a code or an address."""
CONTACT = "[contact withheld]"


def without_contacts(text: str) -> tuple[str, int]:
    """Return a TOML text without codes, and with CONTACT for e-mail addresses and phone numbers.

    The second value is the number of changes.
    """
    document = tomlkit.parse(text)
    count = 0
    table = document.get("recruitment")
    if isinstance(table, Table):
        for key in [key for key in table if key not in KEPT]:
            table.remove(key)
            count += 1
    return _replaced(tomlkit.dumps(document), count)


def _replaced(text: str, count: int) -> tuple[str, int]:
    lines = []
    for line in text.split("\n"):
        changed = line
        for found in _contacts(line):
            changed = changed.replace(found, CONTACT)
            count += 1
        lines.append(changed)
    return "\n".join(lines), count


def _contacts(line: str) -> Sequence[str]:
    rules = (patterns.mail_addresses, patterns.phone_numbers, patterns.platform_ids)
    # A seed is a number as long as a phone number, and TOML writes it without quotes.
    if re.fullmatch(r"\s*[\w-]+\s*=\s*[\d.+_-]+\s*", line):
        return ()
    return [match for rule in rules for _, match in rule(line)]
