"""The reading of a study file's text, with every problem of the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from annotated_types import Ge, Le, MaxLen

from analysis.release.declaration import Release, problems_of
from analysis.toml import document
from analysis.toml.document import Document
from analysis.toml.positions import Path
from analysis.toml.problems import TableProblems, did_you_mean
from analysis.toml.typed import read_as
from analysis.toml.value_types import Words
from explanations.classifier.declaration import is_a_name
from surveys import tasks
from surveys.study_file import declaration, designs
from surveys.study_file.bonus import Bonus
from surveys.study_file.consent import Consent, check_consent
from surveys.study_file.endings import Ending
from surveys.study_file.parts import TrialsPart
from surveys.study_file.parts.attention import AttentionPart
from surveys.study_file.parts.instructions import TextPart
from surveys.study_file.parts.perception import PerceptionPart
from surveys.study_file.reading import recruitment
from surveys.study_file.reading.allocation import (
    AllocationTable,
    check_allocation,
    read_allocation,
)
from surveys.study_file.reading.bonus import check_bonus, with_currency
from surveys.study_file.reading.branching import check_branching
from surveys.study_file.reading.conditions import (
    check_key,
    declared_under,
    is_within,
    read_conditions,
)
from surveys.study_file.reading.endings import check_endings
from surveys.study_file.reading.parts import (
    SHORT_FORM,
    Asked,
    DeclaredParts,
    limited_by,
    read_parts,
)
from surveys.study_file.reading.pools import check_pools
from surveys.study_file.reading.sessions import check_sessions
from surveys.study_file.reading.translations import Translation, translations
from surveys.study_file.retention import Retention
from surveys.study_file.retention import problems_of as retention_problems
from surveys.study_file.sessions import Session
from surveys.study_file.signals import Signals

LARGEST_SEED = 2**63 - 1  # the length of the database's column
Tables = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Classifier:
    """The table [classifier]: the path of the weights, relative to the project, or the name of a
    registered classifier."""

    weights: Words


@dataclass(frozen=True)
class Retired:
    """Keys of [images] that files stored before they were retired can have."""

    per_arm: bool = False


@dataclass(frozen=True)
class FileTable:
    """The whole file, as written.

    Tables whose keys depend on other keys, such as a part's on its kind, are read separately.
    """

    slug: Words
    title: Annotated[Words, MaxLen(declaration.LONGEST_TITLE)]
    seed: Annotated[int, Ge(0), Le(LARGEST_SEED)]
    consent: Consent
    debrief: declaration.Debrief
    images: dict[str, Any]
    classifier: Classifier
    analysis: dict[str, Any]
    arms: Tables = ()
    conditions: Tables = ()
    parts: Tables = ()
    questionnaires: Asked = field(default_factory=Asked)
    design: declaration.Design = field(default_factory=declaration.Design)
    allocation: AllocationTable = field(default_factory=AllocationTable)
    pages: declaration.Pages = field(default_factory=declaration.Pages)
    language: Words = "en"
    question: Words = ""
    classes: Mapping[str, Words] = field(default_factory=dict)
    text: Mapping[str, Translation] = field(default_factory=dict)
    recruitment: dict[str, Any] = field(default_factory=dict)
    release: Release = field(default_factory=Release)
    retention: Retention = field(default_factory=Retention)
    signals: Signals = field(default_factory=Signals)
    bonus: Bonus | None = None
    endings: tuple[Ending, ...] = ()
    sessions: tuple[Session, ...] = ()


def read(text: str) -> declaration.StudyFile:
    """Return the study that the text declares. Its analysis plan is not checked.

    Raises StudyFileError with every problem of the file.
    """
    file, study = read_document(text)
    raise_problems(file)
    return study


def read_document(text: str) -> tuple[Document, declaration.StudyFile]:
    """Return the file, which collects its problems, and the study in it.

    Raises StudyFileError only if the text is not TOML at all.
    """
    file = document.read(text, "The study file", declaration.StudyFileError)
    written = read_as(FileTable, file.values, file.problems)
    # First, because images, design and allocation depend on the conditions.
    conditions = read_conditions(file)
    declared = read_parts(file, written.questionnaires)
    check_key(TableProblems(file.problems, ()), "slug", written.slug)
    study = declaration.StudyFile(
        slug=written.slug,
        title=written.title,
        seed=written.seed,
        consent=written.consent,
        debrief=written.debrief,
        images=_images(file, len(conditions)),
        weights=_weights(written.classifier, file),
        conditions=conditions,
        design=_design(written.design, conditions, file),
        parts=declared.parts,
        allocation=read_allocation(file, written.allocation, len(conditions)),
        analysis=file.table("analysis"),
        pages=written.pages,
        language=written.language,
        question=written.question,
        classes=written.classes,
        recruitment=(recruited := recruitment.read(file)),
        release=written.release,
        retention=written.retention,
        signals=written.signals,
        bonus=with_currency(written.bonus, recruited.currency),
        endings=written.endings,
        sessions=written.sessions,
    )
    study = replace(study, translations=translations(written.text, study, file.problems))
    _check_whole(file, study, declared)
    check_allocation(file, study)
    return file, study


def raise_problems(file: Document) -> None:
    """Raise StudyFileError if the file has any problem."""
    file.raise_problems("The study file", declaration.StudyFileError)


def _images(file: Document, arms: int) -> declaration.Images:
    table, path = file.table("images"), ("images",)
    # In the short form, [images] also contains the numbers of predictions.
    apart = ("per_arm",) if "parts" in file.values else ("per_arm", *SHORT_FORM)
    settings = {key: value for key, value in table.items() if key not in apart}
    retired = {key: value for key, value in table.items() if key == "per_arm"}
    also = [key for key in apart if key != "per_arm"]
    images = read_as(declaration.Images, settings, file.problems, path, also=also)
    if settings.get("names") == []:
        file.problems.add(
            (*path, "names"),
            "names is empty, so that no image could be shown. Name images, or remove it.",
        )
    # A retired key of stored files, which gave each arm a separate image set.
    if read_as(Retired, retired, file.problems, path).per_arm:
        return replace(images, sets=max(arms, 1))
    return images


def _weights(table: Classifier, file: Document) -> str:
    named = table.weights
    if not named.endswith(".safetensors") and not is_a_name(named):
        said = (
            f"weights is {named!r}. It must name a .safetensors file, or a classifier that "
            "manage.py register_classifier has registered."
        )
        file.problems.add(("classifier", "weights"), said)
    return table.weights


def _design(
    written: declaration.Design, conditions: tuple[designs.Condition, ...], file: Document
) -> declaration.Design:
    # "arm" is the word for the conditions in files from before [[conditions]].
    factors = [designs.CONDITION if name == "arm" else name for name in written.within]
    design = declaration.Design(tuple(factors))
    problems = designs.problems(conditions, design.within)
    for problem in problems:
        file.problems.add(("design", "within"), problem)
    return declaration.Design() if problems else design


def _check_whole(file: Document, study: declaration.StudyFile, parts: DeclaredParts) -> None:
    declared = declared_under(file)
    if not study.conditions and declared in file.values:
        file.problems.add((declared,), f"a study has one or more {declared}. Add one.")
    for name in ("key", "label"):
        values = [getattr(condition, name) for condition in study.conditions]
        for number, value in enumerate(values):
            if value and value in values[:number]:
                place = (declared, number, name)
                file.problems.add(place, f"two {declared} have the {name} {value!r}. Rename one.")
    check_consent(study.consent, file.problems)
    recruitment.check(
        file.problems,
        study.recruitment,
        slug=study.slug,
        attention_checks=sum(step.kind == "attention" for step in study.steps),
    )
    _check_conditions_of_parts(file, study, parts)
    _check_blocks_of_parts(file, study, parts)
    _check_tasks(file, study, parts)
    check_branching(file, study, parts)
    check_pools(file, study, parts)
    check_bonus(file, study)
    check_endings(file, study)
    check_sessions(file, study, parts)
    for part in study.parts:
        if isinstance(part, PerceptionPart) and not study.signals.count:
            file.problems.add(
                (*parts.place_of(part), "kind"),
                "a part of the kind 'perception' is a sign of programs, and the study does not "
                "count signs. Add [signals] with count = true, or remove the part.",
            )
    for path, problem in problems_of(study.release):
        file.problems.add(("release", *path), problem)
    for key, problem in retention_problems(study.retention):
        file.problems.add(("retention", key), problem)


def _check_tasks(file: Document, study: declaration.StudyFile, parts: DeclaredParts) -> None:
    """Report each condition that lacks what the task of any of its parts needs."""
    key = declared_under(file)
    for number, condition in enumerate(study.conditions):
        named = f"the {key[:-1]} {condition.key!r}"
        for part in study.trial_parts:
            if not part.is_in(condition.key):
                continue
            if tasks.get(part.task).classes and not condition.method:
                file.problems.add(
                    (key, number, "key"),
                    f"{named} shows no map, and the task {part.task!r} of the part "
                    f"{part.key!r} shows maps of {tasks.get(part.task).classes} classes. Give the "
                    f"{key[:-1]} a method, or limit the part to others by its {key} = [ ].",
                )
            if tasks.get(part.task).needs_prediction and not condition.prediction:
                file.problems.add(
                    (key, number, "prediction"),
                    f"{named} shows no prediction, and the task {part.task!r} of the "
                    f"part {part.key!r} is about one. Use the task 'classify' or 'judge_advisor', "
                    f"or remove the {key[:-1]}.",
                )
    for part in study.trial_parts:
        _check_compared(file, study, part, (*parts.place_of(part), "compare"))
        _check_pace(file, study, part, (*parts.place_of(part), "limit_of_pace"))


def _check_pace(
    file: Document, study: declaration.StudyFile, part: TrialsPart, place: Path
) -> None:
    """Report a limit by the person's pace without practice of the task before it."""
    if not part.limit_of_pace or part.is_practice:
        return
    before = study.trial_parts[: study.trial_parts.index(part)]
    practised = [one for one in before if one.is_practice and one.task == part.task]
    for condition in study.conditions:
        if part.is_in(condition.key) and not any(one.is_in(condition.key) for one in practised):
            file.problems.add(
                place,
                f"the limit of the part {part.key!r} follows the person's pace in practice, but "
                f"under {condition.key!r} no practice of the task {part.task!r} comes before it. "
                "Add a part of the kind 'practice', or use limit_seconds.",
            )
            return


