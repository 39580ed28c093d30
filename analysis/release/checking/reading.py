"""Reading of the files of a folder, whatever program wrote them."""

import csv
import gzip
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from pathlib import Path

import pandas as pd

from analysis.release.checking.documents import Document, TextTable, of_json, text_of

LARGEST = 512 * 1024 * 1024  # an archive that claims more is not unpacked
SEPARATORS = ",;\t|"
ARCHIVES = frozenset({".zip", ".docx", ".pptx", ".odt", ".ods", ".odp"})
"""Archives. Office documents are archives that contain their text as XML."""
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"})
HARMLESS = frozenset({".css", ".js", ".svg", ".woff", ".woff2", ".safetensors", ".npy", ".npz"})
"""Files of pages and numbers, in which the patterns would only find numbers."""


def read_files(folder: Path) -> Iterator[tuple[str, Document | None]]:
    """Yield each file's name and content, those inside of archives as well, in the order of names.

    The content is None for a kind of file that is not looked into.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield from read_bytes(path.relative_to(folder).as_posix(), path.read_bytes())


def read_bytes(name: str, content: bytes) -> Iterator[tuple[str, Document | None]]:
    """Yield the content of a file and, for an archive, that of each file in it."""
    suffix = Path(name).suffix.lower()
    if suffix in ARCHIVES:
        yield from _archive(name, content)
        return
    if suffix == ".gz":
        yield from _unpacked(name, content)
        return
    reader = READERS.get(suffix)
    if suffix in HARMLESS or (reader is None and not _is_text(content)):
        yield name, None
        return
    try:
        yield name, (reader or _text)(content)
    except Exception as error:  # every reader has errors of its own, and none may end the check
        yield name, Document(problem=f"It cannot be read ({type(error).__name__}).")


def _archive(name: str, content: bytes) -> Iterator[tuple[str, Document | None]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > LARGEST:
                raise zipfile.BadZipFile("too large")
            for entry in sorted(entries, key=lambda entry: entry.filename):
                yield from read_bytes(f"{name}!{entry.filename}", archive.read(entry))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        # RuntimeError: the archive has a password.
        yield name, Document(problem="The archive cannot be opened.")


def _unpacked(name: str, content: bytes) -> Iterator[tuple[str, Document | None]]:
    try:
        with gzip.open(io.BytesIO(content)) as file:
            inner = file.read(LARGEST)
    except (OSError, EOFError):
        yield name, Document(problem="The archive cannot be opened.")
        return
    yield from read_bytes(name.removesuffix(".gz"), inner)


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _separated(content: bytes, separator: str = "") -> Document:
    text = _decoded(content)
    first = text.split("\n", 1)[0]
    chosen = separator or max(SEPARATORS, key=first.count)
    csv.field_size_limit(2**31 - 1)
    # strict=False reads a file whose quotes are not closed: leaks in it are leaks.
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=chosen) if row]
    if not rows:
        return Document()
    width = max(map(len, rows))
    header = [*rows[0], *(f"column {n}" for n in range(len(rows[0]) + 1, width + 1))]
    cells = [[*row, *[""] * (width - len(row))] for row in rows[1:]]
    return Document([TextTable(tuple(header), cells)])


def _json(content: bytes) -> Document:
    return of_json(json.loads(_decoded(content)))


def _json_lines(content: bytes) -> Document:
    return of_json([json.loads(line) for line in _decoded(content).splitlines() if line.strip()])


def _notebook(content: bytes) -> Document:
    document = of_json(json.loads(_decoded(content)))
    texts = [text for table in document.tables for row in table.rows for text in row]
    texts += [text for _, _, text in document.lines]
    # Embedded pictures are long runs of letters, in which an id could occur by chance.
    shown = [text for text in texts if not re.fullmatch(r"[A-Za-z0-9+/=\n]{200,}", text)]
    return Document(lines=[(0, "cell", text) for text in shown])


def _text(content: bytes) -> Document:
    return Document(lines=_numbered(_decoded(content)))


def _page(content: bytes) -> Document:
    text = re.sub(r"(?is)<(style|svg)\b.*?</\1>", " ", _decoded(content))
    text = re.sub(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]+", " ", text)
    # The text between the tags, and the tags themselves: an address may be in a link.
    shown = unescape(re.sub(r"<[^>]*>", " ", text))
    attributes = " \n".join(re.findall(r"(?:href|title|alt|value|content)=[\"']([^\"']*)", text))
    return Document(lines=[*_numbered(shown), *_numbered(attributes)])


def _numbered(text: str) -> list[tuple[int, str, str]]:
    return [(n, "", line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]


def _workbook(content: bytes) -> Document:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    tables = []
    # Hidden sheets are read like the others.
    for sheet in book.worksheets:
        rows = [[text_of(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        rows = [row for row in rows if any(row)]
        if rows:
            width = max(map(len, rows))
            padded = [[*row, *[""] * (width - len(row))] for row in rows]
            tables.append(TextTable(tuple(padded[0]), padded[1:], sheet.title))
    return Document(tables)


def _parquet(content: bytes) -> Document:
    return _of_frame(pd.read_parquet(io.BytesIO(content)))


def _sav(content: bytes) -> Document:
    return _statistics_file(content, ".sav")


def _dta(content: bytes) -> Document:
    return _statistics_file(content, ".dta")


def _statistics_file(content: bytes, suffix: str) -> Document:
    import pyreadstat

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"data{suffix}"
        path.write_bytes(content)
        read = pyreadstat.read_sav if suffix == ".sav" else pyreadstat.read_dta
        frame, metadata = read(str(path))
    named = zip(metadata.column_names, metadata.column_labels, strict=True)
    labels = [(0, f"label of {name}", text_of(label)) for name, label in named]
    notes = [(0, "notes", str(note)) for note in metadata.notes or ()]
    return Document(_of_frame(frame).tables, [*labels, *notes])


def _of_frame(frame: pd.DataFrame) -> Document:
    rows = [[text_of(cell) for cell in row] for row in frame.itertuples(index=False, name=None)]
    return Document([TextTable(tuple(map(str, frame.columns)), rows)])


def _picture(content: bytes) -> Document:
    from PIL import ExifTags, Image

    with Image.open(io.BytesIO(content)) as picture:
        exif = picture.getexif()
    said = ["coordinates of the place"] if exif.get_ifd(ExifTags.IFD.GPSInfo) else []
    personal = (ExifTags.Base.Artist, ExifTags.Base.BodySerialNumber, ExifTags.Base.CameraOwnerName)
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    said += [tag.name for tag in personal if exif.get(tag) or inner.get(tag)]
    return Document(metadata=said)


READERS: Mapping[str, Callable[[bytes], Document]] = {
    ".csv": _separated,
    ".tsv": lambda content: _separated(content, "\t"),
    ".tab": lambda content: _separated(content, "\t"),
    ".json": _json,
    ".jsonld": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".ipynb": _notebook,
    ".xlsx": _workbook,
    ".xlsm": _workbook,
    ".parquet": _parquet,
    ".sav": _sav,
    ".dta": _dta,
    ".txt": _text,
    ".log": _text,
    ".html": _page,
    ".htm": _page,
    ".xml": _page,
    ".rels": _page,
    **dict.fromkeys(PICTURES, _picture),
}
"""The reader of each kind of file. Every other text file is read line by line."""
