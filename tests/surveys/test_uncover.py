"""The task uncover: pictures, paths by script and by cells, limits, data and synthetic people."""

import io
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from django.test import Client
from PIL import Image

from analysis.statistics import attention_maps
from analysis.study_data.looks_and_maps import GRIDS, PATHS, read_looks
from explanations.rendering.cells import GRID, in_cells
from surveys.export.writing import export_study
from surveys.models import Uncovering
from surveys.pages import sequence
from surveys.pages.uncovering import (
    LONGEST_TEXT,
    MOST_POINTS,
    cells_across,
    centre_of,
    joined,
    read_path,
    uncovers,
)
from surveys.services.leaving import erase
from surveys.services.recording import uncover_cell
from surveys.simulation import profile, run
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from tests.surveys.designs import design_text
from tests.surveys.drawn import drawn_study
from tests.surveys.factories import allocated, walk, write_weights
from tests.surveys.people import go_on, in_arm

PARTS = """
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
key = "look"
task = "uncover"
right = 3
wrong = 1
circle = 30
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
ARMS = ("none", "gradcam")


@pytest.fixture
def study(db, tmp_path, _data_in_a_folder_of_its_own):
    return drawn_study(tmp_path, right=4, wrong=2, parts=PARTS, arms=ARMS)


def at_trial(study):
    someone = allocated(study, "first", simulated=True)
    while sequence.current_step(someone).part != "look":
        walk(someone, pages=1)
    trial = someone.trials.get(position=sequence.current_step(someone).trial_position)
    return someone, trial, f"/p/{someone.code}/picture/{trial.picture_code}"


def pixels(client, address):
    response = client.get(address)
    assert response.status_code == 200, address
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB")).astype(int)


def test_the_page_shows_the_blurred_picture_and_neither_answer_nor_map(study):
    someone, trial, place = at_trial(study)
    page = Client().get(f"/p/{someone.code}/").content.decode()
    assert f'<img src="{place}/blurred.png"' in page
    assert "What does the picture show?" in page
    assert "The classifier says" not in page
    # Without the script, nothing moves over the picture.
    assert re.search(r">Each button of the grid clears one place[^<]*</figcaption>", page)
    assert 'class="map"' not in page
    assert trial.explanation is None
    assert page.count('name="cell"') == 5 * 5
    # Enter in a field sends the page: the first button of the form clears nothing.
    first_button = page[page.index("<button", page.index("data-timed")) :].partition(">")[0]
    assert "cell" not in first_button
    sharp, blurred = (pixels(Client(), f"{place}/{name}.png") for name in ("image", "blurred"))
    assert sharp.shape == blurred.shape
    assert np.abs(np.diff(sharp, axis=1)).max() > 4 * np.abs(np.diff(blurred, axis=1)).max()


def test_the_consent_says_that_places_are_stored_only_where_they_are(study, db, tmp_path):
    told = "The pages store which places you clear, and when."
    assert told in Client().get(f"/s/{study.slug}/").content.decode()
    other = drawn_study(tmp_path, right=4, wrong=2, slug="sharp", arms=ARMS)
    assert told not in Client().get(f"/s/{other.slug}/").content.decode()


def test_a_path_of_cells_has_a_largest_length(study, monkeypatch):
    monkeypatch.setattr("surveys.services.recording.uncovering.MOST_POINTS", 2)
    someone, trial, _ = at_trial(study)
    Client().get(f"/p/{someone.code}/")
    step = sequence.current_step(someone).key
    assert [uncover_cell(participant=someone, step=step, cell=f"{n}-1") for n in (1, 2, 3)] == [
        True, True, True,
    ]  # fmt: skip
    assert len(Uncovering.objects.get(trial=trial).points) == 2


@pytest.mark.nightly
def test_a_cell_is_cleared_by_a_request_without_a_script_and_stored(study):
    someone, trial, place = at_trial(study)
    client = Client()
    shown = client.get(f"/p/{someone.code}/").content.decode()
    assert client.get(f"{place}/cleared.png?place=1").status_code == 404, "nothing is clear yet"
    hidden = {
        name: shown.partition(f'name="{name}" value="')[2].partition('"')[0]
        for name in ("key", "step")
    }
    answered = {"sureness": "4"}
    page = client.post(f"/p/{someone.code}/", hidden | answered | {"cell": "2-4"})
    assert page.status_code == 200
    text = page.content.decode()
    assert f"{place}/cleared.png?place=1" in text
    assert re.search(r'name="sureness"[^>]*value="4"[^>]*checked', text), "the answer is kept"
    sharp, blurred, clear = (
        pixels(client, f"{place}/{name}")
        for name in ("image.png", "blurred.png", "cleared.png?place=1")
    )
    size = len(sharp)
    x, y, radius = round(0.7 * size), round(0.3 * size), 0.15 * size
    rows, columns = np.mgrid[:size, :size]
    distance = np.hypot(columns - x, rows - y)
    assert (clear == sharp)[distance < radius - 2].all()
    assert (clear == blurred)[distance > radius + 2].all()
    assert client.get(f"{place}/cleared.png?place=2").status_code == 404
    for wrong in ("6-1", "0-1", "1", "²-1", ""):
        refused = client.post(f"/p/{someone.code}/", hidden | {"cell": wrong})
        assert refused.status_code == 409, wrong
    (point,) = Uncovering.objects.get(trial=trial).points
    assert point[1:] == [700, 300, "c"]
    # The negative control of the limits below: one more request adds one more point.
    client.post(f"/p/{someone.code}/", hidden | {"cell": "1-1"})
    walk(someone, pages=1)
    points = Uncovering.objects.get(trial=trial).points
    assert [len(one) for one in points] == [4, 4, 1], "the last place was clear until sending"
    assert points[0][0] <= points[1][0] <= points[2][0]


def test_what_no_browser_of_ours_sends_is_not_stored():
    good = [[0, 500, 500, "p"], [120, 0, 1000, "k"], [130], [400, 1, 2, "t"], [500]]
    assert read_path(json.dumps(good)) == good
    for bad in (
        [-1, 1, 1, "p"], [600, 1001, 1, "p"], [600, 1, -1, "p"], [600, 1, 1, "c"], [499, 1, 1, "p"],
        [600, 1.5, 1, "p"], [600, 1, 1], ["600"], [10**12], {"t": 1}, [], [600, 1, 1, "p", 1],
    ):  # fmt: skip
        assert read_path(json.dumps([*good, bad, [900]])) == good, bad
    assert read_path("{}") == read_path("[[") == read_path("") == []
    assert read_path(" " * LONGEST_TEXT + "[]") == []
    many = [[number, 1, 1, "p"] for number in range(MOST_POINTS + 100)]
    assert len(read_path(json.dumps(many).replace(" ", ""))) == MOST_POINTS


def test_a_path_by_script_goes_on_where_the_cells_end():
    assert joined([[10, 1, 1, "c"], [50]], [[5, 2, 2, "p"], [9]]) == [
        *([10, 1, 1, "c"], [50], [55, 2, 2, "p"], [59])
    ]


@pytest.mark.parametrize("circle", [10, 25, 33, 60])
def test_the_circles_of_all_cells_cover_the_picture(study, circle):
    someone, *_ = at_trial(study)
    part = replace(uncovers(someone, sequence.current_step(someone)), circle=circle)
    across = range(1, cells_across(part) + 1)
    centres = np.array([centre_of(part, f"{row}-{column}") for row in across for column in across])
    corners = np.array([(x, y) for x in range(0, 1001, 50) for y in range(0, 1001, 50)])
    distance = np.linalg.norm(corners[:, None] - centres[None], axis=2).min(axis=1)
    assert distance.max() <= 10 * circle / 2 + 1


def test_paths_and_maps_are_exported_for_the_analysis(study, tmp_path):
    base = replace(profile.load("null").base, looks_at="gradcam", quits=0.0)
    run.simulate(study=study, number=6, seed=3, profile=replace(profile.load("null"), base=base))
    export_study(study=study, output=tmp_path / "out", simulated="only")
    tables = read_looks(tmp_path / "out")
    paths, grids = tables[PATHS], tables[GRIDS]
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    assert trials["method"].isna().all(), "no map was shown"
    keys = ["participant", "position", "image"]
    assert len(paths[keys].drop_duplicates()) == len(trials) == 6 * 4
    assert paths.merge(trials[keys], on=keys).shape[0] == len(paths)
    own = paths[(paths["participant"] == paths["participant"][0]) & (paths["position"] == 1)]
    assert (own["t_ms"].diff().dropna() == own["duration_ms"].iloc[:-1].to_numpy()).all()
    assert (paths["duration_ms"] > 0).all()
    assert (paths["radius"] == 0.15).all()
    # Every method with a map of each picture, also those that no arm shows.
    assert set(grids["method"]) > {"gradcam", "lime"}
    grids = grids[grids["method"] == "gradcam"]
    assert len(grids) == 4 * GRID**2
    # People who look at the map are found there more than by chance.
    image = paths[paths["image"] == grids["image"].iloc[0]]
    cells = attention_maps.cells_of(image["x"].to_numpy(), image["y"].to_numpy())
    looks = np.bincount(cells, image["duration_ms"], GRID**2)[None]
    values = grids["value"].to_numpy()[: GRID**2][None]
    assert attention_maps.nss(looks / looks.sum(), values)[0] > 0.3
    book = pd.read_csv(tmp_path / "out" / "codebook.csv")
    assert {PATHS, GRIDS} <= set(book["file"])


def test_an_erased_participant_leaves_no_path(study):
    browser, page, person = in_arm(study, "none")
    go_on(browser, page)
    assert Uncovering.objects.filter(trial__participant=person).count() == 4
    erase(participant=person)
    assert not Uncovering.objects.exists()


def test_cells_are_those_of_the_analysis_and_means_of_what_speaks_for_the_class():
    assert GRID == attention_maps.GRID
    relevance = np.arange(32 * 32, dtype=np.float32).reshape(32, 32) - 500
    found = in_cells(relevance)
    assert found[0, 0] == 0
    assert found[15, 15] == pytest.approx(relevance[30:, 30:].mean())
    odd = np.ones((50, 23), dtype=np.float32)
    assert in_cells(odd) == pytest.approx(np.ones((GRID, GRID)))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('task = "uncover"', 'task = "classify"', "circle has no effect with the task 'classify'"),
        ("circle = 30", "circle = 5", "circle"),
        ("circle = 30", 'blur = "much"', "blur"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path, old, new, told):
    assert old in PARTS
    text = design_text(write_weights(tmp_path / "w"), parts=PARTS.replace(old, new))
    with pytest.raises(StudyFileError, match=told):
        loading.parse(text)
