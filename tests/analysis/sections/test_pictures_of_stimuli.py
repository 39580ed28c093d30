"""What people saw, in pictures: the study's own images and maps, chosen by no result."""

import io
import re

import pytest
from PIL import Image

from analysis.report.render import render_report
from analysis.study_data.example_images import EACH, example_images
from analysis.study_data.pictures import read_pictures
from tests.analysis.conftest import THREE_ARMS, quick_analysis
from tests.analysis.tidy import edit, results_of, write_study


def png(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (96, 96), colour).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def pictured(tmp_path_factory):
    """Images 0 to 7 are predicted right and 8 to 11 wrong; each arm but the control has a map."""
    folder = write_study(tmp_path_factory.mktemp("pictured"), arms=THREE_ARMS, per_arm=3)

    def with_keys(trials):
        keys = trials["image"] + trials["method"].map({"gradcam": "a" * 8, "placebo": "b" * 8})
        return trials.assign(explanation=keys.fillna(""))

    edit(folder, "trials.csv", with_keys)
    (folder / "pictures").mkdir()
    for image in (0, 1, 8, 9):
        name = f"{image:012x}"
        (folder / "pictures" / f"{name}.png").write_bytes(png((image, 0, 0)))
        for key in ("a" * 8, "b" * 8):
            (folder / "pictures" / f"{name}{key}.png").write_bytes(png((image, 9, 9)))
    return folder


@pytest.fixture(scope="module")
def found(pictured):
    with quick_analysis():
        return results_of(pictured)


def test_images_are_chosen_by_name_and_not_by_their_order():
    images = [(f"{number:012x}", number < 8) for number in range(12)]
    chosen = example_images(images)
    assert chosen == example_images(reversed(images)) == [f"{n:012x}" for n in (0, 1, 8, 9)]
    assert len(chosen) == 2 * EACH
    assert example_images([("b", False)]) == ["b"]


def test_the_page_shows_images_and_each_arms_map_right_and_wrong(pictured, found):
    page = render_report(found, {}, "tests", pictures=read_pictures(pictured))
    table = page[page.index('class="table-shown-pictures') :]
    table = table[: table.index("</table>")]
    assert len(re.findall("<img", table)) == 4 * 3
    assert table.count("<strong>right</strong>") == table.count("<strong>wrong</strong>") == 2
    assert re.findall(r'<th scope="col">([^<]+)<', table) == [
        "Prediction", "Image", "Grad-CAM", "Placebo map",
    ]  # fmt: skip
    assert all(alt for alt in re.findall(r'alt="([^"]*)"', table))


def test_a_report_of_a_bare_table_has_no_place_for_pictures(found):
    page = render_report(found, {}, "tests")
    assert "<img" not in page
    assert "shown-pictures" not in page


def test_a_map_without_its_file_is_said_to_be_missing(pictured, found):
    pictures = {
        name: content
        for name, content in read_pictures(pictured).items()
        if not (name.startswith(f"{8:012x}") and name.endswith("b"))
    }
    page = render_report(found, {}, "tests", pictures=pictures)
    table = page[page.index('class="table-shown-pictures') :]
    assert table[: table.index("</table>")].count("no map") == 1
