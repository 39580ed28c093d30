import pytest
import torch

from explanations.computing import memory
from explanations.computing.memory import Budget, OutOfMemoryError, in_chunks

ERRORS = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried …"),
    RuntimeError("not enough memory: you tried to allocate 3 bytes"),
]


def limited(most: int, error: Exception, done: list[int]):
    def work(rows: slice) -> None:
        if rows.stop - rows.start > most:
            raise error
        done.extend(range(rows.start, rows.stop))

    return work


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_piece_that_is_too_large_is_halved_and_every_row_is_done_once(error):
    done: list[int] = []
    assert in_chunks(37, 16, limited(4, error, done)) == 4
    assert done == list(range(37))


def test_not_even_one_row_is_said_with_the_cure():
    with pytest.raises(OutOfMemoryError, match="Close other programs"):
        in_chunks(3, 2, limited(0, MemoryError(), []))


def test_another_error_is_not_taken_for_a_lack_of_memory():
    with pytest.raises(RuntimeError, match="shapes"):
        in_chunks(3, 2, limited(0, RuntimeError("shapes do not fit"), []))


def test_what_fits_the_cache_goes_together_and_less_when_memory_is_short(monkeypatch):
    budget = Budget(torch.device("cpu"))
    assert budget.rows(1 << 18) == memory.CACHE_BYTES >> 18
    assert budget.rows(1 << 40) == 1
    monkeypatch.setattr(Budget, "free_bytes", lambda _: 8 << 20)
    assert budget.rows(1 << 18) == 4
    assert budget.rows(3 << 17) == 2, "a power of two"


def test_a_forward_pass_takes_several_rows_of_a_large_network_if_they_fit_memory(monkeypatch):
    budget = Budget(torch.device("cpu"))
    assert budget.forward_rows(3 << 20) == memory.LEAST_ROWS > budget.rows(3 << 20)
    assert budget.forward_rows(1 << 10) == budget.rows(1 << 10) > memory.LEAST_ROWS
    monkeypatch.setattr(Budget, "free_bytes", lambda self: 50 << 20)
    assert budget.forward_rows(3 << 20) == 2
    assert budget.forward_rows(60 << 20) == 1


def test_the_free_memory_is_read_from_the_machine():
    assert 1 << 26 < Budget(torch.device("cpu")).free_bytes() < 1 << 50
