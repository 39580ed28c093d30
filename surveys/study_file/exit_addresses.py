"""Address templates of a recruitment service: checked at loading, filled with an id alone."""

import re
from urllib.parse import quote, urlsplit

ID = "{external_id}"
MOST_CHARACTERS = 500


def problem_with(template: str, needs_id: bool = False) -> str:
    """What is wrong with a template, as the end of a sentence; empty when it can be used."""
    if len(template) > MOST_CHARACTERS or not re.fullmatch(r"[!-~]+", template):
        return f"is not an address of at most {MOST_CHARACTERS} plain characters"
    try:
        parts = urlsplit(template)
        parts.port  # noqa: B018 - raises ValueError where it is none
    except ValueError:
        return "is no address"
    if parts.scheme != "https" or not parts.hostname:
        return "does not begin with https:// and the name of a server"
    if "@" in parts.netloc or "{" in parts.netloc or "\\" in template:
        return "names its server in a way that could lead elsewhere"
    if any(brace in template.replace(ID, "") for brace in "{}"):
        return f"has braces that are not {ID}"
    if needs_id and ID not in template:
        return f"does not say where the person's id goes: write {ID} in its place"
    return ""


def fill(template: str, external_id: str) -> str:
    """The address with the person's id in it; the server that it leads to is the template's."""
    return template.replace(ID, quote(external_id, safe=""))
