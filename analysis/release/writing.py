"""The whole release as a folder: data, documents, materials, results, and their checks."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analysis.errors import ReleaseError
from analysis.release import layout, metadata
from analysis.release.checking.check import check_folder, check_table
from analysis.release.comparison import Comparison, compare, different_places, shown
from analysis.release.crate import write_crate
from analysis.release.csv_tables import CsvTable
from analysis.release.declaration import LICENCES, Release
from analysis.release.deidentify import Released, deidentify
from analysis.release.quasi_identifiers import chosen
from analysis.release.redo import SCRIPT
from analysis.release.removals import Kind
from analysis.release.sheet import pictures_sentence, read_me, removed_sheet
from analysis.results import compute, to_json
from analysis.run import analyse
from analysis.study_data.looks_and_maps import GRIDS, PATHS
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study

READ = (
    *("participants.csv", "trials.csv", "answers.csv", "block_answers.csv", "codebook.csv"),
    *(PATHS, GRIDS),
)
"""The tables that the analysis reads."""
LIKELY = (Kind.QUASI_IDENTIFIERS, Kind.TEXTS, Kind.NOTES, Kind.TIMES, Kind.IDENTIFIERS)
"""The removals that can change a result, the likeliest first."""
UNUSED = "not asked, or the same for everybody"
RESULTS = ("results.json", "results.schema.json", "scores.csv", "report.html", "report.pdf")


@dataclass(frozen=True)
class Materials:
    """What a study used, by place in the release; ``withheld`` says what is missing, and why."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    withheld: Sequence[str] = ()
    images: int = 0


@dataclass(frozen=True)
class Summary:
    """What a release contains, in numbers."""

    files: int
    participants: int
    smallest: int
    suppressed: int
    texts_withheld: int
    equal: int
    differing: int

    def __str__(self) -> str:
        classes = (
            f"the smallest class has {self.smallest} people" if self.smallest else "no classes"
        )
        return (
            f"{self.participants} participants in {self.files} files; {classes}, "
            f"{self.suppressed} suppressed; {self.texts_withheld} free texts withheld; "
            f"{self.equal} numbers of the report are equal, {self.differing} depend on something "
            "removed."
        )


def write_release(
    export: Path,
    output: Path,
    release: Release,
    *,
    title: str,
    command: str,
    materials: Materials = Materials(),
    passed: Collection[str] = (),
    evaluation: Path | None = None,
    pdf: bool = False,
    told: Callable[[str], None] = lambda step: None,
) -> Summary:
    """Write the release of an export to ``output``, which must be empty.

    Raises ReleaseError if something that leads to a person is left, and whatever the analysis
    raises. ``told`` is called with each step.
    """
    check_declaration(release)
    told("removing")
    released = deidentify(export, release, passed)
    _refuse_leaking_tables(released, release)
    slug = str(released.manifest["study"])
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        tidy = _tidy(released, work / "tidy", evaluation)
        told("analysing the release")
        analyse(tidy, work / "report", command=command, pdf=pdf)
        told("comparing")
        comparison = _compared(export, work, release, passed, released, evaluation)
        told("writing")
        _copy_results(work / "report", output / "results")
        for name in layout.MATERIALS:
            if (tidy / name).is_file():
                _write(output / layout.place_of(name, slug), (tidy / name).read_bytes())
    data = {name: t for name, t in released.tables.items() if name not in layout.MATERIALS}
    # An empty table, such as that of people without an arm, is left out.
    data = {name: table for name, table in data.items() if table.rows}
    for name, table in data.items():
        _write(output / layout.place_of(name, slug), table.text.encode())
    for name, content in materials.files.items():
        _write(output / name, content)
    _write_documents(
        output, release, released, comparison, materials, data, title=title, command=command
    )
    told("checking")
    _refuse_leaks(output, release)
    return Summary(
        sum(path.is_file() for path in output.rglob("*")),
        len(released.tables["participants.csv"].rows),
        released.smallest,
        released.suppressed,
        sum(removal.count for removal in released.removals if removal.kind is Kind.TEXTS),
        comparison.equal,
        len(comparison.numbers),
    )


def check_declaration(release: Release) -> None:
    """Check that somebody has said who gives the data away, and under which licence."""
    problems = []
    if not release.licence:
        problems.append(
            "The release has no licence. Set licence in [release] of the study file, or give it "
            f"with --licence. Known licences: {', '.join(LICENCES)}."
        )
    if not release.authors:
        problems.append(
            "The release has no authors. List them in [[release.authors]] of the study file, or "
            "give them with --authors."
        )
    if problems:
        raise ReleaseError(problems)


def _tidy(released: Released, folder: Path, evaluation: Path | None) -> Path:
    """Write the released tables under the names that the analysis reads."""
    files = {name: table.text.encode() for name, table in released.tables.items()}
    files |= {name: text.encode() for name, text in released.texts.items()}
    if evaluation is not None:
        named = evaluation / "images.csv" if evaluation.is_dir() else evaluation
        files["evaluation.csv"] = named.read_bytes()
    hashes = {
        name: {"rows": len(table.rows), "sha256": hashlib.sha256(files[name]).hexdigest()}
        for name, table in released.tables.items()
    }
    manifest = {**released.manifest, "files": hashes}
    files["manifest.json"] = _json(manifest)
    for name, content in files.items():
        _write(folder / name, content)
    return folder


