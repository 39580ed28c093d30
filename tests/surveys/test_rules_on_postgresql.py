"""Rules of the services that are tested on SQLite, played on PostgreSQL as well.

A rule belongs here if it depends on what the databases do differently: locks, constraints, the
order of rows, times, or if people met the fault that it forbids. make nightly plays them all; the
races of make test are in test_parallel_arrivals.
"""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

RULES = (
    "tests/browser/test_keeping.py",
    "tests/browser/test_sending.py",
    "tests/surveys/pages/test_form_fields.py",
    "tests/surveys/recruitment/test_arriving.py",
    "tests/surveys/recruitment/test_laboratory.py",
    "tests/surveys/recruitment/test_taking_part_again.py",
    "tests/surveys/services/test_changing_places.py",
    "tests/surveys/services/test_more_time_at_once.py",
    "tests/surveys/study_checks/test_costs.py",
    "tests/surveys/test_arms_differ_by_the_map.py",
    "tests/surveys/test_branching.py",
    "tests/surveys/test_consent.py",
    "tests/surveys/test_distinction.py",
    "tests/surveys/test_endings.py",
    "tests/surveys/test_image_pools.py",
    "tests/surveys/test_leaving.py",
    "tests/surveys/test_measured.py",
    "tests/surveys/test_preference.py",
    "tests/surveys/test_quizzes.py",
    "tests/surveys/test_rate_limit.py",
    "tests/surveys/test_sessions.py",
)


@pytest.mark.postgres
@pytest.mark.nightly
def test_the_rules_hold_on_postgresql(postgres, tmp_path):
    environment = os.environ | {
        "DATABASE_URL": postgres.new_database(),
        "STUDY_DATA_DIR": str(tmp_path / "var"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *RULES]
    played = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert played.returncode == 0, played.stdout[-5000:]
