"""Where people looked beside what maps mark, from the files of an export to the report."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from analysis.redo import redo
from analysis.run import analyse
from analysis.sections.map_quality import attention
from analysis.sections.map_quality.attention import LONGEST_MS
from analysis.statistics.attention_agreement import ceiling
from analysis.statistics.attention_maps import CELLS, GRID
from analysis.statistics.estimate import NotEstimable
from tests.analysis.tidy import edit, optional_of, write_manifest, write_study

DRAWS = 30
PLAN = "\n[attention_maps]\n"


def write_looks(folder, people, images=5, rests=8, seed=3):
    """People rest where the maps of "known" are high; "opposite" marks the other side."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:GRID, :GRID]
    centres = rng.uniform(3, 13, (images, 2))
    known = [
        np.exp(-((x - column) ** 2 + (y - row) ** 2) / 12).ravel() + 1e-3 for row, column in centres
    ]
    opposite = [grid.reshape(GRID, GRID)[::-1, ::-1].ravel() for grid in known]
    empty = [np.zeros(CELLS)] * images
    grids = [
        (f"{image:012x}", method, method.title(), cell // GRID + 1, cell % GRID + 1, value)
        for method, maps in (("known", known), ("opposite", opposite), ("empty", empty))
        for image, grid in enumerate(maps)
        for cell, value in enumerate(grid)
    ]
    columns = ["image", "method", "label", "row", "column", "value"]
    pd.DataFrame(grids, columns=columns).to_csv(folder / "map_grids.csv", index=False)
    paths = [
        (person, image + 1, f"{image:012x}", 400 * number, 400, x, y, 0.125)
        for person in people
        for image, grid in enumerate(known)
        for number, cell in enumerate(rng.choice(CELLS, rests, p=grid / grid.sum()))
        for x, y in [((cell % GRID + 0.5) / GRID, (cell // GRID + 0.5) / GRID)]
    ]
    columns = ["participant", "position", "image", "t_ms", "duration_ms", "x", "y", "radius"]
    pd.DataFrame(paths, columns=columns).to_csv(folder / "uncovered.csv", index=False)
    write_manifest(folder)


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(attention, "ceiling", partial(ceiling, draws=DRAWS))


def a_study(place, people=30):
    folder = write_study(place, per_arm=5)
    (folder / "plan.toml").write_text((folder / "plan.toml").read_text() + PLAN)
    known = pd.read_csv(folder / "participants.csv")["participant"].tolist()
    write_looks(folder, known[:people])
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return a_study(tmp_path_factory.mktemp("attention") / "data")


@pytest.mark.nightly
def test_the_map_that_people_looked_at_is_above_the_baseline_and_its_opposite_is_not(folder):
    found = optional_of(folder)["attention_maps"]
    assert (found.participants, found.images, found.trials) == (30, 5, 150)
    maps = {one.key: one for one in found.maps}
    assert list(maps) == ["known", "opposite", "empty", "other_images", "centre", "ceiling"]
    assert all(maps["known"].above[measure].low > 0 for measure in ("correlation", "nss", "auc"))
    assert maps["opposite"].above["nss"].high < 0
    assert maps["empty"].constant == 5
    assert maps["empty"].measures["auc"].value == pytest.approx(0.5)
    assert maps["ceiling"].measures["correlation"].value == pytest.approx(
        found.reliability.value**0.5
    )


@pytest.mark.nightly
def test_an_idle_pointer_counts_for_three_seconds(tmp_path, folder):
    def idle(paths):
        first = ~paths.duplicated(["participant", "image"])
        return paths.assign(duration_ms=np.where(first, "90000", paths["duration_ms"]))

    def capped(paths):
        first = ~paths.duplicated(["participant", "image"])
        return paths.assign(duration_ms=np.where(first, str(LONGEST_MS), paths["duration_ms"]))

    found = [
        optional_of(edit(a_study(tmp_path / change.__name__), "uncovered.csv", change))
        for change in (idle, capped)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("people", "methods", "reason"),
    [
        (3, "", "at least 4 participants and 2 images with maps are needed, but 3 and 5"),
        (9, 'methods = ["lime"]', "lacks maps of some images by lime"),
    ],
)
def test_too_little_is_told(tmp_path, people, methods, reason):
    folder = a_study(tmp_path / "data", people)
    (folder / "plan.toml").write_text((folder / "plan.toml").read_text() + methods)
    found = optional_of(folder)["attention_maps"]
    assert isinstance(found, NotEstimable)
    assert reason in found.reason


def test_an_export_without_paths_is_told(tmp_path):
    folder = write_study(tmp_path / "data", per_arm=5)
    (folder / "plan.toml").write_text((folder / "plan.toml").read_text() + PLAN)
    assert "lack uncovered.csv or map_grids.csv" in optional_of(folder)["attention_maps"].reason


@pytest.mark.nightly
def test_the_report_shows_the_section_and_can_be_redone(tmp_path, folder):
    analyse(folder, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Map quality and where people look" in page
    assert "30 participants uncovered 5 images in 150 trials." in page
    assert "Known: its maps agree more with where people look on their own image" in page
    assert "5 of its maps mark nothing" in page
    assert redo(tmp_path / "out") == []
