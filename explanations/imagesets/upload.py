"""Images that somebody uploads, single files or zip files, with their classes."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import IO

from explanations.imagesets import zip_files
from explanations.imagesets.base import Entry, ImageSet, ImageSetError, LabelledImage, Original
from explanations.imagesets.decoding import (
    MAX_FILE_BYTES,
    content_hash,
    decode_content,
    pixel_count,
)
from explanations.imagesets.manifest import FILE, parse_groups
from explanations.translatable import Say, gettext_noop

MAX_UPLOAD_BYTES = 200_000_000
MAX_IMAGES = 1000
MAX_PIXELS_IN_ALL = 1_000_000_000
LONGEST_NAME = 200
NAMES_SHOWN = 3
SPLIT = "test"
"""The split of uploaded images, which no classifier here was trained on."""


@dataclass(frozen=True)
class Upload:
    """An uploaded file. ``read`` returns its bytes, and raises ImageSetError if it cannot."""

    name: str
    class_name: str
    read: Callable[[], bytes]
    group: str = ""
    """Group of the image in the manifest of its zip file. Empty if it has none."""

    @property
    def source(self) -> str:
        """Return the image's path in its set."""
        return f"{self.class_name}/{PurePosixPath(self.name).name}"


def read_uploads(
    files: Sequence[tuple[str, IO[bytes]]],
    class_names: Sequence[str],
    other_class: str = "",
    say: Say = str,
) -> list[Upload]:
    """List the images in files and zip files, each given as its name and its content.

    The class of an image is the folder that it is in. An image in no folder of a class gets
    ``other_class``. A file manifest.csv in a zip file gives groups, as in a folder. Raises
    ImageSetError with every problem. Images without a class share a problem, which ``say``
    translates.
    """
    uploads: list[Upload] = []
    problems: list[str] = []
    classless: list[str] = []
    for name, file in files:
        try:
            uploads += _uploads_in(name, file, class_names, other_class, problems, classless)
        except ImageSetError as error:
            problems.extend(error.problems)
    problems[:0] = _without_class(classless, class_names, say)
    if not uploads and not problems:
        problems.append("No image was sent. Choose images or a zip file of images.")
    if len(uploads) > MAX_IMAGES:
        problems.append(
            f"{len(uploads)} images were sent, but at most {MAX_IMAGES} are taken at once. "
            "Upload them in parts."
        )
    if problems:
        raise ImageSetError(*problems)
    return uploads


def _uploads_in(
    name: str,
    file: IO[bytes],
    class_names: Sequence[str],
    other_class: str,
    problems: list[str],
    classless: list[str],
) -> Iterator[Upload]:
    """Yield the images that have a class. Adds to ``problems``, and to ``classless`` the paths of
    the images that have none."""
    reads = _files_in(name, file)
    groups = _groups(name, reads)
    for path, read in reads.items():
        if PurePosixPath(path).name == FILE and path != name:
            continue
        try:
            class_name = _class_of(path, class_names, other_class)
        except ImageSetError as error:
            problems.extend(error.problems)
            continue
        if class_name:
            yield Upload(path, class_name, read, groups.get(path, ""))
        else:
            classless.append(path)


def _files_in(name: str, file: IO[bytes]) -> dict[str, Callable[[], bytes]]:
    """Return what reads each file of a zip file, or the file itself, by path."""
    if not zip_files.is_zip(file):
        return {name: partial(_content_of, file, name)}
    archive = zip_files.opened(file, name)
    return {
        entry.filename: partial(
            zip_files.content_of, archive, entry, f"{name}: {entry.filename}", MAX_FILE_BYTES
        )
        for entry in zip_files.files_in(archive)
    }


def _groups(name: str, reads: Mapping[str, Callable[[], bytes]]) -> dict[str, str]:
    """Return the group of each image by its path in a zip file. A manifest's paths are relative to
    its own folder."""
    groups: dict[str, str] = {}
    for path in reads:
        manifest = PurePosixPath(path)
        if manifest.name == FILE and path != name:
            paths = {
                PurePosixPath(one).relative_to(manifest.parent).as_posix(): one
                for one in reads
                if PurePosixPath(one).is_relative_to(manifest.parent)
            }
            found = parse_groups(reads[path](), f"{name}: {path}", paths.__contains__)
            groups |= {paths[one]: group for one, group in found.items()}
    return groups


def _content_of(file: IO[bytes], name: str) -> bytes:
    file.seek(0)
    content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ImageSetError(
            f"{name} has more than {MAX_FILE_BYTES // 1_000_000} MB, the most that a file may "
            "have. Save it smaller."
        )
    return content


