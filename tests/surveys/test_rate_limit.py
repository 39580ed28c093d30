"""A program that begins over and over leaves room for a laboratory behind one address."""

from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from studyplatform.accounts.throttle import Limit, allows
from surveys.models import AllocationSlot, Participant, Study
from surveys.models.arrival_count import ArrivalCount
from surveys.web import rate_limit, signed_links
from surveys.web.client_address import client_network
from tests.surveys.drawn import drawn_study

LABORATORY = "198.51.100.7"
PROGRAM = "203.0.113.9"


@pytest.fixture
def drawn(db, tmp_path, settings) -> Study:
    settings.ARRIVALS_PER_MINUTE = 100
    return drawn_study(tmp_path)


@pytest.fixture
def clock(monkeypatch):
    """The time of day, which moves only when a test moves it."""
    clock = SimpleNamespace(now=timezone.now())
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


def consents(study: Study, number: int, address: str = PROGRAM) -> Counter[int]:
    """Consent so often from the address, or from so many addresses if it has a gap."""
    answers: Counter[int] = Counter()
    for count in range(number):
        key = signed_links.new_arrival_key(study)
        sender = Client(REMOTE_ADDR=address.format(count))
        answers[sender.post("/s/drawn/", {"arrival_key": key}).status_code] += 1
    return answers


def test_a_laboratory_comes_in_after_a_program(drawn, clock):
    assert consents(drawn, 70) == {303: 60, 429: 10}
    assert consents(drawn, 30, LABORATORY) == {303: 30}
    assert not AllocationSlot.objects.exists()


@pytest.mark.nightly
def test_without_a_limit_per_address_the_program_keeps_the_laboratory_out(
    drawn, clock, monkeypatch
):
    """Control."""
    monkeypatch.setattr(rate_limit, "address_limits", tuple)
    monkeypatch.setattr(rate_limit, "network_limits", tuple)
    assert consents(drawn, 100) == {303: 100}
    assert consents(drawn, 3, LABORATORY) == {429: 3}


@pytest.mark.nightly
def test_many_addresses_of_one_network_have_a_limit_together(drawn, clock):
    assert consents(drawn, 77, "203.0.113.{}") == {303: 75, 429: 2}


def test_one_address_cannot_go_on_for_an_hour(drawn, clock, settings):
    settings.ARRIVALS_PER_MINUTE = 10_000
    limits = rate_limit.address_limits()
    assert [limit.arrivals for limit in limits] == [5000, 15_000]
    small = rate_limit.Limit("small", 2, timedelta(hours=1))
    assert [rate_limit._allows(small, "a") for _ in range(3)] == [True, True, False]
    clock.now += timedelta(hours=1, seconds=1)
    assert rate_limit._allows(small, "a")


@pytest.mark.nightly  # by day, a clock set back does not lock out of the sign-in
@pytest.mark.parametrize("hours", [1, 24])
def test_a_clock_that_was_set_back_refuses_nobody(drawn, clock, hours):
    assert consents(drawn, 60) == {303: 60}
    assert consents(drawn, 41, LABORATORY) == {303: 40, 429: 1}
    clock.now -= timedelta(hours=hours)
    assert consents(drawn, 2, LABORATORY) == {303: 2}
    assert Participant.objects.count() == 102


def test_a_clock_that_was_set_back_does_not_lock_out_of_the_sign_in(db, clock):
    limit = Limit("password", 1, timedelta(minutes=15))
    assert [allows(limit, "ann") for _ in range(2)] == [True, False]
    clock.now -= timedelta(minutes=5)
    assert allows(limit, "ann")


def test_addresses_are_stored_as_hashes_alone_and_only_for_a_day(drawn, clock):
    consents(drawn, 1)
    keys = list(ArrivalCount.objects.values_list("key", flat=True))
    assert len(keys) == 4
    assert all(len(key) == 64 and PROGRAM not in key for key in keys)
    clock.now += timedelta(days=2)
    consents(drawn, 1)
    assert not ArrivalCount.objects.filter(key__in=keys).exists()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("a proxy's word", "a proxy's word"),
    ],
)
def test_the_network_is_that_of_one_organisation(rf, address, network):
    assert client_network(rf.get("/", REMOTE_ADDR=address)) == network
