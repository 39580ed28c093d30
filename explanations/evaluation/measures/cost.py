"""What a map costs."""

import time

import torch

from explanations.evaluation.subject import Subject


def milliseconds(subject: Subject) -> dict[str, float]:
    """Of one map computed alone: of CPU time on a CPU, so that other programs do not count.

    On a GPU it is the time that passes. Methods that share a pass are cheaper together.
    """
    device = subject.pixels.device
    found = {}
    for name in subject.maps:
        started = _now(device)
        subject.setting.explained(name, subject.case.image, subject.case.predicted)
        found[name] = 1000 * (_now(device) - started)
    return found


def _now(device: torch.device) -> float:
    if device.type != "cuda":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()
