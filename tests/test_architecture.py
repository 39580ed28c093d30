"""The rules of the house, as tests."""

import re
import subprocess
import sys

import pytest
from importlinter.cli import lint_imports

from tests.conftest import ROOT

PACKAGES = ("studyplatform", "explanations", "surveys", "analysis")
SOURCES = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
HEAVY = (
    "torch", "torchvision", "captum", "shap", "lime", "llvmlite", "sklearn", "skimage", "pandas",
)  # fmt: skip

WEB_PROCESS = """
import sys
import django
from django.conf import settings
django.setup()
from django.urls import get_resolver
from django.contrib import admin
get_resolver().url_patterns
admin.site.get_urls()
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
{extra}
print(" ".join(name for name in {heavy!r} if name in sys.modules))
"""


def loaded_by_the_web_process(extra: str = "") -> list[str]:
    code = WEB_PROCESS.format(extra=extra, heavy=HEAVY)
    environment = {
        "DJANGO_SETTINGS_MODULE": "studyplatform.settings", "PATH": "", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_the_web_process_loads_no_torch_no_explanation_library_and_no_pandas():
    assert loaded_by_the_web_process() == []


@pytest.mark.nightly
def test_that_check_would_notice_torch():
    assert "torch" in loaded_by_the_web_process("import torch")


def test_imports_go_one_way(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == 0


def test_nothing_reads_a_pickle():
    pattern = re.compile(
        r"\b(pickle|joblib|cloudpickle|dill|marshal)\b\.?(load|Unpickler)|torch\.load\("
    )
    # The message with which other formats are refused shows how to convert them elsewhere.
    shown = "pickled = \"torch.load('{}', map_location='cpu', weights_only=True)\""
    found = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if pattern.search(path.read_text().replace(shown, ""))
    ]
    assert found == []


def test_the_settings_alone_read_the_environment():
    allowed = {ROOT / "studyplatform" / "environment.py", ROOT / "studyplatform" / "wsgi.py"}
    found = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path not in allowed and re.search(r"os\.(environ|getenv)", path.read_text())
    ]
    assert found == []


def test_every_setting_of_the_environment_is_documented():
    settings = (ROOT / "studyplatform" / "settings.py").read_text()
    used = set(re.findall(r'environment\.\w+\(\s*"([A-Z_]+)"', settings))
    documented = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert used == documented
    assert "STUDY_SECRET_KEY" in used


@pytest.mark.parametrize("setting", ["", "1"])
def test_a_server_without_a_secret_key_does_not_start(setting):
    result = subprocess.run(
        [sys.executable, "manage.py", "check"], capture_output=True, text=True, cwd=ROOT,
        env={"STUDY_DEBUG": "0", "STUDY_SECRET_KEY": setting and "a-secret", "PATH": ""},
    )  # fmt: skip
    assert (result.returncode == 0) == bool(setting)
    if not setting:
        assert "STUDY_SECRET_KEY is empty" in result.stderr


def test_requirements_are_exact_pins_with_a_matching_torch_and_torchvision():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert {"Django", "torch", "torchvision", "captum", "shap", "lime"} <= pins.keys()
    # torch 2.N goes with torchvision 0.(N + 15).
    assert int(pins["torchvision"].split(".")[1]) == int(pins["torch"].split(".")[1]) + 15
