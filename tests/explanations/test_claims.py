import multiprocessing
import os
import signal

import pytest

from explanations.claims import Claims

KEYS = [f"{number:064x}" for number in (1 << 200, 2 << 200, 3 << 200, (1 << 256) - 1)]
context = multiprocessing.get_context("spawn")


def claim(folder, keys, line):
    """In another process: claim, answer, hold until told."""
    claims = Claims(folder)
    line.send(claims.take(keys))
    line.recv()


@pytest.fixture
def other(tmp_path):
    """Another process that claims; ended with the test."""
    begun = []

    def begin(keys):
        line, its_end = context.Pipe()
        process = context.Process(target=claim, args=(tmp_path, keys, its_end))
        process.start()
        begun.append((process, line))
        assert line.poll(30)
        return line.recv(), process

    yield begin
    for process, line in begun:
        if process.is_alive():
            line.send("enough")
        process.join(30)


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
