"""What a study used, for the release of its data: questionnaires, classifier's card, maps, and
pictures where their rights are declared as open."""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from django.db.models import QuerySet

from analysis.release.declaration import Release
from analysis.release.writing import Materials
from explanations.models import Explanation, StudyImage
from explanations.pipeline.data_folder import artefact_store, image_store
from explanations.store.artefacts import ArtefactError
from surveys import questionnaires
from surveys.models import Study
from surveys.study_file.stored import definition
from surveys.tidy.cells import csv_text

SHIPPED_RIGHTS: Mapping[str, str] = {"scenes": "BSD-3-Clause"}
"""Licence by name of the image sets that this project drew itself."""
OPEN_LICENCES = ("CC", "BSD", "MIT", "APACHE", "PUBLIC DOMAIN", "ODC", "PDDL")
"""Beginnings of the licences under which a questionnaire's wording may be passed on."""
FOLDER = "materials"


def with_rights(release: Release, study: Study) -> Release:
    """Return the declaration, with the rights to the images of a set that ships if none is said."""
    licence = SHIPPED_RIGHTS.get(study.image_set.name)
    if release.pictures != "unknown" or licence is None:
        return release
    return replace(release, pictures="open", pictures_licence=licence)


def materials_of(study: Study, release: Release) -> Materials:
    """Return the files of the study's materials, with a sentence for each that is withheld."""
    files: dict[str, bytes] = {}
    withheld: list[str] = []
    _add_questionnaires(study, files, withheld)
    weights = study.classifier
    card = {**weights.card, "name": weights.name, "sha256": weights.sha256}
    files[f"{FOLDER}/classifier-card.json"] = _json(card)
    if release.pictures == "patients":
        withheld.append("Maps: they may show what an image of a patient shows.")
    else:
        _add_maps(study, files, withheld)
    images = 0
    if release.pictures == "open":
        images = _add_images(study, files, withheld)
    else:
        withheld.append(
            f"Pictures of the images: their rights are declared as “{release.pictures}”. Set "
            'pictures = "open" and pictures_licence in [release] if they may be passed on.'
        )
    return Materials(files, withheld, images)


def _add_questionnaires(study: Study, files: dict[str, bytes], withheld: list[str]) -> None:
    for key in definition(study).questionnaires:
        licence = questionnaires.get(key).licence
        if licence.upper().startswith(OPEN_LICENCES):
            text = questionnaires.text_of(key)
            files[f"{FOLDER}/questionnaires/{key}.toml"] = text.encode()
        else:
            withheld.append(f"Questionnaire {key}: its licence is “{licence}”.")


def _maps(study: Study) -> QuerySet[Explanation]:
    methods = study.conditions.exclude(method="").values("method")
    return (
        Explanation.objects.filter(prediction__stimulus__study=study, method__in=methods)
        .select_related("prediction__image")
        .distinct()
        .order_by("key")
    )


def _add_maps(study: Study, files: dict[str, bytes], withheld: list[str]) -> None:
    """Add the numbers of the maps in one file, and a table of what each is."""
    arrays: dict[str, Any] = {}
    rows, damaged = [], 0
    store = artefact_store()
    for explanation in _maps(study):
        try:
            arrays[explanation.key] = store.read(explanation.stored).relevance
        except ArtefactError:
            damaged += 1
            continue
        image = explanation.prediction.image.sha256[:12]
        rows.append((explanation.key, explanation.method, image, explanation.explained_class))
    if damaged:
        withheld.append(f"Maps: {damaged} files are missing or damaged on the server.")
    if arrays:
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)
        files[f"{FOLDER}/maps.npz"] = content.getvalue()
        header = ("explanation", "method", "image", "explained_class")
        files[f"{FOLDER}/maps.csv"] = csv_text(header, rows).encode()


def _add_images(study: Study, files: dict[str, bytes], withheld: list[str]) -> int:
    rows, damaged = [], 0
    images = StudyImage.objects.filter(predictions__stimulus__study=study).distinct()
    for image in images.order_by("sha256"):
        path = image_store().path(image.sha256)
        if not path.is_file():
            damaged += 1
            continue
        name = f"images/{image.sha256[:12]}.png"
        files[f"{FOLDER}/{name}"] = path.read_bytes()
        rows.append((image.sha256[:12], image.sha256, image.true_class, name))
    if damaged:
        withheld.append(f"Pictures: {damaged} files are missing on the server.")
    if rows:
        header = ("image", "sha256", "true_class", "file")
        files[f"{FOLDER}/images.csv"] = csv_text(header, rows).encode()
    return len(rows)


def _json(content: Mapping[str, object]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n").encode()
