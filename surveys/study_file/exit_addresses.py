"""URL templates of a recruitment service, which are checked at loading and filled only with an
id.
"""

import re
from urllib.parse import quote, urlsplit

ID = "{external_id}"
MOST_CHARACTERS = 500


def problem_with(template: str, needs_id: bool = False) -> str:
    """Return the problem of a template as the end of a sentence. Empty if it can be used."""
    if len(template) > MOST_CHARACTERS or not re.fullmatch(r"[!-~]+", template):
        return f"is not a URL of at most {MOST_CHARACTERS} plain characters"
    try:
        parts = urlsplit(template)
        parts.port  # noqa: B018 - raises ValueError where it is none
    except ValueError:
        return "is not a URL"
    if parts.scheme != "https" or not parts.hostname:
        return "does not begin with https:// and the name of a server"
    if "@" in parts.netloc or "{" in parts.netloc or "\\" in template:
        return "names its server in a way that could lead elsewhere"
    if any(brace in template.replace(ID, "") for brace in "{}"):
        return f"has braces that are not {ID}"
    if needs_id and ID not in template:
        return f"does not contain the person's id: write {ID} in its place"
    return ""


def fill(template: str, external_id: str) -> str:
    """Return the URL with the person's id in it. The server is always the template's."""
    return template.replace(ID, quote(external_id, safe=""))
