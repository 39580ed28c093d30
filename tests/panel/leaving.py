"""A process of its own in which an owner leaves a study: ``prepare``, or how and who.

The way "locked" is the panel's own; "unlocked" looks for other owners without the lock.
"""

import os
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402

from studyplatform.models import StudyMember  # noqa: E402
from studyplatform.panel import members  # noqa: E402
from surveys.models import Study  # noqa: E402
from tests.migrated import migrate  # noqa: E402

OWNERS = ("anna", "ben")
BOTH = {"make_changes": True, "see_data": True, "owner": True}


def prepare(folder: str) -> None:
    from tests.surveys import factories

    migrate()
    for way in ("locked", "unlocked"):
        study = factories.draft_study(Path(folder), slug=way)
        for name in OWNERS:
            user, _ = User.objects.get_or_create(username=name)
            StudyMember.objects.create(study=study, user=user, **BOTH)


def leave(way: str, name: str) -> str:
    """Leave the study, a moment after looking whether somebody else owns it."""
    member = StudyMember.objects.get(study__slug=way, user__username=name)
    delete = StudyMember.delete

    def slowly(row: StudyMember) -> None:
        time.sleep(0.5)
        delete(row)

    without = patch.object(Study.objects, "select_for_update", Study.objects.all)
    with (
        patch.object(StudyMember, "delete", slowly),
        without if way == "unlocked" else nullcontext(),
    ):
        try:
            members.remove(member)
        except members.LastOwnerError:
            return "stays"
    return "left"


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2])
    else:
        print("ready", flush=True)
        sys.stdin.readline()  # until the test says go
        print(leave(sys.argv[1], sys.argv[2]))
