"""manage.py demo: both studies, from an empty data folder, and again."""

import io
import os
import subprocess
import sys

import pytest
from django.core.management.base import CommandError

from studyplatform.management.commands import demo
from tests.conftest import ROOT


def _command(tmp_path, monkeypatch, program):
    script = tmp_path / "manage.py"
    script.write_text(program, encoding="utf-8")
    monkeypatch.setattr(demo, "MANAGE", str(script))
    return demo.Command(stdout=io.StringIO())


def test_what_the_second_study_says_follows_the_first(tmp_path, monkeypatch):
    command = _command(tmp_path, monkeypatch, "import sys; print(sys.argv[1:])")
    with command._meanwhile("residual"):
        command.stdout.write("Analysis …")
    lines = command.stdout.getvalue().splitlines()
    assert lines[0] == "Analysis …"
    assert lines[2] == "['demo', '--only', 'residual']"


def test_a_second_study_that_fails_fails_the_demo(tmp_path, monkeypatch):
    command = _command(tmp_path, monkeypatch, "import sys; sys.exit('The disk is full.')")
    with (
        pytest.raises(CommandError, match="'residual' could not be prepared"),
        command._meanwhile("residual"),
    ):
        pass
    assert "The disk is full." in command.stdout.getvalue()


def test_a_demo_that_stops_stops_the_second_study_too(tmp_path, monkeypatch):
    program = (
        f"import pathlib, time; time.sleep(20); pathlib.Path({str(tmp_path / 'late')!r}).touch()"
    )
    command = _command(tmp_path, monkeypatch, program)
    with pytest.raises(KeyboardInterrupt), command._meanwhile("residual"):
        raise KeyboardInterrupt
    assert not (tmp_path / "late").exists()


@pytest.mark.nightly
def test_the_demo_is_ready_and_a_second_run_only_looks(tmp_path):
    def run():
        return subprocess.run(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, capture_output=True, text=True,
            env={**os.environ, "STUDY_DATA_DIR": str(tmp_path), "STUDY_DEBUG": "1",
                 "DATABASE_URL": f"sqlite:///{tmp_path / 'demo.sqlite3'}"},
        )  # fmt: skip

    first, second = run(), run()
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "52 maps computed" in first.stdout
    assert "140 simulated participants" in first.stdout
    report = tmp_path / "reports" / "demo" / "report.html"
    assert report.is_file()
    assert "The demo studies are ready." in second.stdout
    assert "0 maps computed" in second.stdout
    assert "simulated participants" not in second.stdout
