"""The personal links to a later session, for whoever invites or reminds people.

The list lets its readers answer in people's names.
"""

from collections.abc import Collection
from typing import Any

from django.urls import reverse

from surveys.models import Study
from surveys.services.sessions import invitations

STATES = ("waiting", "open", "begun", "completed", "stopped", "missed")
COLUMNS = ("participant", "external_id", "session", "state", "opens_at", "closes_at", "link")


def link_rows(
    study: Study,
    session: str,
    address: str,
    *,
    states: Collection[str] = STATES,
    simulated: bool = False,
) -> list[tuple[Any, ...]]:
    """Return a row of COLUMNS for each person whose session is in one of the states.

    ``address`` is that of the server, such as https://a.org.
    """
    return [
        (
            one.participant,
            one.external_id,
            one.session,
            one.state,
            one.opens_at,
            one.closes_at,
            address.rstrip("/") + reverse("next-session", kwargs={"code": one.code}),
        )
        for one in invitations(study, session, simulated=simulated)
        if one.state in states
    ]
