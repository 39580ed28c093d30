"""PDFs that belong to studies, stored in the data folder under the hash of their content."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from explanations.store.atomic_files import write_atomically
from surveys.services.errors import StudyError
from surveys.study_file.consent import Document
from surveys.study_file.declaration import StudyFile

LARGEST = 10_000_000  # bytes
BEGINNING = b"%PDF-"


class DocumentError(StudyError):
    """A document that is missing, or that is not what the study file declares."""


def declared_documents(study: StudyFile) -> list[Document]:
    """Return the PDFs that the study shows in its languages, each only once."""
    languages = (study, *study.translations.values())
    named = [language.consent.document for language in languages]
    return list(dict.fromkeys(document for document in named if document is not None))


def path_of(document: Document) -> Path:
    """Return the place of the document's content in the data folder."""
    return Path(settings.DATA_DIR) / "documents" / f"{document.sha256}.pdf"


def store_document(content: bytes) -> str:
    """Store a PDF and return the SHA-256 of its content. Raises DocumentError if it is not one."""
    if len(content) > LARGEST:
        raise DocumentError(f"The PDF has {len(content)} bytes. At most {LARGEST} are allowed.")
    if not content.startswith(BEGINNING):
        raise DocumentError("The file is not a PDF: it does not begin with %PDF-.")
    sha256 = hashlib.sha256(content).hexdigest()
    path = path_of(Document("", sha256))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    return sha256


def store_documents_beside(file: Path, study: StudyFile) -> None:
    """Store the PDFs that a study file names, which lie in its folder.

    A document that was stored before need not lie there. Raises DocumentError for a file that is
    missing or has another content than the study file says.
    """
    for document in declared_documents(study):
        beside = file.parent / document.name
        if not beside.is_file():
            if path_of(document).exists():
                continue
            raise DocumentError(
                f"The consent names {document.name!r}, which is not in the folder of the study "
                f"file. Put it there, or remove pdf."
            )
        sha256 = store_document(beside.read_bytes())
        if sha256 != document.sha256:
            raise DocumentError(
                f"{document.name!r} has another content than the study file says. If the new "
                f'content is right, write pdf = "{document.name}#{sha256}".'
            )


def missing_documents(study: StudyFile) -> Iterator[str]:
    """Yield a sentence for each declared PDF that is not stored."""
    for document in declared_documents(study):
        path = path_of(document)
        if not path.exists():
            yield (
                f"The consent's PDF {document.name!r} is not stored. Upload it in the panel, or "
                "put it next to the study file and load the file with manage.py load_study."
            )
        elif hashlib.sha256(path.read_bytes()).hexdigest() != document.sha256:
            yield (
                f"The consent's PDF {document.name!r} was changed on the disk after it was "
                "stored. Restore it from a backup, or upload it again."
            )
