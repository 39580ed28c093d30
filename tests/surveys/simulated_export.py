"""A study that is drawn, simulated and exported in a process of its own.

python -m tests.surveys.simulated_export FOLDER    into the database of DATABASE_URL
"""

import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
django.setup()


from surveys.export.writing import export_study  # noqa: E402
from surveys.simulation.profile import load  # noqa: E402
from surveys.simulation.run import simulate  # noqa: E402
from tests.migrated import migrate  # noqa: E402
from tests.surveys.drawn import drawn_study  # noqa: E402


def main(folder: Path) -> None:
    migrate()
    study = drawn_study(folder)
    simulate(study=study, number=8, seed=3, profile=load("mixed"))
    export_study(study=study, output=folder / "export", simulated="only")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
