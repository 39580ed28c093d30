"""What decides whether a confirmed page was lost, with a control for each kind of fault (R1)."""

import pytest

from tests.reliability.checking import compare
from tests.reliability.crowd import Acknowledged

CONFIRMED = [
    Acknowledged("ann", "before", {"use": "1"}),
    Acknowledged("ann", "trial:1", {"decision": "boat"}),
    Acknowledged("bob", "before", {"use": "2"}),
]
STORED = [[page.code, page.step, page.answers] for page in CONFIRMED]


def test_pages_that_are_stored_as_confirmed_pass():
    assert compare(CONFIRMED, STORED).none
    # A page may be stored without its confirmation having arrived.
    assert compare(CONFIRMED[1:], STORED).none


@pytest.mark.parametrize(
    ("stored", "kind"),
    [
        (STORED[1:], "lost"),
        ([["bob", "before", {"use": "1"}], *STORED[1:]], "lost"),
        ([["ann", "before", {"use": "2"}], *STORED[1:]], "wrong"),
        ([["ann", "before", {}], *STORED[1:]], "wrong"),
        ([*STORED, STORED[0]], "doubled"),
    ],
)
def test_a_page_that_is_lost_or_wrong_or_doubled_is_found(stored, kind):
    found = compare(CONFIRMED, stored)
    assert getattr(found, kind)
    assert not found.none
