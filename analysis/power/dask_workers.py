"""Workers of a Dask cluster, which simulate studies as this process does."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from analysis.power.assumptions import PlanningError

SECONDS_TO_CONNECT = 60


@contextmanager
def dask_executor(address: str, seconds: float = SECONDS_TO_CONNECT) -> Iterator[Executor]:
    """Open an executor over the workers of the scheduler at `address`.

    Raises PlanningError if no scheduler answers, it has no worker, or it is lost.
    """
    # Loading Dask takes longer than a small simulation, which needs no cluster.
    from distributed import Client, KilledWorker

    try:
        client = Client(address, timeout=seconds)
    except (OSError, TimeoutError, ValueError) as error:
        raise PlanningError(
            [
                f"No Dask scheduler answers at {address} ({error}). Start it with 'dask scheduler' "
                "and give the address that it prints: --scheduler tcp://HOST:8786"
            ]
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=seconds)
        except TimeoutError as error:
            raise PlanningError(
                [
                    f"The scheduler has no worker after {seconds:g} seconds. Start workers from "
                    "the project's folder: dask worker ADDRESS --nthreads 1"
                ]
            ) from error
        executor = client.get_executor(pure=False)
        try:
            yield executor
        except (OSError, KilledWorker) as error:
            raise PlanningError(
                [
                    f"The Dask workers were lost ({error}). Every finished set of runs is kept. "
                    "Repeat the command when the scheduler has workers again."
                ]
            ) from error
