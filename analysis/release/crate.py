"""The folder as an RO-Crate: ro-crate-metadata.json names each file, its kind and its licence."""

import mimetypes
from pathlib import Path

from rocrate.model.contextentity import ContextEntity
from rocrate.model.person import Person
from rocrate.rocrate import ROCrate

from analysis.release.metadata import Description

FILE = "ro-crate-metadata.json"
VERSION = "1.1"
KINDS = {".toml": "application/toml", ".npz": "application/zip", ".cff": "application/yaml",
         ".md": "text/markdown", ".py": "text/x-python"}  # fmt: skip
DESCRIBED = {
    "data": "Tidy table of the data",
    "documentation": "Documentation of the data",
    "materials": "Material of the study",
    "results": "Result of the analysis of these data",
    "analysis": "Script that repeats the analysis",
}


def write_crate(folder: Path, description: Description) -> None:
    """Write ro-crate-metadata.json for every file of the folder."""
    crate = ROCrate(version=VERSION)
    crate.name = description.title
    crate.description = description.abstract
    crate.datePublished = description.date
    licence = ContextEntity(
        crate,
        description.licence_url,
        {
            "@type": "CreativeWork",
            "name": description.release.licence,
            "description": f"The licence {description.release.licence}.",
        },
    )
    crate.add(licence)
    crate.root_dataset["license"] = licence
    crate.root_dataset["keywords"] = ", ".join(description.release.keywords) or "user study"
    authors = [
        Person(
            crate,
            f"https://orcid.org/{author.orcid}" if author.orcid else f"#author-{number}",
            {
                "name": author.name,
                **({"affiliation": author.affiliation} if author.affiliation else {}),
            },
        )
        for number, author in enumerate(description.authors, start=1)
    ]
    for author in authors:
        crate.add(author)
    crate.root_dataset["author"] = authors if len(authors) > 1 else authors[0]
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != FILE:
            _add(crate, path, name)
    crate.metadata.write(folder)


def _add(crate: ROCrate, path: Path, name: str) -> None:
    kind = KINDS.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    folder = name.split("/")[0]
    crate.add_file(
        path,
        dest_path=name,
        properties={
            "name": path.name,
            "description": DESCRIBED.get(folder, "Document of the release") + f": {path.name}",
            "encodingFormat": kind,
            "contentSize": str(path.stat().st_size),
        },
    )
