"""URLs that name a picture's kept files."""

import pytest
from django.conf import settings
from django.test import Client

from surveys import services
from surveys.pages import picture_links
from tests.surveys.drawn import drawn_study
from tests.surveys.people import go_on, in_arm


@pytest.fixture
def trial(db, tmp_path):
    browser, page, participant = in_arm(drawn_study(tmp_path), "lime")
    image, shown_map, _ = go_on(browser, page, 2).pictures
    return participant, image, shown_map


def parts(address: str) -> tuple[str, str, str, str]:
    """Participant's code, files, trial's code, and the picture's name."""
    _, _, code, _, files, picture_code, name = address.split("/")
    return code, files, picture_code, name.removesuffix(".png")


def test_a_kept_picture_needs_no_query(trial, django_assert_num_queries):
    for address in trial[1:]:
        first = Client().get(address).content  # draws it
        with django_assert_num_queries(0):
            assert Client().get(address).content == first


def test_after_an_erasure_a_kept_picture_is_all_that_is_left(trial):
    participant, image, _ = trial
    kept = Client().get(image).content
    unsigned = image.replace(f"/{parts(image)[1]}/", "/")
    assert Client().get(unsigned).content == kept  # control
    services.erase(participant=participant)
    assert Client().get(image).content == kept
    assert Client().get(unsigned).status_code == 404


@pytest.mark.parametrize("loss", ["missing", "damaged"])
def test_a_picture_whose_file_is_lost_is_drawn_again(trial, loss):
    for address in trial[1:]:
        drawn = Client().get(address).content
        code, files, picture_code, name = parts(address)
        (file,) = picture_links.read(code, picture_code, name, files)
        stored = settings.DATA_DIR / "pictures" / file[:2] / f"{file}.png"
        if loss == "missing":
            stored.unlink()
        else:
            stored.write_bytes(drawn[:-20])
        assert Client().get(address).content == drawn
        assert stored.read_bytes() == drawn


def test_a_signature_holds_for_one_person_trial_and_picture(trial):
    _, image, shown_map = trial
    code, files, picture_code, name = parts(image)
    assert len(picture_links.read(code, picture_code, name, files)) == 1  # control
    assert not picture_links.read(f"{code}x", picture_code, name, files)
    assert not picture_links.read(code, f"{picture_code}x", name, files)
    assert not picture_links.read(code, picture_code, "map", files)
    assert not picture_links.read(code, picture_code, name, parts(shown_map)[1])
    assert not picture_links.read(code, picture_code, name, files[:43] + "A" * 22)
    assert not picture_links.read(code, picture_code, name, "x")


def test_a_later_trials_files_cannot_be_asked_for_with_an_earlier_signature(trial):
    participant, image, _ = trial
    earlier, *_, last = participant.trials.order_by("position")
    moved = image.replace(earlier.picture_code, last.picture_code)
    assert Client().get(image).status_code == 200
    assert Client().get(moved).status_code == 404
