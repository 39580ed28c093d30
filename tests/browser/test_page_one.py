"""Page one of a report is one screen: answers, figure, and what would change the conclusions."""

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.browser
BOTTOM = "document.querySelector('.page-one').getBoundingClientRect().bottom"
WIDE = "document.documentElement.scrollWidth"


@pytest.mark.parametrize("name", ["visual-correspondence", "demo", "alienzoo"])
def test_page_one_of_a_shipped_report_fits_a_window_of_1280_by_720(tab, name):
    tab.set_viewport_size({"width": 1280, "height": 720})
    tab.goto((ROOT / "docs" / "examples" / name / "report.html").as_uri())
    assert tab.evaluate(BOTTOM) <= 720
    assert tab.evaluate(WIDE) <= 1280
    tab.set_viewport_size({"width": 390, "height": 844})  # the control: it is longer on a phone
    assert tab.evaluate(BOTTOM) > 844
