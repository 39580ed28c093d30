"""Tasks that run at once, each in a thread and on a connection of its own."""

from collections.abc import Callable
from threading import Barrier, Thread

from django.db import connections


def race(*tasks: Callable[[], object]) -> list[object]:
    """What each task, in a thread of its own, gives or raises."""
    outcomes: list[object] = [None] * len(tasks)
    start = Barrier(len(tasks))

    def run(number: int) -> None:
        start.wait()
        try:
            outcomes[number] = tasks[number]()
        except Exception as error:
            outcomes[number] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(number,)) for number in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
