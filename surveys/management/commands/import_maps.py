"""manage.py import_maps FILE.zip"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.management.progress import working
from explanations.pipeline.map_pack import MapPackError, Pack, Packed, file_of
from explanations.pipeline.weights_registry import (
    RegistryError,
    register_classifier,
    weights_file,
)
from explanations.store.artefacts import ArtefactError, StoreFullError
from surveys.models import Study
from surveys.services import StudyError, load_study
from surveys.services.fingerprints import fingerprint
from surveys.services.stimuli import choose_stimuli, draw_pictures
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.reading.study import read


class Command(DatabaseCommand):
    help = (
        "Stores the images, predictions and maps of a file of export_maps, comparing every hash, "
        "and loads its study. Needs neither torch nor a GPU."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=arguments.input_file, metavar="FILE.zip")

    def handle(self, *args: Any, file: Path, **options: Any) -> str:
        try:
            with working("Storing") as told, file_of(file) as opened:
                pack = Pack.of(opened)
                weights = register_classifier(
                    weights_file(read(pack.manifest["study_file"]).weights)
                )
                packed = pack.store(weights, told)
                study = _loaded(pack)
                told("pictures")
                draw_pictures(study)
        except (
            *(MapPackError, ArtefactError, StoreFullError),
            *(RegistryError, StudyError, StudyFileError),
        ) as error:
            raise CommandError(str(error)) from error
        return _summary(study, packed)


@transaction.atomic
def _loaded(pack: Pack) -> Study:
    """Load the study and choose its images. Raises MapPackError if they are others than there."""
    study = load_study(pack.manifest["study_file"])
    choose_stimuli(study)
    here, there = fingerprint(study).stimuli, pack.manifest["stimuli_sha256"]
    if here != there:
        raise MapPackError(
            f"The study would show other pictures here ({here[:12]}) than where the maps were "
            f"computed ({there[:12]}), so it was not loaded. Use the same version of the platform "
            "and the same images on both machines."
        )
    return study


def _summary(study: Study, packed: Packed) -> str:
    return (
        f"Stored {packed.images} images and {packed.maps} maps, and loaded the study "
        f"{study.slug!r}: the pictures are those of the other machine. Open it with "
        f"manage.py open_study {study.slug}."
    )