def _check_compared(
    file: Document, study: declaration.StudyFile, part: TrialsPart, place: Path
) -> None:
    """Report conditions to compare that do not exist, show no map, or show the same map."""
    key = declared_under(file)
    conditions = {condition.key: condition for condition in study.conditions}
    methods: dict[str, str] = {}
    for name in part.compare:
        if name not in conditions:
            hint = did_you_mean(name, list(conditions))
            file.problems.add(place, f"the part {part.key!r} compares {name!r}{hint}")
        elif not (method := conditions[name].method):
            file.problems.add(
                place,
                f"the part {part.key!r} compares {name!r}, which shows no map. Name {key} with a "
                "method.",
            )
        elif method in methods:
            file.problems.add(
                place,
                f"the part {part.key!r} compares {methods[method]!r} and {name!r}, which show the "
                "same map. Name one of them.",
            )
        else:
            methods[method] = name


def _check_blocks_of_parts(
    file: Document, study: declaration.StudyFile, parts: DeclaredParts
) -> None:
    """Report parts limited to blocks that do not exist, or whose data every block must have."""
    for part in (part for part in study.parts if part.blocks):
        place = (*parts.place_of(part), "blocks")
        named = f"the part {part.key!r} is limited to blocks"
        if not isinstance(part, TextPart | AttentionPart):
            file.problems.add(
                place,
                f"{named}, and only parts of the kinds 'text' and 'attention' can be: the analysis "
                "compares blocks, so that each needs the same questions. Remove blocks.",
            )
        elif not part.per_block:
            file.problems.add(
                place, f"{named} and is outside of them. Set per_block = true, or remove blocks."
            )
        elif unknown := [number for number in part.blocks if not 1 <= number <= study.blocks]:
            file.problems.add(
                place,
                f"{named} {', '.join(map(str, unknown))}. The study has {study.blocks}, numbered "
                "from 1.",
            )


