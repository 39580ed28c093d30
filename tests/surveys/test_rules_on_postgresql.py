"""Rules of the services that are tested on SQLite, played on PostgreSQL as well.

make test plays the races, which only PostgreSQL can have, and make nightly plays everything.
"""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

RULES = (
    "tests/surveys/recruitment/test_taking_part_again.py",
    "tests/surveys/services/test_changing_places.py",
    "tests/surveys/services/test_more_time_at_once.py",
    "tests/surveys/test_branching.py",
    "tests/surveys/test_distinction.py",
    "tests/surveys/test_endings.py",
    "tests/surveys/test_measured.py",
    "tests/surveys/test_quizzes.py",
    "tests/surveys/test_sessions.py",
)


@pytest.mark.postgres
@pytest.mark.nightly
@pytest.mark.parametrize("chosen", ["at_once or order_of_locks", ""])
def test_the_rules_hold_on_postgresql(postgres, tmp_path, chosen):
    environment = os.environ | {
        "DATABASE_URL": postgres.new_database(),
        "STUDY_DATA_DIR": str(tmp_path / "var"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *RULES]
    command += ["-k", chosen] if chosen else []
    played = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert played.returncode == 0, played.stdout[-5000:]
