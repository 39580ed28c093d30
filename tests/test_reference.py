"""The documentation as a site: its reference is complete, and every page can be reached."""

import re
import subprocess
import sys

import pytest
from django.core.management import call_command

from studyplatform.reference import commands, errors, files, settings
from studyplatform.reference.keys import Table, described
from surveys.study_file import declaration
from surveys.study_file.parts import PARTS
from tests.conftest import ROOT

DOCS = ROOT / "docs"


def test_every_command_is_described_with_its_arguments():
    page = commands.write()
    assert set(re.findall(r"^## (\w+)$", page, re.MULTILINE)) == set(commands.ours())
    assert "| `--places N` |" in page  # change_places
    assert "--verbosity" not in page  # of every command of Django


def test_a_table_lists_values_bounds_and_defaults():
    text = described(Table("[images]", declaration.Images))
    assert "| `set` | text in quotes | required |" in text
    assert "| `sets` | a whole number, at least 1, at most 50 | `1` |" in text
    assert '| `split` | text in quotes | `"test"` |' in text
    assert '| `balance` | one of classes, none | `"classes"` |' in text


def test_the_study_file_s_page_has_every_kind_of_part_and_of_recruitment():
    page = files.study_file()
    for kind in PARTS:
        assert f'## `[[parts]] with kind = "{kind}"`' in page
    assert '## `[recruitment] with kind = "prolific"`' in page
    assert "### " not in page


def test_every_setting_of_the_example_is_described():
    example = ROOT / ".env.example"
    page = settings.write(example)
    names = re.findall(r"^([A-Z][A-Z_]+)=", example.read_text(), re.MULTILINE)
    assert len(names) > 10
    for name in names:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert len(row.split("|")[2].strip()) > 20


def test_a_message_is_listed_as_users_see_it(tmp_path):
    (tmp_path / "surveys").mkdir()
    (tmp_path / "surveys" / "doors.py").write_text(
        'CURE = "Open it first."\n'
        'raise DoorError(f"The door {door.name} is shut. {CURE}")\n'
        'problems.add(path, "a door needs a handle" if shut else f"{n:,} doors are too many")\n'
        'raise ValueError("this is for developers alone")\n'
        'names.add("three short words")\n',
        encoding="utf-8",
    )
    assert {one.text for one in errors.messages(tmp_path)} == {
        "The door ‹name› is shut. Open it first.",
        "a door needs a handle",
        "‹n› doors are too many",
    }


@pytest.mark.nightly
def test_the_messages_of_this_program_are_found():
    found = list(errors.messages(errors.ROOT))
    assert len(found) > 800
    areas = {errors.area_of(one.file) for one in found}
    assert areas == set(errors.AREAS.values())
    text = "There is no study ‹slug›. Load one: manage.py load_study FILE.toml"
    assert text in {one.text for one in found}


def test_every_page_is_in_the_table_of_contents_of_the_site():
    contents = (DOCS / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^([\w/-]+)$", contents, re.MULTILINE))
    pages = {
        str(path.relative_to(DOCS).with_suffix(""))
        for path in DOCS.rglob("*.md")
        if path.parent.name not in ("decisions", "reference")
    }
    assert pages - {"index"} <= listed, sorted(pages - listed)


def test_the_command_writes_the_pages_that_the_site_lists(tmp_path):
    call_command("write_reference", output=tmp_path / "reference")
    contents = (DOCS / "index.md").read_text(encoding="utf-8")
    written = {path.stem for path in (tmp_path / "reference").iterdir()}
    assert written == set(re.findall(r"^reference/([\w-]+)$", contents, re.MULTILINE))
    assert "`participant`" in (tmp_path / "reference" / "columns.md").read_text()
    assert "GET `/api/v1/studies`" in (tmp_path / "reference" / "api.md").read_text()
    assert "## HypothesisTest" in (tmp_path / "reference" / "results.md").read_text()


@pytest.mark.nightly
def test_the_site_is_built_without_a_warning(tmp_path):
    pytest.importorskip("sphinx", reason="Sphinx is missing: make site installs it.")
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs"]
    made = subprocess.run([*build, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "reference" / "commands.html").exists()
    assert (tmp_path / "examples" / "demo" / "report.html").exists()
    assert (
        'href="examples/source-report/report.html"' in (tmp_path / "reproduction.html").read_text()
    )
