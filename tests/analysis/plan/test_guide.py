"""The guide to plans leaves nothing out that a plan can ask for."""

import re

import pytest

from analysis.plan.catalogues.optional_sections import OPTIONAL_SECTIONS
from analysis.plan.plan import ANALYSES, KINDS, MEASURES, RULES
from tests.conftest import ROOT

GUIDE = (ROOT / "docs" / "analysis-plan.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "key",
    sorted({entry.key for entry in (*KINDS, *ANALYSES, *RULES, *MEASURES, *OPTIONAL_SECTIONS)}),
)
def test_whatever_a_plan_can_ask_for_is_in_the_guide(key):
    assert re.search(rf"\b{key}\b", GUIDE), f"docs/analysis-plan.md does not say what {key!r} is."
