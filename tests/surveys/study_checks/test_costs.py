"""Warnings about designs that are possible but seldom wise."""

from dataclasses import replace

import pytest

from explanations import catalogue
from explanations.rendering import colours
from explanations.rendering.outlines import Outlines
from surveys.study_checks import costs
from surveys.study_file.reading.study import read
from tests.surveys.factories import study_text

LIME = 'key = "lime"\nlabel = "Arm lime"\nmethod = "lime"'
TWO = LIME + '\n[[arms]]\nkey = "shap"\nlabel = "SHAP"\nmethod = "deepshap"'


@pytest.fixture
def signed(tmp_path):
    """A study with two arms whose maps show evidence for and against."""
    return read(study_text(tmp_path / "dots.safetensors").replace(LIME, TWO))


def test_the_platforms_own_methods_share_their_colours(signed):
    assert costs.warnings(signed) == ()
    ends = [method.ends for method in catalogue.EVERY if method.legend.is_signed]
    assert len(ends) >= 6


def test_arms_that_draw_evidence_for_and_against_differently_are_warned_of(signed, monkeypatch):
    # As a package could add a method, or as LIME was drawn in an earlier version.
    turned = Outlines(in_favour=colours.BLUE, against=colours.ORANGE)
    methods = {"lime": replace(catalogue.get("lime"), drawing=turned)}
    get = catalogue.get
    monkeypatch.setattr(catalogue, "get", lambda key: methods.get(key) or get(key))
    (warning,) = costs.warnings(signed)
    assert "'lime' (LIME) and 'shap' (SHAP) draw evidence for and against" in warning
    assert "orange for, blue against" in warning