def _class_of(path: str, class_names: Sequence[str], other_class: str) -> str:
    """Return the class of the image at the path, or an empty text if it has none."""
    *folders, name = PurePosixPath(path).parts or ("",)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ImageSetError(
            f"{path!r} is not a usable file name. It must have 1 to {LONGEST_NAME} characters that "
            "can be shown. Rename the file."
        )
    by_folder = {known.casefold(): known for known in class_names}
    folder = folders[-1] if folders else ""
    if (known := by_folder.get(folder.casefold())) is not None:
        return known
    # A name counts more than the form, whose class is for images that tell none: one choice must
    # not give a class to all images of an upload.
    return ("" if folder else _named_in(name, class_names)) or other_class


def _named_in(name: str, class_names: Sequence[str]) -> str:
    """Return the class with which the file's name begins, as in boat_1.png, or an empty text.

    A number, a space or a mark must follow the class. The longest class counts, such as "cat fish"
    rather than "cat".
    """
    stem = PurePosixPath(name).stem.casefold()
    fitting = [
        known
        for known in class_names
        if re.match(rf"{re.escape(known.casefold())}(?![^\W\d_])", stem)
    ]
    return max(fitting, key=len, default="")


def _without_class(paths: Sequence[str], class_names: Sequence[str], say: Say) -> Iterator[str]:
    """Yield a sentence on the images in no folder, and one on those in folders of no class."""
    for is_in_folder in (False, True):
        found = [path for path in paths if (len(PurePosixPath(path).parts) > 1) == is_in_folder]
        if not found:
            continue
        if len(found) > 1 and is_in_folder:
            where = gettext_noop("%(count)d images are in folders that are not classes: %(names)s")
        elif len(found) > 1:
            where = gettext_noop("The class of %(count)d files is not known: %(names)s")
        elif is_in_folder:
            where = gettext_noop("%(name)s is in the folder “%(folder)s”, which is not a class.")
        else:
            where = gettext_noop("The class of %(name)s is not known.")
        cure = gettext_noop(
            "Put each image into a folder that is named after its class (%(classes)s), begin its "
            "name with the class, such as %(first)s-1.png, or choose the class in the form."
        )
        values = {
            "count": len(found),
            "names": ", ".join(found[:NAMES_SHOWN]) + (", …" if len(found) > NAMES_SHOWN else "."),
            "name": found[0],
            "folder": PurePosixPath(found[0]).parent.name,
            "classes": ", ".join(class_names),
            "first": class_names[0],
        }
        yield f"{say(where)} {say(cure)}" % values


class UploadSet(ImageSet):
    """Uploaded images, as they are.

    ``taken`` maps the sources of the images that the set already has to their content hashes; a new
    image never gets the source of another. ``training`` is a set whose training images become the
    background.
    """

    def __init__(
        self,
        name: str,
        class_names: Sequence[str],
        uploads: Sequence[Upload],
        *,
        taken: Mapping[str, str],
        training: ImageSet,
    ) -> None:
        super().__init__(name, class_names)
        self._uploads = uploads
        self._taken = dict(taken)
        self._training = training
        self._pixels_left = MAX_PIXELS_IN_ALL
        self._counted: set[int] = set()

    def entries(self, split: str) -> Sequence[Entry]:
        """List the uploads in the order in which they were sent."""
        if split != SPLIT:
            return self._training.entries(split)
        return [
            Entry(str(number), self.class_names.index(upload.class_name))
            for number, upload in enumerate(self._uploads)
        ]

    def load(self, split: str, entry: Entry) -> LabelledImage:
        """Decode an upload, and note the file itself."""
        if split != SPLIT:
            return self._training.load(split, entry)
        number = int(entry.source)
        upload = self._uploads[number]
        content = upload.read()
        # An image may be loaded again, when it is written.
        if number not in self._counted:
            self._counted.add(number)
            self._pixels_left -= pixel_count(content, upload.name)
        if self._pixels_left < 0:
            raise ImageSetError(
                f"{upload.name}: with this image, the upload has more than "
                f"{MAX_PIXELS_IN_ALL // 1_000_000} megapixels. Upload the images in parts."
            )
        pixels = decode_content(content, upload.name)
        original = Original(
            PurePosixPath(upload.name).name,
            hashlib.sha256(content).hexdigest(),
            len(content),
            upload.read,
        )
        source = self._free_source(upload.source, content_hash(pixels))
        return LabelledImage(
            pixels, upload.class_name, split, source, group=upload.group, original=original
        )

    def _free_source(self, source: str, shown: str) -> str:
        """Return the source, made longer if another image has it."""
        if self._taken.setdefault(source, shown) == shown:
            return source
        path = PurePosixPath(source)
        longer = str(path.with_name(f"{path.stem}-{shown[:8]}{path.suffix}"))
        self._taken[longer] = shown
        return longer
