"""The files of deployment name only what exists, and agree with one another."""

import re
import subprocess
import sys

import pytest
from django.core.management import get_commands

from tests.conftest import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
FILES = [*UNITS, ROOT / "compose.yaml", ROOT / "Procfile", ROOT / "deploy" / "backup.sh",
         ROOT / "Dockerfile"]  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_command_that_is_started_exists(path):
    text = path.read_text()
    commands = set(re.findall(r"manage\.py\"?\s+([a-z_]+)", text))
    assert commands <= get_commands().keys(), commands
    for file in re.findall(r"(?:sh |\./)(deploy/[\w./-]+)", text):
        assert (ROOT / file).exists(), file


def test_units_name_an_account_and_write_nowhere_but_to_the_data():
    services = [path for path in UNITS if path.suffix == ".service"]
    assert len(services) == 4
    for path in services:
        text = path.read_text()
        for line in ("User=studies", "NoNewPrivileges=true", "ProtectSystem=strict"):
            assert line in text, (path.name, line)
        assert "ReadWritePaths=/srv/studies" in text
    timers = {path.stem for path in UNITS if path.suffix == ".timer"}
    assert timers <= {path.stem for path in services}


def test_the_backup_script_keeps_what_is_new_and_deletes_what_is_old(tmp_path):
    """With a manage.py that only notes how it was called."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\necho "$2" >> called\n[ "$2" = backup ] && mkdir -p "$3"\n'
                      '[ "$2" != check_integrity ] || [ ! -e broken ]\n')  # fmt: skip
    python.chmod(0o755)
    folder = tmp_path / "backups"
    old, other = folder / "2020-01-01T031000Z", folder / "by-hand"
    for path in (old, other):
        path.mkdir(parents=True)
        subprocess.run(["touch", "-d", "2020-01-01", str(path)], check=True)
    script = [str(ROOT / "deploy" / "backup.sh"), str(folder), "30"]
    (tmp_path / "broken").touch()
    assert subprocess.run(script, cwd=tmp_path, check=False).returncode != 0
    assert old.exists()  # data that do not agree delete no backup
    (tmp_path / "broken").unlink()
    subprocess.run(script, cwd=tmp_path, check=True)
    assert not old.exists()
    assert other.exists()
    assert len(list(folder.iterdir())) >= 2
    assert (tmp_path / "called").read_text().split()[:2] == ["backup", "check_integrity"]


@pytest.mark.nightly
def test_without_torch_the_web_process_starts_and_all_commands_of_a_server_load():
    """As on a server that was installed from requirements-web.lock."""
    code = (
        "import sys\n"
        "names = open('requirements-compute.txt').read()\n"
        "names = names.replace('scikit-image', 'skimage').replace('scikit-learn', 'sklearn')\n"
        "names = names.replace('^', '').replace('==', '').split()\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in names: raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "import django; django.setup()\n"
        "from django.core.management import load_command_class\n"
        "for app, name in [('surveys', 'load_study'), ('surveys', 'open_study'),\n"
        "                  ('surveys', 'import_maps'), ('surveys', 'export_study'),\n"
        "                  ('studyplatform', 'work'), ('studyplatform', 'backup'),\n"
        "                  ('studyplatform', 'run_analysis')]:\n"
        "    load_command_class(app, name)\n"
        "from django.test import Client\n"
        "from django.urls import get_resolver; get_resolver().url_patterns\n"
        "assert not [name for name in sys.modules if name.startswith('torch') "
        "and sys.modules[name] is not None]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        env={"DJANGO_SETTINGS_MODULE": "studyplatform.settings", "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
