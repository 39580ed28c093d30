import threading

import pytest
import torch

from explanations.computing.threads import SHARES, side_by_side

CPU = torch.device("cpu")


@pytest.fixture(params=[1, 2])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (7, 2), (100, 1), (1000, 64)])
def test_every_row_is_in_one_share_in_order_whatever_the_number_of_threads(threads, count, rows):
    found = side_by_side(count, rows, CPU, lambda share: list(range(share.start, share.stop)))
    assert [row for share in found for row in share] == list(range(count))
    assert len(found) <= SHARES
    assert all(len(share) % rows == 0 for share in found[:-1])


def test_each_works_alone_and_without_gradients_and_the_caller_has_its_threads_back(threads):
    here = threading.get_ident()

    def work(_):
        return torch.get_num_threads(), torch.is_grad_enabled(), threading.get_ident() == here

    assert set(side_by_side(8, 1, CPU, work)) == {(1, False, threads == 1)}
    assert torch.get_num_threads() == threads


def test_an_error_of_one_share_reaches_the_caller_who_has_its_threads_back(threads):
    def work(share):
        if share.start == 5:
            raise MemoryError
        return share.start

    with pytest.raises(MemoryError):
        side_by_side(8, 1, CPU, work)
    assert torch.get_num_threads() == threads
