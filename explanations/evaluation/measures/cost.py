"""What a map costs."""

import time

import torch

from explanations.evaluation.subject import Subject


def milliseconds(subject: Subject) -> dict[str, float]:
    """Of one map computed alone: of CPU time on a CPU, so that other programs do not count.

    On a GPU it is the time that passes. Methods that share a pass are cheaper together.
    """
    device = subject.pixels.device
    # What is made once, such as DeepSHAP's recorded background, is not a map's cost.
    subject.setting.last("warm", True, lambda: _explain_all(subject))
    found = {}
    for name in subject.maps:
        started = _now(device)
        subject.setting.explained(name, subject.case.image, subject.case.predicted)
        found[name] = 1000 * (_now(device) - started)
    return found


def _explain_all(subject: Subject) -> None:
    for name in subject.maps:
        subject.setting.explained(name, subject.case.image, subject.case.predicted)


def _now(device: torch.device) -> float:
    if device.type != "cuda":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()
