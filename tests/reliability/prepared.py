"""The study that a crowd goes through, and what the database holds of it afterwards.

    python -m tests.reliability.prepared make FOLDER PLACES
    python -m tests.reliability.prepared stored

Both work on the database of DATABASE_URL, in a process of their own.
"""

import json
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
django.setup()

from surveys.models import Event, Submission  # noqa: E402
from surveys.services.integrity import problems  # noqa: E402
from tests.migrated import migrate  # noqa: E402
from tests.reliability.crowd import SLUG  # noqa: E402
from tests.surveys.drawn import drawn_study  # noqa: E402


def make(folder: Path, places: int) -> None:
    """Migrate the database, and open a study of nine pages in it."""
    migrate()
    drawn_study(folder, slug=SLUG, places=places)


def stored() -> dict[str, object]:
    """Return every stored page as [participant's code, step, answers], and what disagrees."""
    pages = Submission.objects.select_related("participant").prefetch_related("answers")
    return {
        "pages": [
            [page.participant.code, page.step,
             {answer.item: answer.value for answer in page.answers.all()}]
            for page in pages
        ],
        "replays": Event.objects.filter(kind="replayed").count(),
        "problems": list(problems()),
    }  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        print(json.dumps(stored()))
