"""From a study file's text to a StudyFile, with every problem collected on the way."""

from dataclasses import replace

from analysis.toml.problems import did_you_mean
from analysis.toml.table import Table, document
from surveys import tasks
from surveys.study_file import declaration, designs
from surveys.study_file.reading import recruitment
from surveys.study_file.reading.allocation import check_allocation, read_allocation
from surveys.study_file.reading.conditions import (
    declared_under,
    is_within,
    read_conditions,
    read_key,
)
from surveys.study_file.reading.parts import limited_by, place_of, read_parts
from surveys.study_file.reading.translations import read_classes, read_language, translations

MOST_HOURS = 24 * 365
MAP_PLACES = ("beside", "over")
LARGEST_SEED = 2**63 - 1  # what the database's column holds


def read(text: str) -> declaration.StudyFile:
    """Return the study that the text declares; its analysis plan is not checked.

    Raises StudyFileError with every problem of the file.
    """
    table, study = read_table(text)
    raise_problems(table)
    return study


def read_table(text: str) -> tuple[Table, declaration.StudyFile]:
    """Return the file's outermost table, which collects its problems, and the study in it.

    Raises StudyFileError only when the text is not TOML at all.
    """
    table = document(text, "The study file", declaration.StudyFileError)
    conditions = read_conditions(table)
    shown = table.table("images")
    images, parts = _images(shown, len(conditions)), read_parts(table, shown)
    shown.finish()
    allocation = table.table("allocation", {})
    study = declaration.StudyFile(
        slug=read_key(table, "slug"),
        title=table.text("title"),
        seed=table.integer("seed"),
        consent=_consent(table.table("consent")),
        debrief=_debrief(table.table("debrief")),
        images=images,
        weights=_weights(table.table("classifier")),
        conditions=conditions,
        design=_design(table.table("design", {}), conditions),
        parts=parts,
        allocation=read_allocation(allocation, len(conditions)),
        analysis=table.mapping("analysis"),
        pages=_pages(table.table("pages", {})),
        language=read_language(table),
        classes=read_classes(table),
        recruitment=recruitment.read(table.table("recruitment", {})),
    )
    study = replace(study, translations=translations(table, study))
    table.finish()
    _check_whole(table, study)
    check_allocation(allocation, study)
    return table, study


def raise_problems(table: Table) -> None:
    """Raise StudyFileError if the table has collected any problem."""
    if problems := table.problems.sentences():
        raise declaration.StudyFileError("The study file", problems)


def _consent(table: Table) -> declaration.Consent:
    consent = declaration.Consent(table.text("version"), table.text("text"))
    if len(consent.version) > 40:
        table.add("version", "the consent's version has more than 40 characters. Shorten it.")
    table.finish()
    return consent


def _debrief(table: Table) -> declaration.Debrief:
    debrief = declaration.Debrief(table.text("text"))
    table.finish()
    return debrief


def _images(table: Table, arms: int) -> declaration.Images:
    images = declaration.Images(
        set=table.text("set"),
        split=table.text("split", "test"),
        sets=table.integer("sets", 1, minimum=1),
        confidence_bands=table.integer("confidence_bands", 1, minimum=1),
    )
    for key, most in (("sets", 50), ("confidence_bands", 10)):
        if getattr(images, key) > most:
            table.add(key, f"{key} is {getattr(images, key)}. At most {most} are possible.")
    # A key of files stored before it was retired: each arm had an image set of its own.
    return replace(images, sets=max(arms, 1)) if table.flag("per_arm", False) else images


def _weights(table: Table) -> str:
    weights = table.text("weights")
    if weights and not weights.endswith(".safetensors"):
        table.add("weights", f"weights is {weights!r}. It must name a .safetensors file.")
    table.finish()
    return weights


def _design(table: Table, conditions: tuple[designs.Condition, ...]) -> declaration.Design:
    # "arm" is the word for the conditions in files from before [[conditions]].
    factors = [
        designs.CONDITION if name == "arm" else name for name in table.list_of("within", str, [])
    ]
    design = declaration.Design(tuple(factors))
    table.finish()
    problems = designs.problems(conditions, design.within)
    for problem in problems:
        table.add("within", problem)
    return declaration.Design() if problems else design