def _check_conditions_of_parts(
    file: Document, study: declaration.StudyFile, parts: DeclaredParts
) -> None:
    """Report parts limited to unknown conditions, or placed where no condition is known."""
    known = [condition.key for condition in study.conditions]
    for part in (part for part in study.parts if part.conditions):
        word = limited_by(file, parts.place_of(part))
        place = (*parts.place_of(part), word)
        if word == "conditions" and not is_within(file):
            file.problems.add(
                place,
                f"the part {part.key!r} is limited by conditions, and without [design] within it "
                "is limited by arms. Write arms = [ ].",
            )
        for key in part.conditions:
            if key not in known:
                hint = did_you_mean(key, known)
                file.problems.add(
                    place, f"the part {part.key!r}: unknown {word[:-1]} {key!r}{hint}"
                )
        if study.design.within and not part.per_block:
            file.problems.add(
                place,
                f"the part {part.key!r} is limited to some conditions and is outside the blocks, "
                "where participants of a within-subjects design are in no single condition. Set "
                f"per_block = true, or remove {word}.",
            )
    # Whoever is not shown the last part would never be recorded as having completed the study.
    own = [part for part in study.parts if not part.session]
    if own and own[-1].conditions:
        last = parts.place_of(own[-1])
        word = limited_by(file, last)
        file.problems.add(
            (*last, word),
            f"the last part, {own[-1].key!r}, is limited to some {word}. End with a part "
            f"that is shown in all {word}.",
        )
