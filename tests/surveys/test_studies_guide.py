"""The guide for researchers: its example is a study, and nothing to be declared is left out."""

import re
from dataclasses import fields

import pytest

from explanations import catalogue
from surveys import tasks
from surveys.study_checks import loading
from surveys.study_file.declaration import Images, Pages, StudyFile
from surveys.study_file.parts import PARTS
from surveys.study_file.parts.trials import TrialsPart
from tests.conftest import ROOT

GUIDE = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
TABLES = {field.name for field in fields(StudyFile)} - {"weights", "translations"}


def test_the_whole_study_of_the_guide_can_be_loaded():
    (text,) = re.findall(r"```toml\n(slug.*?)```", GUIDE, re.DOTALL)
    study = loading.parse(text)
    assert [part.key for part in study.parts] == [
        *("ai-experience-v2", "instructions", "quiz", "practice", "trials", "trust-v1")
    ]


@pytest.mark.parametrize(
    "name",
    sorted(
        TABLES
        | PARTS.keys()
        | {task.key for task in tasks.TASKS}
        | {method.key for method in catalogue.METHODS}
        | {field.name for field in (*fields(Images), *fields(Pages), *fields(TrialsPart))}
    ),
)
def test_whatever_can_be_declared_is_in_the_guide(name):
    assert re.search(rf"\b{name}\b", GUIDE), f"docs/studies.md does not say what {name!r} is."


def test_every_shipped_study_is_in_the_guide():
    for path in (ROOT / "studies").rglob("*.toml"):
        if "published" not in path.parts:
            assert f"`{path.relative_to(ROOT)}`" in GUIDE


def test_every_published_study_is_in_its_page():
    page = (ROOT / "docs" / "published.md").read_text(encoding="utf-8")
    for path in (ROOT / "studies" / "published").glob("*/reproduction.md"):
        assert f"`{path.relative_to(ROOT)}`" in page
