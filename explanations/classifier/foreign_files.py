"""Weight files in other formats than safetensors, refused by name with the way to convert them.

Pickles run code when they are read, and so may TorchScript and exported programs. None of them is
ever opened here: a file is recognised by its name and its first bytes.
"""

import zipfile
from pathlib import Path

GUIDE = "docs/your-classifier.md"
PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt", ".tar")
PICKLE_START = b"\x80"
ZIP_START = b"PK\x03\x04"


def refusal(path: Path) -> str:
    """Return why a file of another format is refused and how to convert it, or an empty text for a
    file that may be safetensors."""
    kind, reading = _kind(path)
    if not kind:
        return ""
    if not reading:
        return (
            f"{path.name} is {kind}. Save the network's state_dict from PyTorch as safetensors "
            f"({GUIDE})."
        )
    return (
        f"{path.name} is {kind}, which can run code when it is read, so it is never opened here. "
        'Where you trust the file, convert it once: python -c "import torch; from '
        f"safetensors.torch import save_file; state = {reading.format(path.name)}; "
        "save_file({name: value.clone().contiguous() for name, value in state.items()}, "
        f"'{path.stem}.safetensors')\" ({GUIDE})"
    )


def _kind(path: Path) -> tuple[str, str]:
    """Return what the file is, and the expression that reads its state_dict."""
    suffix, start = path.suffix.lower(), _start(path)
    pickled = "torch.load('{}', map_location='cpu', weights_only=True)"
    if suffix == ".pt2":
        return "an exported program (torch.export)", "torch.export.load('{}').state_dict"
    if suffix == ".onnx":
        return "an ONNX model", ""
    if suffix in (".h5", ".keras", ".hdf5", ".tflite", ".pb"):
        return "a TensorFlow or Keras model", ""
    if start.startswith(ZIP_START):
        members = _members(path)
        if any("/code/" in member for member in members):
            return "a TorchScript archive", "torch.jit.load('{}', map_location='cpu').state_dict()"
        if any(member.endswith("archive_format") for member in members):
            return "an exported program (torch.export)", "torch.export.load('{}').state_dict"
        return "a pickle written by torch.save", pickled
    if start.startswith(PICKLE_START) or suffix in PICKLES:
        return "a pickle", pickled
    return "", ""


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4)
    except OSError:  # the reader that follows says what is wrong with the file
        return b""


def _members(path: Path) -> list[str]:
    """List the names in a zip archive. Its members are not read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return []
