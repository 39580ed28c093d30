"""Synthetic participants, with the code of simulate_participants."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext

from studyplatform.jobs.queue import save_checkpoint
from studyplatform.jobs.work import Done, RefusedError, Work
from surveys.simulation.profile import Profile, load
from surveys.simulation.run import Simulated, SimulationError, people_before, taking_part

SECONDS_FOR_OTHERS = 0.05  # those who wait look for the lock at least every 0.1 s


def run(work: Work) -> Done:
    """Let people take part, each in one transaction with the note of it.

    A killed attempt leaves nobody half-way, and the next one begins with the next person.
    """
    arguments = work.arguments
    number = int(arguments["number"])
    checkpoint = dict(work.checkpoint) or _first_checkpoint(work)
    ends: list[str] = list(checkpoint["ends"])
    try:
        with taking_part(
            study=work.study,
            number=number - len(ends),
            seed=arguments["seed"],
            profile=_profile(arguments),
            first=checkpoint["first"] + len(ends),
        ) as people:
            while len(ends) < number:
                with transaction.atomic():
                    end = str(next(people))
                    save_checkpoint(work.lease, {**checkpoint, "ends": [*ends, end]})
                ends.append(end)
                _let_others_write()
                work.progress(len(ends), number, gettext("people"))
    except SimulationError as error:
        raise RefusedError(str(error)) from error
    return Done(str(Simulated.of(ends)), {"study_file_sha256": work.study.source_sha256})


def _profile(arguments: Mapping[str, Any]) -> Profile:
    """Return the profile, whose people have the chosen styles in equal shares."""
    profile, styles = load(arguments["profile"]), arguments.get("styles") or ()
    if not styles:
        return profile
    return replace(profile, styles={style: 1 / len(styles) for style in styles})


def _let_others_write() -> None:
    """Leave SQLite's only lock open for a moment: it is given to no queue, so that a program that
    takes it again at once shuts out participants."""
    if connection.vendor == "sqlite":
        time.sleep(SECONDS_FOR_OTHERS)


def _first_checkpoint(work: Work) -> Mapping[str, Any]:
    checkpoint = {"first": people_before(work.study), "ends": []}
    save_checkpoint(work.lease, checkpoint)
    return checkpoint
