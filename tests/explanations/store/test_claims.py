import os
import signal
from functools import partial

import pytest

from explanations.store.claims import Claims

KEYS = [f"{number:064x}" for number in (1 << 200, 2 << 200, 3 << 200, (1 << 256) - 1)]


@pytest.fixture
def other(tmp_path, other_claims):
    """Another process that claims in the test's folder."""
    return partial(other_claims, tmp_path)


def test_what_one_process_claims_another_cannot(tmp_path, other):
    with Claims(tmp_path) as claims:
        assert claims.take(KEYS[:2])
        assert other(KEYS[1:3])[0] is False
        assert other(KEYS[2:])[0] is True, "and the refused one has given back what it had"
        assert not claims.take([KEYS[2]])
        assert (tmp_path / "claims.lock").stat().st_size == 0


def test_what_is_given_back_can_be_claimed(tmp_path, other):
    with Claims(tmp_path) as claims:
        assert claims.take(KEYS)
        claims.release(KEYS[:1])
        assert other(KEYS[:1])[0] is True


def test_the_claims_of_a_killed_process_are_free(tmp_path, other):
    taken, process = other(KEYS)
    assert taken
    with Claims(tmp_path) as claims:
        assert not claims.take(KEYS)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert claims.take(KEYS)
