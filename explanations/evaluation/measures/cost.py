"""Cost of a map."""

import time

import torch

from explanations.evaluation.subject import Subject


def milliseconds(subject: Subject) -> dict[str, float]:
    """Measure the time of a map that is computed alone, by map.

    On a CPU it is CPU time, so that other programs do not count; on a GPU it is elapsed time.
    Methods that share a pass are cheaper together.
    """
    device = subject.pixels.device
    # Work that is done only once, such as recording DeepSHAP's background, is not a map's cost.
    subject.setting.last("warm", True, lambda: _explain_all(subject))
    times = {}
    for name in subject.maps:
        started = _now(device)
        subject.setting.explained(name, subject.case.image, subject.case.predicted)
        times[name] = 1000 * (_now(device) - started)
    return times


def _explain_all(subject: Subject) -> None:
    for name in subject.maps:
        subject.setting.explained(name, subject.case.image, subject.case.predicted)


def _now(device: torch.device) -> float:
    if device.type != "cuda":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()
