"""Maps computed on one machine are served by another: the same pictures, or a refusal."""

import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from explanations.models import Explanation, ImageSet, Prediction, StudyImage
from explanations.pipeline.data_folder import artefact_store, picture_path
from explanations.pipeline.pictures import picture_name
from explanations.rendering.viewing import DEFAULT
from surveys.models import Stimulus, Study
from surveys.services.fingerprints import fingerprint
from tests.surveys.drawn import drawn_study


@pytest.fixture
def packed(db, tmp_path) -> tuple[Study, Path, str]:
    study = drawn_study(tmp_path)
    file = tmp_path / "maps.zip"
    call_command("export_maps", study.slug, output=file)
    return study, file, fingerprint(study).stimuli


def on_another_machine(settings, tmp_path) -> None:
    """An empty database and an empty data folder, with the same weights."""
    Study.objects.all().delete()
    Explanation.objects.all().delete()
    Prediction.objects.all().delete()
    StudyImage.objects.all().delete()
    ImageSet.objects.all().delete()
    settings.DATA_DIR = tmp_path / "elsewhere"
    settings.DATA_DIR.mkdir()


def test_the_study_is_served_with_the_same_pictures(packed, settings, tmp_path):
    study, file, stimuli = packed
    counts = Explanation.objects.count(), Stimulus.objects.count()
    on_another_machine(settings, tmp_path)
    said = call_command("import_maps", file)
    again = Study.objects.get(slug=study.slug)
    assert fingerprint(again).stimuli == stimuli
    assert (Explanation.objects.count(), Stimulus.objects.count()) == counts
    assert all(artefact_store().is_whole(row.stored) for row in Explanation.objects.all())
    assert "the pictures are those of the other machine" in said
    shown = Explanation.objects.filter(prediction__stimulus__study=again, method="lime")
    assert shown.exists()
    assert all(picture_path(picture_name(row, DEFAULT)).is_file() for row in shown)
    # A second import finds everything and changes nothing.
    call_command("import_maps", file)
    assert Explanation.objects.count() == counts[0]
    call_command("open_study", study.slug)


def rewritten(file: Path, change) -> None:
    """Pack the entries again, after ``change`` has seen and perhaps replaced each."""
    with zipfile.ZipFile(file) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    change(entries)
    with zipfile.ZipFile(file, "w") as new:
        for name, content in entries.items():
            new.writestr(name, content)


def flip_a_map(entries: dict[str, bytes]) -> None:
    name = next(name for name in entries if name.startswith("maps/"))
    entries[name] = entries[name][:-1] + bytes([entries[name][-1] ^ 1])


def exchange_two_maps(entries: dict[str, bytes]) -> None:
    """Also in the manifest, so that only the rows still tell."""
    first, second = [name for name in entries if name.startswith("maps/")][:2]
    entries[first], entries[second] = entries[second], entries[first]
    manifest = json.loads(entries["manifest.json"])
    files = manifest["files"]
    files[first], files[second] = files[second], files[first]
    entries["manifest.json"] = json.dumps(manifest).encode()


def lose_an_image(entries: dict[str, bytes]) -> None:
    del entries[next(name for name in entries if name.startswith("images/"))]


def name_other_weights(entries: dict[str, bytes]) -> None:
    manifest = json.loads(entries["manifest.json"])
    entries["manifest.json"] = json.dumps(manifest | {"weights_sha256": "0" * 64}).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flip_a_map, "is missing or is not what was written"),
        (exchange_two_maps, "is missing or is not what was written"),
        (lose_an_image, "is missing or is not what was written"),
        (name_other_weights, "Use the same weight file"),
    ],
)
def test_whatever_was_changed_on_the_way_is_refused_and_no_row_is_stored(
    packed, settings, tmp_path, change, said
):
    _, file, _ = packed
    rewritten(file, change)
    on_another_machine(settings, tmp_path)
    with pytest.raises(CommandError, match=said):
        call_command("import_maps", file)
    assert not Explanation.objects.exists()
    assert not Study.objects.exists()


def test_another_zip_file_is_refused_with_the_cure(db, tmp_path):
    file = tmp_path / "other.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(CommandError, match="with manage"):
        call_command("import_maps", file)
