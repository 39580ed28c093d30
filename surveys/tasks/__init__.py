"""The tasks: images shown and questions asked in a trial. A new task needs a file and a line in
TASKS.
"""

from surveys.tasks import (
    agreement,
    classify,
    decide,
    distinction,
    forward_simulation,
    judge_advisor,
    preference,
    uncover,
)
from surveys.tasks.base import Stage, Task

__all__ = ["TASKS", "Stage", "Task", "get"]

TASKS: tuple[Task, ...] = (
    decide.TASK,
    classify.TASK,
    judge_advisor.TASK,
    forward_simulation.TASK,
    agreement.TASK,
    distinction.TASK,
    preference.TASK,
    uncover.TASK,
)


def get(key: str) -> Task:
    """Return the task with this key.

    Raises KeyError for an unknown key.
    """
    return {task.key: task for task in TASKS}[key]
