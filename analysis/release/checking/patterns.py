"""Patterns of single texts that lead to a person, whatever file they are in."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

# Prolific's ids are MongoDB object ids, whose first four bytes are the time at which they were
# made: 4 to 7 as first digit covers the years 2004 to 2038.
PROLIFIC = re.compile(r"(?<![0-9A-Za-z+/])[4-7][0-9a-fA-F]{23}(?![0-9A-Za-z+/])")
MTURK = re.compile(r"(?<![0-9A-Za-z_+/-])A[0-9A-Z]{11,14}(?![0-9A-Za-z_+/=-])")
EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]+@[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
)
EXAMPLE = re.compile(r"@(?:[\w-]+\.)*example(?:\.(?:org|com|net|edu))?$|\.(?:test|invalid)$", re.I)
IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)")
IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){3,7}(?![\w:.])")
VERSION_WORD = re.compile(r"(?:version|release|build|v|==|>=|<=|~=)\s*$", re.I)
PAIR = re.compile(
    r"(?<![\d.,\w-])(-?\d{1,2}\.\d{4,})\s*[,;/ ]\s*(-?\d{1,3}\.\d{4,})(?!\s*[,;]?\s*-?\d|[\w.])"
)
DEGREES = re.compile(r"\d{1,2}°\s*\d{1,2}['′]\s*(?:\d{1,2}(?:\.\d+)?[\"″]\s*)?[NS]\b")
PHONES = (
    re.compile(
        r"(?<![\w+.,-])(?:\+|00)[1-9]\d{0,2}[ ./()-]?(?:\(0\))?(?:[ ./()-]{0,2}\d){6,12}(?!\w)"
    ),
    re.compile(r"(?<![\w.-])\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?![\w-])"),
    re.compile(r"(?<![\w.,-])\(?0[1-9]\d{1,4}\)?[ /-]{1,3}\d{3,}(?:[ -]?\d{2,}){0,3}(?![\w.-])"),
)
REFERENCE = re.compile(
    r"\b10\.\d{4,9}/\S+|https?://\S+|\bISBN[\s:-]*[\dX -]+|\b(?:\d{4}-){3}\d{3}[\dX]\b", re.I
)
"""DOIs, links, ISBNs and ORCID iDs: numbers of publications and authors, as long as a phone's."""
CALLED = re.compile(
    r"\b(?:tel|phone|mobile|call me|telefon|handy|whatsapp)\b\D{0,20}(\d[\d /-]{5,}\d)", re.I
)
AGENT = re.compile(r"\bMozilla/\d\.\d \([^)]{4,}\)")
WORD = r"[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]+(?:[-'’][A-ZÀ-ÖØ-Þ]?[a-zà-öø-ÿ]+)?"
INTRODUCED = re.compile(
    r"\b(?:[Mm]y (?:first |last |full )?name is|[Mm]y name['’]s|[Mm]ein [Nn]ame ist|"
    r"[Ii]ch hei(?:ß|ss)e|[Mm]e llamo|[Jj]e m['’]appelle|[Ss]igned,?|[Rr]egards,|"
    rf"[Gg]r(?:ü|ue)(?:ß|ss)e,?|[Ll]ove,)\s+({WORD})"
)
TITLED = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Herr|Herrn|Frau)\.?\s+({WORD})")
FULL = re.compile(rf"\b({WORD})\s+(?:[A-Z]\.\s+)?({WORD})")
AFTER_GIVEN = re.compile(
    r"(?:And|Or|But|The|Is|Was|Has|Had|Will|Would|Could|Should|Can|In|On|At|To|For|From|With|By|Of|"
    r"An?|Und|Oder|Ist|War|Hat|Von|Mit|Zu|Who|Said|Says)"
)
"""Words that follow a given name without being a surname."""

Found = Iterator[tuple[str, str]]
"""Pairs of a rule and the text to which it applies."""


