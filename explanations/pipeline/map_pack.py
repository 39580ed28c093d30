"""Images, predictions and maps in one file, to carry them from the machine that computed them.

The file is a zip file. Its manifest names the SHA-256 of every other entry, and each map is
compared with its own hash again, so that nothing damaged or exchanged is stored. Importing needs no
torch.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.decoding import content_hash, decode_content
from explanations.models import ClassifierWeights, Explanation, ImageSet, Prediction, StudyImage
from explanations.pipeline.data_folder import artefact_store, image_store
from explanations.store.artefacts import Artefact, Stored

FORMAT = "study-maps-1"
MANIFEST = "manifest.json"
ROWS = "rows.json"
LARGEST = 200_000_000
"""Bytes that one entry may have, so that a forged pack cannot fill the memory."""
AT_ONCE = 200
_OF_SET = ("name", "class_names", "fitted_size", "split_rule", "warnings")
_OF_IMAGE = ("sha256", "split", "true_class", "group", "source", "width", "height", "part_names")
_OF_PREDICTION = ("predicted_class", "probability", "probabilities", "is_correct")
_OF_MAP = ("method", "other_class", "key", "sha256", "parameters", "diagnostics", "provenance")


class MapPackError(ValueError):
    """A pack that is damaged, or that does not fit what is here. The message names the cure."""


@dataclass(frozen=True)
class Packed:
    """The numbers of what a pack contains."""

    images: int
    maps: int


def write_pack(
    file: zipfile.ZipFile,
    image_set: ImageSet,
    weights: ClassifierWeights,
    about: Mapping[str, Any],
    told: Callable[[str], None],
) -> Packed:
    """Write all images of the set, and the classifier's predictions and maps of them.

    ``about`` is stored in the manifest. Raises ArtefactError for a damaged map or image.
    """
    hashes: dict[str, str] = {}
    images = list(image_set.images.order_by("split", "pk"))
    predictions = Prediction.objects.filter(image__image_set=image_set, classifier=weights)
    maps = Explanation.objects.filter(prediction__in=predictions).order_by("pk")
    rows: dict[str, Any] = {
        "image_set": {name: getattr(image_set, name) for name in _OF_SET},
        "images": [_image(image) for image in images],
        "predictions": [
            {**_place(row.image), **{name: getattr(row, name) for name in _OF_PREDICTION}}
            for row in predictions.select_related("image").order_by("pk")
        ],
        "maps": [
            {**_place(row.prediction.image), **{name: getattr(row, name) for name in _OF_MAP}}
            for row in maps.select_related("prediction__image")
        ],
    }

    def add(name: str, content: bytes) -> None:
        if name not in hashes:
            hashes[name] = hashlib.sha256(content).hexdigest()
            file.writestr(name, content)

    for number, image in enumerate(images, start=1):
        told(f"image {number} of {len(images)}")
        image_store().read(image.sha256)  # refuses a damaged file
        add(_image_name(image.sha256), image_store().path(image.sha256).read_bytes())
    for number, explanation in enumerate(maps, start=1):
        told(f"map {number} of {maps.count()}" if number == 1 else f"map {number}")
        artefact = artefact_store().artefact(explanation.stored)
        add(_map_name(explanation.key), artefact.content)
    add(ROWS, json.dumps(rows, sort_keys=True).encode())
    manifest = {"format": FORMAT, "weights_sha256": weights.sha256, **about, "files": hashes}
    file.writestr(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
    return Packed(len(images), len(rows["maps"]))


@dataclass(frozen=True)
class Pack:
    """An open pack, whose every entry is compared with the manifest when it is read."""

    file: zipfile.ZipFile
    manifest: Mapping[str, Any]

    @classmethod
    def of(cls, file: zipfile.ZipFile) -> "Pack":
        """Open the pack. Raises MapPackError for any other zip file."""
        try:
            manifest = json.loads(_limited(file, MANIFEST))
            files = dict(manifest["files"])
        except (KeyError, ValueError, TypeError) as error:
            raise MapPackError(
                "This is not a pack of maps. Make one with manage.py export_maps."
            ) from error
        if manifest.get("format") != FORMAT:
            raise MapPackError(
                f"The pack has the format {manifest.get('format')!r}, but this version reads "
                f"{FORMAT!r}. Export the maps with the version that is installed here."
            )
        return cls(file, {**manifest, "files": files})

    def read(self, name: str) -> bytes:
        """Return an entry. Raises MapPackError unless it is what the manifest says."""
        try:
            content = _limited(self.file, name)
        except (KeyError, zipfile.BadZipFile) as error:
            raise _damaged(name) from error
        if hashlib.sha256(content).hexdigest() != self.manifest["files"].get(name):
            raise _damaged(name)
        return content

    def store(self, weights: ClassifierWeights, told: Callable[[str], None]) -> Packed:
        """Store everything that is not here yet, all rows or none. Raises MapPackError."""
        rows = json.loads(self.read(ROWS))
        if weights.sha256 != self.manifest["weights_sha256"]:
            raise MapPackError(
                f"The maps are of a classifier with the hash {self.manifest['weights_sha256'][:12]}"
                f", but the weights here have {weights.sha256[:12]}. Use the same weight file."
            )
        # Files first: they are named by their content, so that an unused file does no harm.
        for number, image in enumerate(rows["images"], start=1):
            told(f"image {number} of {len(rows['images'])}")
            self._store_image(image["sha256"])
        stored = dict(self._store_maps(rows["maps"], told))
        told("rows")
        with transaction.atomic():
            images = _images(rows)
            predictions = dict(_predictions(rows["predictions"], images, weights))
            for row in rows["maps"]:
                place = asdict(stored[row["key"]])
                Explanation.objects.update_or_create(
                    prediction=predictions[row["split"], row["image"]],
                    key=row["key"],
                    defaults={name: row[name] for name in _OF_MAP} | place,
                )
        return Packed(len(rows["images"]), len(rows["maps"]))

    def _store_image(self, sha256: str) -> None:
        name = _image_name(sha256)
        try:
            pixels = decode_content(self.read(name), name)
        except ImageSetError as error:
            raise _damaged(name) from error
        if content_hash(pixels) != sha256:
            raise _damaged(name)
        image_store().write(pixels)

    def _store_maps(
        self, rows: list[Mapping[str, Any]], told: Callable[[str], None]
    ) -> Iterator[tuple[str, Stored]]:
        wanted = {row["key"]: row for row in rows}
        for stored, _ in artefact_store().found(list(wanted)):
            if wanted.get(stored.key, {}).get("sha256") == stored.sha256:
                del wanted[stored.key]
                yield stored.key, stored
        keys = list(wanted)
        with artefact_store().writer() as writer:
            for first in range(0, len(keys), AT_ONCE):
                told(f"map {first} of {len(keys)}")
                artefacts = [self._artefact(wanted[key]) for key in keys[first : first + AT_ONCE]]
                for stored in writer.append(artefacts):
                    yield stored.key, stored

    def _artefact(self, row: Mapping[str, Any]) -> Artefact:
        name = _map_name(row["key"])
        content = self.read(name)
        if hashlib.sha256(content).hexdigest() != row["sha256"]:
            raise _damaged(name)
        artefact = Artefact(row["key"], content, row["provenance"])
        _ = artefact.attribution  # raises ArtefactError for the map of another key
        return artefact


def _images(rows: Mapping[str, Any]) -> dict[tuple[str, str], StudyImage]:
    """Return the images by split and hash, in a set that is made if it does not exist."""
    described = dict(rows["image_set"])
    name = described.pop("name")
    image_set, _ = ImageSet.objects.get_or_create(name=name, defaults=described)
    for field in ("class_names", "fitted_size"):
        here, there = getattr(image_set, field), described[field]
        if here != there:
            raise MapPackError(
                f"The image set {name!r} has the {field} {here!r} here and {there!r} in the pack. "
                "Import the images in the same way on both machines."
            )
    found = {}
    for row in rows["images"]:
        own = {key: row[key] for key in _OF_IMAGE if key not in ("split", "sha256")}
        part_map = bytes.fromhex(row["part_map"]) if row["part_map"] else None
        image, _ = StudyImage.objects.get_or_create(
            image_set=image_set,
            split=row["split"],
            sha256=row["sha256"],
            defaults={**own, "part_map": part_map},
        )
        found[row["split"], row["sha256"]] = image
    return found


def _predictions(
    rows: list[Mapping[str, Any]],
    images: Mapping[tuple[str, str], StudyImage],
    weights: ClassifierWeights,
) -> Iterator[tuple[tuple[str, str], Prediction]]:
    for row in rows:
        place = row["split"], row["image"]
        values = {name: row[name] for name in _OF_PREDICTION}
        prediction, _ = Prediction.objects.get_or_create(
            image=images[place], classifier=weights, defaults=values
        )
        if prediction.predicted_class != row["predicted_class"]:
            raise MapPackError(
                f"The image {row['image'][:12]} is predicted as {prediction.predicted_class!r} "
                f"here and as {row['predicted_class']!r} in the pack. Delete the study's "
                "predictions here, or compute the maps here."
            )
        yield place, prediction


def _image(image: StudyImage) -> dict[str, Any]:
    part_map = bytes(image.part_map).hex() if image.part_map else ""
    return {**{name: getattr(image, name) for name in _OF_IMAGE}, "part_map": part_map}


def _place(image: StudyImage) -> dict[str, str]:
    return {"split": image.split, "image": image.sha256}


def _image_name(sha256: str) -> str:
    return f"images/{sha256}.png"


def _map_name(key: str) -> str:
    return f"maps/{key}.safetensors"


def _limited(file: zipfile.ZipFile, name: str) -> bytes:
    if file.getinfo(name).file_size > LARGEST:
        raise _damaged(name)
    return file.read(name)


def _damaged(name: str) -> MapPackError:
    return MapPackError(
        f"{name} in the pack is missing or is not what was written. Copy the pack again, or make "
        "it again with manage.py export_maps."
    )


def file_of(path: Path) -> zipfile.ZipFile:
    """Open the file for reading. Raises MapPackError if it is not a zip file."""
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise MapPackError(
            f"{path.name} is not a pack of maps. Make one with manage.py export_maps."
        ) from error
