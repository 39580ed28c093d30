"""Store of uploaded files, each kept unchanged under the hash of its bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from explanations.store.atomic_files import sha256_of_file, write_atomically

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


@dataclass(frozen=True)
class OriginalStore:
    """A folder that only the server's own account may enter. The same file is stored once."""

    folder: Path

    def write(self, content: bytes) -> str:
        """Store a file unless it is there, and return its hash."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if not path.is_file():
            self.folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            write_atomically(path, content, PRIVATE_FILE)
        return sha256

    def problem_of(self, sha256: str) -> str | None:
        """Return a sentence if the file is missing or damaged."""
        path = self.path(sha256)
        if not path.is_file():
            return f"{path} is missing. Restore it, or upload the file again."
        if sha256_of_file(path) != sha256:
            return f"{path} is damaged. Restore it, or remove it and upload the file again."
        return None

    def path(self, sha256: str) -> Path:
        """Return the path of a file."""
        return self.folder / sha256[:2] / sha256