def _pages(table: Table) -> declaration.Pages:
    pages = declaration.Pages(
        resume_hours=table.integer("resume_hours", 0), map=table.text("map", "beside")
    )
    if pages.map not in MAP_PLACES:
        table.add("map", f"map is {pages.map!r}. It must be one of {', '.join(MAP_PLACES)}.")
    if pages.resume_hours > MOST_HOURS:
        table.add(
            "resume_hours",
            f"resume_hours is {pages.resume_hours}. It is at most {MOST_HOURS}; leave it out for "
            "no limit.",
        )
    table.finish()
    return pages


def _check_whole(table: Table, study: declaration.StudyFile) -> None:
    if study.seed > LARGEST_SEED:
        table.add("seed", f"seed is {study.seed}. It must be at most {LARGEST_SEED}.")
    if len(study.title) > declaration.LONGEST_TITLE:
        most = declaration.LONGEST_TITLE
        table.add("title", f"the title has more than {most} characters. Shorten it.")
    declared = declared_under(table)
    if len(study.conditions) < 2 and declared in table.values:
        count = len(study.conditions)
        table.add(declared, f"a study compares two {declared} or more, this file has {count}.")
    for name in ("key", "label"):
        values = [getattr(condition, name) for condition in study.conditions]
        for number, value in enumerate(values):
            if value and value in values[:number]:
                place = (declared, number, name)
                table.problems.add(place, f"two {declared} have the {name} {value!r}. Rename one.")
    recruitment.check(
        table.table("recruitment", {}),
        study.recruitment,
        slug=study.slug,
        attention_checks=sum(step.kind == "attention" for step in study.steps),
    )
    _check_conditions_of_parts(table, study)
    _check_tasks(table, study)


def _check_tasks(table: Table, study: declaration.StudyFile) -> None:
    """Report each condition that lacks what the task of one of its parts needs."""
    key = declared_under(table)
    for number, condition in enumerate(study.conditions):
        named = f"the {key[:-1]} {condition.key!r}"
        for part in study.trial_parts:
            if not part.is_in(condition.key):
                continue
            if tasks.get(part.task).classes and not condition.method:
                table.problems.add(
                    (key, number, "key"),
                    f"{named} shows no map, and the task {part.task!r} of the part "
                    f"{part.key!r} shows maps of {tasks.get(part.task).classes} classes. Give the "
                    f"{key[:-1]} a method, or limit the part to others by its {key} = [ ].",
                )
            if tasks.get(part.task).needs_prediction and not condition.prediction:
                table.problems.add(
                    (key, number, "prediction"),
                    f"{named} shows no prediction, and the task {part.task!r} of the "
                    f"part {part.key!r} is about one. Use the task 'classify' or 'judge_advisor', "
                    f"or remove the {key[:-1]}.",
                )


def _check_conditions_of_parts(table: Table, study: declaration.StudyFile) -> None:
    """Report parts that are limited to unknown conditions, or where the condition is not known."""
    known = [condition.key for condition in study.conditions]
    for part in (one for one in study.parts if one.conditions):
        word = limited_by(table, part)
        place = (*place_of(table, part), word)
        if word == "conditions" and not is_within(table):
            table.problems.add(
                place,
                f"the part {part.key!r} is limited by conditions, and without [design] within it "
                "is limited by arms. Write arms = [ ].",
            )
        for key in part.conditions:
            if key not in known:
                hint = did_you_mean(key, known)
                table.problems.add(
                    place, f"the part {part.key!r}: unknown {word[:-1]} {key!r}{hint}"
                )
        if study.design.within and not part.per_block:
            table.problems.add(
                place,
                f"the part {part.key!r} is limited to some conditions and is outside the blocks, "
                "where participants of a within-subjects design are in no single condition. Set "
                f"per_block = true, or remove {word}.",
            )
    if study.parts and study.parts[-1].conditions:
        word = limited_by(table, study.parts[-1])
        table.problems.add(
            (*place_of(table, study.parts[-1]), word),
            f"the study ends with the part {study.parts[-1].key!r}, which not all {word} show. Let "
            f"a part of all {word} come last.",
        )
