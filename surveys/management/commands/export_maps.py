"""manage.py export_maps SLUG --output FILE.zip"""

import zipfile
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.management.outputs import refuse_overwriting
from explanations.management.progress import working
from explanations.pipeline.map_pack import write_pack
from explanations.store.artefacts import ArtefactError
from surveys.management.lookup import study_named
from surveys.services.fingerprints import fingerprint


class Command(DatabaseCommand):
    help = (
        "Writes a study's file, images, predictions and maps into one file, which import_maps "
        "stores on the server that serves the study."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument(
            "--output", type=arguments.output_file, required=True, metavar="FILE.zip"
        )
        parser.add_argument("--force", action="store_true", help="replace an existing file")

    def handle(self, *args: Any, slug: str, output: Path, **options: Any) -> str:
        study = study_named(slug)
        refuse_overwriting(output, force=options["force"])
        if not study.stimuli.exists():
            raise CommandError(
                f"The study {slug!r} has no images chosen yet. Run "
                f"manage.py precompute_explanations --study {slug} first."
            )
        about = {
            "study": slug,
            "study_file": study.source,
            "stimuli_sha256": fingerprint(study).stimuli,
        }
        part = output.with_name(f".{output.name}.unfinished")
        try:
            with working("Packing") as told, zipfile.ZipFile(part, "w") as file:
                packed = write_pack(file, study.image_set, study.classifier, about, told)
            part.replace(output)
        except ArtefactError as error:
            raise CommandError(str(error)) from error
        finally:
            part.unlink(missing_ok=True)
        return f"Wrote {packed.images} images and {packed.maps} maps of {slug!r} to {output}."
