"""What participants say is wrong, in the report: counts, intervals, suspicions and pictures."""

import base64
import io
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from statsmodels.stats.proportion import proportion_confint

from analysis.redo import check
from analysis.report.render import DIAGNOSED_IMAGES
from analysis.reproduction.old_results import in_todays_words
from analysis.reproduction.results_schema import validate
from analysis.run import analyse
from analysis.sections.diagnoses import diagnoses
from analysis.study_data.diagnosis_rule import OF_MAPS
from analysis.study_data.pictures import LARGEST, read_pictures
from analysis.study_data.study_data import read_study
from tests.analysis.tidy import edit, page_of, write_manifest, write_study

ARMS = {"none": "No explanation", "gradcam": "Grad-CAM"}
ANSWERS = {
    "nothing": "No, nothing is wrong",
    "wrong_class": "The answer is wrong",
    "wrong_reasons": "The answer is right, but for the wrong reasons",
    "background": "The map marks the background",
    "cannot_tell": "Something is wrong, but I cannot tell what",
}


def asking(folder, seed=1, share=0.4):
    """A study of two arms in which a share of the trials has an answer."""
    write_study(folder, arms=ARMS, per_arm=15, seed=seed)
    chance = np.random.default_rng(seed)

    def answered(trials: pd.DataFrame) -> pd.DataFrame:
        said = chance.choice(list(ANSWERS), len(trials))
        only_of_maps = (trials["method"] == "") & pd.Series(said).isin(OF_MAPS)
        silent = pd.Series(chance.random(len(trials)) > share) | only_of_maps
        return trials.assign(diagnosis=pd.Series(said).mask(silent, ""), diagnosis_comment="")

    edit(folder, "trials.csv", answered)
    book = pd.read_csv(folder / "codebook.csv", dtype="str", keep_default_na=False)
    line = dict.fromkeys(book, "") | {
        "file": "trials.csv",
        "column": "diagnosis",
        "type": "category",
        "values": "; ".join(f"{key}={text}" for key, text in ANSWERS.items()),
    }
    pd.concat([book, pd.DataFrame([line])]).to_csv(folder / "codebook.csv", index=False)
    write_manifest(folder)
    return folder


@pytest.fixture
def folder(tmp_path):
    return asking(tmp_path / "data")


def test_counts_and_intervals_are_those_of_the_trials(folder):
    data = read_study(folder)
    found = diagnoses(data)
    assert found.texts == ANSWERS
    assert found.images == data.trials["image"].nunique()
    assert len(found.by_image) > 5
    for image in found.by_image:
        rows = data.trials[data.trials["image"] == image.image]
        assert image.people == len(rows)
        assert image.with_map == rows["method"].notna().sum()
        assert set(image.maps) == set(rows["method"].dropna())
        for answer in image.answers:
            assert answer.count == (rows["diagnosis"] == answer.answer).sum()
            assert answer.asked == (image.with_map if answer.answer in OF_MAPS else image.people)
            low, high = proportion_confint(answer.count, answer.asked, method="wilson")
            assert (answer.share.low, answer.share.high) == pytest.approx((low, high))
    for arm in found.by_arm:
        rows = data.trials[data.trials["arm"] == arm.arm]
        assert arm.counts == {key: (rows["diagnosis"] == key).sum() for key in ANSWERS}
        faults = rows["diagnosis"].isin([key for key in ANSWERS if key != "nothing"])
        right = rows["prediction_correct"] == 1
        shares = faults[right].groupby(rows.loc[right, "participant"]).mean()
        assert arm.named_right.value == pytest.approx(shares.mean())
        assert arm.named_right.n == len(shares)


def test_images_come_by_suspicion_and_then_by_number(folder):
    images = diagnoses(read_study(folder)).by_image
    keys = [(image.suspected is None, -image.named) for image in images]
    assert keys == sorted(keys)
    assert all(image.named for image in images)


def test_a_study_that_does_not_ask_has_no_such_section(tmp_path):
    folder = write_study(tmp_path / "data", arms=ARMS, per_arm=6)
    results, page = page_of(folder)
    assert results.diagnoses is None
    assert "What participants say is wrong" not in page


def test_a_column_of_that_name_with_another_meaning_is_left_alone(folder):
    book = folder / "codebook.csv"
    book.write_text(book.read_text().replace("nothing=No, nothing is wrong; ", ""))
    write_manifest(folder)
    assert diagnoses(read_study(folder)) is None


def test_the_page_lists_the_most_named_images_and_says_how_many_there_are(folder):
    # Each arm gets images of its own, so that there are more than the page lists.
    edit(folder, "trials.csv", lambda trials: trials.assign(image=trials["image"] + trials["arm"]))
    results, page = page_of(folder)
    named = results.diagnoses.by_image
    assert len(named) > DIAGNOSED_IMAGES
    table = page[page.index('id="diagnoses-images"') :].partition("</table>")[0]
    assert f"{DIAGNOSED_IMAGES} of {len(named)}" in table
    listed = [image.image for image in named if f"<code>{image.image}</code>" in table]
    assert listed == [image.image for image in named[:DIAGNOSED_IMAGES]]
    assert "<img" not in page  # the folder has no pictures


def picture(colour, size=96):
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(buffer, "PNG")
    return buffer.getvalue()


def with_pictures(folder):
    """Pictures of the most named image and of its map, and three files that are none."""
    image = diagnoses(read_study(folder)).by_image[0]
    (folder / "pictures").mkdir()
    shown = {image.image: picture("red"), image.maps["gradcam"]: picture("blue")}
    for name, content in shown.items():
        (folder / "pictures" / f"{name}.png").write_bytes(content)
    (folder / "pictures" / f"{'a' * 12}.png").write_text("<script>alert(1)</script>")
    (folder / "pictures" / "other.png").write_bytes(picture("green"))
    (folder / "pictures" / f"{'b' * 12}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(LARGEST))
    return shown


@pytest.mark.nightly
def test_pictures_are_in_the_page_and_the_bundle_repeats_them(folder, tmp_path):
    book = pd.read_csv(folder / "trials.csv", dtype="str", keep_default_na=False)
    keys = "e" * 63 + book["image"].str[-1].str.lower().replace("[^0-9a-f]", "0", regex=True)
    hexes = {name: f"{number:012x}" for number, name in enumerate(sorted(set(book["image"])))}
    changed = book.assign(
        image=book["image"].map(hexes), explanation=keys.where(book["method"] != "", "")
    )
    changed.to_csv(folder / "trials.csv", index=False)
    write_manifest(folder)
    shown = with_pictures(folder)
    assert read_pictures(folder) == shown
    output = tmp_path / "report"
    analyse(folder, output)
    page = (output / "report.html").read_text(encoding="utf-8")
    for content in shown.values():
        assert f"data:image/png;base64,{base64.b64encode(content).decode()}" in page
    assert page.count("<script") == 0
    copied = {path.name for path in (output / "data" / "pictures").iterdir()}
    assert copied == {f"{name}.png" for name in shown}
    assert check(output) == []
    # Another report in the same folder keeps no picture of the first.
    shutil.rmtree(folder / "pictures")
    analyse(folder, output)
    assert not list((output / "data" / "pictures").iterdir())
    assert check(output) == []


@pytest.mark.nightly
def test_results_of_before_are_read_as_without_these_parts(folder, tmp_path):
    output = tmp_path / "report"
    analyse(folder, output)
    document = json.loads((output / "results.json").read_text(encoding="utf-8"))
    assert document["diagnoses"]["by_image"]
    del document["diagnoses"], document["agreement_by_class"]
    validate(in_todays_words(document))