def platform_ids(text: str) -> Found:
    """Yield ids of recruitment services: Prolific's 24 digits, and MTurk's that begin with A."""
    for match in PROLIFIC.finditer(text):
        # An object id mixes digits and letters, so 24 decimal digits are not one.
        if re.search(r"[a-fA-F]", match[0]) and re.search(r"\d", match[0]):
            yield "platform id", match[0]
    for match in MTURK.finditer(text):
        if len(re.findall(r"\d", match[0])) >= 2 and len(re.findall(r"[A-Z]", match[0])) >= 4:
            yield "platform id", match[0]


def mail_addresses(text: str) -> Found:
    """Yield e-mail addresses, except addresses in domains reserved for examples."""
    if "@" in text:
        for match in EMAIL.finditer(text):
            if not EXAMPLE.search(match[0]):
                yield "e-mail address", match[0]


def network_addresses(text: str) -> Found:
    """Yield IP addresses, except software versions and local addresses."""
    for match in IPV4.finditer(text):
        parts = [int(part) for part in match[0].split(".")]
        is_version = VERSION_WORD.search(text[: match.start()]) or max(parts) < 10
        if max(parts) <= 255 and not is_version and _is_of_a_network(match[0]):
            yield "IP address", match[0]
    if text.count(":") >= 3:
        for match in IPV6.finditer(text):
            if _is_of_a_network(match[0]):
                yield "IP address", match[0]


def _is_of_a_network(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)


def places(text: str) -> Found:
    """Yield coordinates of a place: a latitude and a longitude with four decimals or more."""
    for match in PAIR.finditer(text):
        latitude, longitude = float(match[1]), float(match[2])
        # Two probabilities or two correlations look like a place in the Gulf of Guinea.
        is_on_earth = abs(latitude) <= 90 and abs(longitude) <= 180
        is_in_a_list = re.search(r"\d\s*[,;]\s*$", text[: match.start()])
        if is_on_earth and not is_in_a_list and (abs(latitude) > 1 or abs(longitude) > 1):
            yield "place", match[0]
    for match in DEGREES.finditer(text):
        yield "place", match[0]


def phone_numbers(text: str) -> Found:
    """Yield phone numbers as people write them. A cell that is a plain number is none."""
    if re.fullmatch(r"[-+]?\d*\.?\d*(?:[eE][-+]?\d+)?", text.strip()):
        return
    plain = REFERENCE.sub(" ", text)
    for pattern in PHONES:
        for match in pattern.finditer(plain):
            if 8 <= len(re.findall(r"\d", match[0])) <= 15 and not _is_date(match[0]):
                yield "phone number", match[0]
                return
    if called := CALLED.search(plain):
        yield "phone number", called[1]


def _is_date(text: str) -> bool:
    return re.search(r"\b(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}\b", text) is not None


def user_agents(text: str) -> Found:
    """Yield the full description that a browser gives of itself and of its device."""
    if match := AGENT.search(text):
        yield "user agent", match[0]


def introductions(text: str) -> Found:
    """Yield names that the text introduces as names, such as “my name is …”."""
    for match in INTRODUCED.finditer(text):
        yield "name", match[1]


def names(text: str) -> Found:
    """Yield names in a text that somebody wrote: introduced, titled, or given name and surname."""
    yield from introductions(text)
    for match in TITLED.finditer(text):
        yield "name", match[0]
    known = given_names()
    for match in FULL.finditer(text):
        if match[1] in known and not AFTER_GIVEN.fullmatch(match[2]):
            yield "name", match[0]


@cache
def given_names() -> frozenset[str]:
    """Return common given names of several languages."""
    path = Path(__file__).with_name("given_names.txt")
    return frozenset(path.read_text(encoding="utf-8").split())


ANYWHERE: tuple[Callable[[str], Found], ...] = (
    platform_ids,
    mail_addresses,
    network_addresses,
    places,
    phone_numbers,
    user_agents,
    introductions,
)
"""Rules for every text of every file."""
WRITTEN: tuple[Callable[[str], Found], ...] = (*ANYWHERE[:-1], names)
"""Rules for a cell of a table: whoever wrote it may have named somebody."""
