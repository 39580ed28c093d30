"""Single values of a study file change; comments, order and everything else stay."""

import re
import tomllib

import pytest

from studyplatform.panel import study_texts
from studyplatform.panel.toml_edits import REMOVED, Change, EditError, edited

FILE = """# A study of ours.
slug = "ours"   # in its address
title = 'Ours'

[allocation]
# Nobody else.
places = 20

[[arms]]
key = "a" # first

[[arms]]
key = "b"
"""


def test_a_value_changes_and_nothing_else():
    after = edited(FILE, [Change(("allocation", "places"), 40), Change(("arms", 1, "label"), "B")])
    assert after == FILE.replace("places = 20", "places = 40") + 'label = "B"\n'


def test_a_value_that_is_the_same_already_leaves_every_letter_in_place():
    assert edited(FILE, [Change(("title",), "Ours"), Change(("arms", 0, "label"), REMOVED)]) is FILE


def test_texts_of_several_lines_are_written_line_by_line():
    after = edited(FILE, [Change(("consent", "text"), 'One "quoted".\n\nTwo.\n')])
    assert '[consent]\ntext = """\nOne "quoted".\n\nTwo.\n"""\n' in after


def test_lists_of_tables_and_removals():
    after = edited(FILE, [Change(("arms",), [{"key": "c"}]), Change(("allocation",), REMOVED)])
    assert tomllib.loads(after) == {"slug": "ours", "title": "Ours", "arms": [{"key": "c"}]}
    assert "# A study of ours." in after


def test_a_file_that_is_not_toml_says_where():
    with pytest.raises(EditError, match="line 1"):
        edited("slug = \n", [Change(("title",), "x")])


@pytest.mark.parametrize("levels", [41, 300, 100_000])
@pytest.mark.parametrize("form", ["a = {opened}{closed}", "a = {opened}", "[{keys}a]"])
def test_a_file_that_nests_deeply_is_refused_before_it_is_read(form, levels):
    source = form.format(opened="[" * levels, closed="]" * levels, keys="a." * levels)
    with pytest.raises(EditError, match="too deeply"):
        edited(source, [Change(("title",), "Ours")])
    source = form.format(opened="[" * 20, closed="]" * 20, keys="a." * 20)
    if form != "a = {opened}":  # the control
        assert edited(source, [Change(("title",), "Ours")]) != source


def test_a_change_that_would_touch_other_values_is_refused(monkeypatch):
    """As if the library lost a line."""
    monkeypatch.setattr("studyplatform.panel.toml_edits.tomlkit.dumps", lambda document: "a = 1")
    with pytest.raises(EditError, match="text editor"):
        edited(FILE, [Change(("title",), "Another")])


def comments(text: str) -> list[str]:
    """The comments of a study file, without the headings of its Markdown."""
    outside = re.sub(r'"""(?s:.*?)"""', "", text)
    return [line for line in outside.splitlines() if line.startswith("#")]


@pytest.mark.parametrize("name", [template.name for template in study_texts.templates()])
def test_every_shipped_design_can_be_changed_in_place(name):
    source = study_texts.template_text(name)
    last = len(tomllib.loads(source)["analysis"]["outcomes"]) - 1
    changes = [
        Change(("analysis", "sample_goal"), {"power": 0.8, "d": 0.5}),
        Change(("analysis", "outcomes", last, "smallest_effect"), 0.123),
        Change(("allocation", "places"), 321),
        Change(("consent", "text"), "Hello.\n\nThere.\n"),
        Change(("recruitment", "kind"), "sona"),
    ]
    after = edited(source, changes)
    assert comments(after) == comments(source)
    unchanged = set(source.splitlines()) & set(after.splitlines())
    assert len(unchanged) > 0.7 * len(set(source.splitlines()))
