"""An export reads one moment of SQLite, and keeps nobody's answer from being stored meanwhile."""

import json
import os
import subprocess
import sys

from tests.conftest import ROOT

SCRIPT = """
import json, sqlite3, sys
import django
django.setup()
from django.db import connection, transaction
from surveys.export.writing import _one_moment

with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE answer (value)")

def stored_meanwhile(moment):
    other = sqlite3.connect(sys.argv[1], timeout=0)
    with moment(), connection.cursor() as cursor:
        before = cursor.execute("SELECT count(*) FROM answer").fetchone()
        try:
            with other:
                other.execute("INSERT INTO answer VALUES (1)")
        except sqlite3.OperationalError as error:
            return str(error)
        after = cursor.execute("SELECT count(*) FROM answer").fetchone()
    return "stored, unseen" if before == after else "stored, seen"

print(json.dumps([stored_meanwhile(_one_moment), stored_meanwhile(transaction.atomic)]))
"""


def test_answers_are_stored_while_an_export_reads_and_it_does_not_see_them(tmp_path):
    file = tmp_path / "db.sqlite3"
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(file)], cwd=ROOT, capture_output=True, text=True,
        check=False,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{file}", "STUDY_DATA_DIR": str(tmp_path),
             "DJANGO_SETTINGS_MODULE": "studyplatform.settings"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    # The control: the transaction that writers take locks the others out.
    assert json.loads(result.stdout) == ["stored, unseen", "database is locked"]
