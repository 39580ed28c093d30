import subprocess
import sys

import pytest

from tests.conftest import ROOT

MODULES = (
    "models", "admin", "catalogue", "rendering.layers", "rendering.outlines", "store.artefacts",
    "pipeline.pictures", "pipeline.data_folder", "pipeline.weights_registry",
    "pipeline.image_import", "management.commands.import_images",
)  # fmt: skip
CODE = """
import sys, importlib, django
django.setup()
for module in {modules!r}:
    importlib.import_module("explanations." + module)
heavy = {{"torch", "captum", "shap", "lime", "skimage", "sklearn", "matplotlib"}}
print(sorted(heavy & set(sys.modules)))
"""


def loaded(*modules):
    result = subprocess.run(
        [sys.executable, "-c", CODE.format(modules=modules)], capture_output=True, text=True,
        cwd=ROOT, env={"DJANGO_SETTINGS_MODULE": "studyplatform.settings", "PATH": ""},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_the_modules_of_the_web_process_load_no_torch():
    assert loaded(*MODULES) == "[]"


@pytest.mark.nightly
def test_the_check_would_notice_torch():
    assert "torch" in loaded("classifier.network")
