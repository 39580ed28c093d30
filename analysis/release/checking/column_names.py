"""Columns whose names say that they identify people or describe them."""

import re

from analysis.release.checking.patterns import given_names

IDENTIFYING = {
    "an id of a recruitment service": (
        "prolific", "prolific id", "prolific pid", "pid prolific", "worker id", "workerid",
        "mturk id", "mturk worker id", "assignment id", "hit id", "sona", "sona id", "sona code",
        "survey code", "external id", "connect id", "cloudresearch id", "panel id", "rid",
        "prolific session id", "session id prolific", "matrikelnummer", "student id",
    ),
    "a completion code": ("completion code", "confirmation code", "reward code"),
    "an e-mail address": ("email", "e mail", "mail", "email address", "recipient email"),
    "an IP address": ("ip", "ip address", "ipaddress", "remote addr", "client ip"),
    "a name": (
        "first name", "firstname", "last name", "lastname", "surname", "full name", "fullname",
        "vorname", "nachname", "recipient first name", "recipient last name", "participant name",
    ),
    "a phone number": ("phone", "phone number", "telephone", "telefon", "mobile number"),
    "a date of birth": ("dob", "birth date", "birthdate", "date of birth", "birthday",
                        "geburtsdatum"),
    "an address": ("address", "street", "home address", "postal address", "anschrift"),
    "a place": (
        "latitude", "longitude", "location latitude", "location longitude", "gps", "lat", "lng",
        "lon", "coordinates",
    ),
}  # fmt: skip
"""Names of columns, in lower case with single spaces, by what the columns contain."""
DESCRIBING = (
    "age", "age band", "age group", "birth year", "year of birth", "alter", "gender", "sex",
    "geschlecht", "nationality", "country", "country of birth", "country of residence", "ethnicity",
    "ethnicity simplified", "race", "education", "bildung", "degree", "occupation", "job",
    "profession", "beruf", "employment", "employment status", "student status", "marital status",
    "religion", "income", "postcode", "postal code", "zip", "zip code", "plz", "city", "region",
    "native language", "mother tongue", "first language", "handedness", "disability",
)  # fmt: skip
"""Names of quasi-identifiers: columns that many people share, but that together name one."""
PEOPLE = (
    "participant", "participant id", "subject", "subject id", "id", "person", "person id",
    "respondent", "user", "user id", "pid", "p id", "vp", "vpn", "case", "response id", "subj",
    "participant nr", "participant number", "subject nr", "subject number", "ppt", "ppn", "uid",
    "uuid", "run id", "release id",
)  # fmt: skip
_KIND = {name: kind for kind, names in IDENTIFYING.items() for name in names}


def normalised(name: str) -> str:
    """Return a column's name as lower-case words: PROLIFIC_PID and ProlificPid are prolific pid."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[^0-9a-zA-Zäöüß]+", " ", split).lower().split())


def identifying(name: str, values: list[str]) -> str:
    """Return what an identifying column contains, such as “an IP address”, else an empty text."""
    words = normalised(name)
    kind = _KIND.get(words, "")
    if kind == "a place" and not any(re.fullmatch(r"-?\d{1,3}[.,]\d{3,}", v) for v in values):
        return ""  # lon may be anything; a place has coordinates
    if words in ("name", "names", "participant") and _are_names(values):
        return "a name"
    return kind


def describes_people(name: str) -> bool:
    """Return whether a column of this name is a quasi-identifier."""
    words = normalised(name)
    return words in DESCRIBING or re.sub(r"^(?:q\d+|demographics?|demo) ", "", words) in DESCRIBING


def names_people(name: str) -> bool:
    """Return whether a column of this name tells participants apart."""
    return normalised(name) in PEOPLE


def _are_names(values: list[str]) -> bool:
    """Return whether most of the values begin with a common given name."""
    named = [value for value in values if value.split() and value.split()[0] in given_names()]
    return bool(values) and len(named) * 2 > len(values)