def _compared(
    export: Path,
    work: Path,
    release: Release,
    passed: Collection[str],
    released: Released,
    evaluation: Path | None,
) -> Comparison:
    """Compare the results of the release with those of the original data.

    Where they differ, kinds of removals are made alone, one after the other, until every difference
    is explained by what causes it, and not by a guess.
    """
    original = _results(export, evaluation)
    redone = json.loads((work / "report" / "results.json").read_text(encoding="utf-8"))
    alone: dict[str, set[str]] = {}
    if open_places := different_places(original, redone):
        before = _read_by_analysis(_tidy(_nothing(export, release), work / "original", evaluation))
        made_here = {removal.kind for removal in released.removals}
        for kind in (kind for kind in LIKELY if kind in made_here):
            if not open_places:
                break
            made = deidentify(export, release, passed, kinds=(kind,))
            folder = _tidy(made, work / f"alone-{kind.name.lower()}", evaluation)
            if _read_by_analysis(folder) != before:
                alone[kind.value] = different_places(original, _results(folder, evaluation))
                open_places -= alone[kind.value]
    return compare(original, redone, alone)


def _nothing(export: Path, release: Release) -> Released:
    return deidentify(export, release, kinds=())


def _read_by_analysis(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder that the analysis reads, without the hashes of the others."""
    names = [*READ, "plan.toml", "registered.json", "study.toml"]
    files = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest.pop("files", None)
    return files | {"manifest.json": _json(manifest)}


def _results(folder: Path, evaluation: Path | None) -> Any:
    data = read_study(folder, None, evaluation)
    return json.loads(to_json(compute(data, score_table(data))))


def _copy_results(report: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in RESULTS:
        if (report / name).is_file():
            shutil.copyfile(report / name, target / name)
    if (report / "figures").is_dir():
        shutil.copytree(report / "figures", target / "figures", dirs_exist_ok=True)


def _write_documents(
    output: Path,
    release: Release,
    released: Released,
    comparison: Comparison,
    materials: Materials,
    data: Mapping[str, CsvTable],
    *,
    title: str,
    command: str,
) -> None:
    today = datetime.now(UTC).date()
    slug = str(released.manifest["study"])
    people = len(released.tables["participants.csv"].rows)
    trials = len(released.tables["trials.csv"].rows)
    description = metadata.Description(
        slug,
        title,
        f"Data of the study “{title}”: {people} participants, {trials} trials with the predictions "
        "of an image classifier and their visual explanations. Direct identifiers are removed, and "
        f"at least {release.k} people share each combination of describing answers.",
        today.year,
        today.isoformat(),
        release,
    )
    files = [layout.place_of(name, slug) for name in data]
    codebook = released.tables["codebook.csv"]
    rights = pictures_sentence({"images": materials.images}, release.pictures_licence)
    levels = {item: level.words for item, level in released.levels.items()}
    declared = {
        "study": slug,
        "command": command,
        "tables": list(data),
        "k": release.k,
        "smallest_class": released.smallest,
        "people": released.people,
        "suppressed": released.suppressed,
        "quasi_identifiers": [
            {
                "item": entry.item,
                "released": levels.get(entry.item, UNUSED),
            }
            for entry in chosen(release, released.tables)
        ],
    }
    documents = {
        "README.md": read_me(description, files),
        "CHANGES.md": f"# Changes\n\n- {today.isoformat()}: first release.\n",
        "LICENSE": metadata.licence_text(description, rights),
        "CITATION.cff": metadata.citation_file(description),
        "datacite.json": metadata.datacite(description),
        "dataset_description.json": metadata.dataset_description(description, data, codebook),
        layout.DECLARED: _json(declared).decode(),
        layout.REMOVED: removed_sheet(released, comparison, release.k, materials.withheld),
        layout.COMPARISON: _comparison_table(comparison),
        layout.SCRIPT: SCRIPT,
    }
    for name, text in documents.items():
        _write(output / name, text.encode())
    write_crate(output, description)


def _comparison_table(comparison: Comparison) -> str:
    columns = ("place", "original", "released", "depends_on")
    rows = [
        dict(
            zip(
                columns,
                (one.place, shown(one.original), shown(one.released), one.because),
                strict=True,
            )
        )
        for one in comparison.differences
    ]
    return CsvTable(columns, tuple(rows)).text


def _refuse_leaks(output: Path, release: Release) -> None:
    checked = check_folder(output, release.k)
    if checked.findings:
        raise ReleaseError([finding.sentence for finding in checked.findings])


def _refuse_leaking_tables(released: Released, release: Release) -> None:
    """Check the tables before the analysis, so that a text that names somebody is told at once."""
    findings = [
        finding.sentence
        for name, table in released.tables.items()
        for finding in check_table(name, table.columns, table.rows, release.k)
    ]
    if findings:
        raise ReleaseError(findings)


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
