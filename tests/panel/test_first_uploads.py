"""Two uploads at once make one image set, and one row of an image that both contain."""

import os
import subprocess
import sys

import psycopg
import pytest

from tests.conftest import ROOT
from tests.postgres import postgres

__all__ = ["postgres"]  # a fixture that starts a server
pytestmark = [pytest.mark.postgres, pytest.mark.nightly]


def test_two_uploads_at_once_make_one_set_and_store_an_image_once(postgres, tmp_path):
    url = postgres.new_database()
    environment = {**os.environ, "DATABASE_URL": url, "STUDY_DATA_DIR": str(tmp_path / "var")}
    command = [sys.executable, "-m", "tests.panel.first_uploads"]
    subprocess.run([*command, "prepare", str(tmp_path)], env=environment, cwd=ROOT, check=True)

    def upload(way: str, *seeds: int) -> list[str]:
        processes = [
            subprocess.Popen(
                [*command, way, str(seed)], env=environment, cwd=ROOT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
            for seed in seeds
        ]  # fmt: skip
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        return sorted(process.communicate(timeout=60)[0].strip() for process in processes)

    def images(way: str) -> dict[str, int]:
        with psycopg.connect(url) as connection:
            rows = connection.execute(
                "SELECT s.name, count(*) FROM explanations_imageset s JOIN explanations_studyimage"
                " i ON i.image_set_id = s.id WHERE i.split = 'test' AND s.name LIKE %s"
                " GROUP BY s.name",
                [f"{way}-images%"],
            )
            return dict(rows.fetchall())

    assert upload("locked", 1, 2) == ["stored", "stored"]
    assert images("locked") == {"locked-images": 2}
    assert upload("locked-images", 1, 1) == ["stored", "stored"]  # a button pressed twice
    assert images("locked-images") == {"locked-images-images": 1}
    # The controls: without the locks both look, neither finds anything, and both write.
    assert upload("unlocked", 1, 2) == ["failed", "stored"]
    assert upload("unlocked-images", 1, 1) == ["failed", "stored"]
