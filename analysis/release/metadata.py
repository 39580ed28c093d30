"""Metadata of a release for people and programs: Psych-DS, DataCite, CITATION.cff and licence."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.release.csv_tables import CsvTable
from analysis.release.declaration import LICENCES, Author, Release

PSYCH_DS = "Psych-DS 1.5.1"


@dataclass(frozen=True)
class Description:
    """What every kind of metadata says about a release."""

    slug: str
    title: str
    abstract: str
    year: int
    date: str
    release: Release

    @property
    def licence_url(self) -> str:
        """Return the URL of the licence."""
        return LICENCES[self.release.licence]

    @property
    def authors(self) -> Sequence[Author]:
        """Return the authors in their order."""
        return self.release.authors

    @property
    def citation(self) -> str:
        """Return the data set as a reference in APA style, without a DOI, which comes later."""
        names = ", ".join(author.name for author in self.authors)
        return f"{names} ({self.year}). {self.title} [Data set]."


def dataset_description(
    description: Description, tables: Mapping[str, CsvTable], codebook: CsvTable
) -> str:
    """Return dataset_description.json of Psych-DS, with a variable for each column of the data."""
    release = description.release
    content: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": description.title,
        "description": description.abstract,
        "schemaVersion": PSYCH_DS,
        "author": [author.name for author in description.authors],
        "license": description.licence_url,
        "citation": description.citation,
        "datePublished": description.date,
        "keywords": list(release.keywords) or ["explainable AI", "user study"],
        "variableMeasured": _variables(tables, codebook),
    }
    if release.funder:
        content["funder"] = release.funder
    return _json(content)


def _variables(tables: Mapping[str, CsvTable], codebook: CsvTable) -> list[dict[str, Any]]:
    """Return a variable for each name of a column, as the codebook describes its first use."""
    described = {(row["file"], row["column"]): row for row in codebook.rows if not row["item"]}
    variables: dict[str, dict[str, Any]] = {}
    for file, table in tables.items():
        for column in table.columns:
            row = described.get((file, column), {})
            variable = {
                "@type": "PropertyValue",
                "name": column,
                "description": row.get("label") or column,
                "minValue": _number(row.get("minimum", "")),
                "maxValue": _number(row.get("maximum", "")),
            }
            kept = {key: value for key, value in variable.items() if value is not None}
            variables.setdefault(column, kept)
    return list(variables.values())


def _number(text: str) -> float | int | None:
    if not text:
        return None
    value = float(text)
    return int(value) if value.is_integer() else value


def datacite(description: Description) -> str:
    """Return metadata of DataCite's schema 4, to which a repository adds identifier and publisher.

    ":tba" and ":unav" are DataCite's own codes for what is to be announced and unavailable.
    """
    release = description.release
    content: dict[str, Any] = {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "identifiers": [{"identifier": ":tba", "identifierType": "DOI"}],
        "creators": [_creator(author) for author in description.authors],
        "titles": [{"title": description.title, "lang": "en"}],
        "publisher": {"name": ":unav"},
        "publicationYear": str(description.year),
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Psych-DS"},
        "subjects": [{"subject": word} for word in release.keywords],
        "dates": [{"date": description.date, "dateType": "Created"}],
        "language": "en",
        "rightsList": [
            {
                "rights": release.licence,
                "rightsUri": description.licence_url,
                "rightsIdentifier": release.licence,
                "rightsIdentifierScheme": "SPDX",
            }
        ],
        "descriptions": [
            {"description": description.abstract, "descriptionType": "Abstract", "lang": "en"}
        ],
    }
    if release.funder:
        content["fundingReferences"] = [{"funderName": release.funder}]
    if release.article:
        content["relatedIdentifiers"] = [
            {
                "relatedIdentifier": release.article,
                "relatedIdentifierType": "DOI",
                "relationType": "IsSupplementTo",
            }
        ]
    return _json(content)


def _creator(author: Author) -> dict[str, Any]:
    creator: dict[str, Any] = {"name": author.name, "nameType": "Personal"}
    if author.orcid:
        creator["nameIdentifiers"] = [
            {
                "nameIdentifier": f"https://orcid.org/{author.orcid}",
                "nameIdentifierScheme": "ORCID",
                "schemeUri": "https://orcid.org",
            }
        ]
    if author.affiliation:
        creator["affiliation"] = [{"name": author.affiliation}]
    return creator


def citation_file(description: Description) -> str:
    """Return CITATION.cff. JSON's texts are valid in YAML, so they need no other quotes."""
    lines = [
        "cff-version: 1.2.0",
        "message: If you use these data, please cite them.",
        "type: dataset",
        f"title: {json.dumps(description.title, ensure_ascii=False)}",
        f"date-released: {description.date}",
        f"license: {description.release.licence}",
        "authors:",
    ]
    for author in description.authors:
        lines.append(f"  - name: {json.dumps(author.name, ensure_ascii=False)}")
        if author.orcid:
            lines.append(f"    orcid: https://orcid.org/{author.orcid}")
    return "\n".join(lines) + "\n"


def licence_text(description: Description, pictures: str) -> str:
    """Return LICENSE: which licence the data have, where it stands, and what it does not cover."""
    return (
        f"{description.title}\n\n"
        f"The data and documents in this folder are licensed under {description.release.licence}:\n"
        f"{description.licence_url}\n\n{pictures}\n"
        "Questionnaires keep the licences that their files state.\n"
    )


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
