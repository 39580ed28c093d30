"""The release of a study's data, with the code of release_study."""

import shutil
from dataclasses import asdict, replace

from django.utils import translation
from django.utils.translation import gettext

from analysis.errors import AnalysisError
from analysis.release.declaration import Author
from analysis.release.writing import Summary
from studyplatform.computations.study_release import release_study
from studyplatform.jobs.bodies.report import newest_evaluation
from studyplatform.jobs.work import Done, RefusedError, Work
from surveys.export.archive import zip_folder
from surveys.export.folder import ExportError
from surveys.study_file.stored import definition


def run(work: Work) -> Done:
    """Write the release as files and all of them as one zip file."""
    study, arguments = work.study, work.arguments
    declared = definition(study).release
    # The form has names alone; ORCIDs and affiliations are in the study file.
    known = {author.name: author for author in declared.authors}
    release = replace(
        declared,
        k=arguments["k"],
        licence=arguments["licence"],
        authors=tuple(known.get(name, Author(name)) for name in arguments["authors"]),
    )
    folder = work.output / study.slug
    folder.mkdir()
    try:
        # The documents of a release are in English, whatever language the log has.
        with translation.override("en"):
            summary = release_study(
                study,
                folder,
                release,
                arguments["simulated"],
                passed=arguments.get("texts", ()),
                evaluation=newest_evaluation(study),
                told=work.step,
            )
    except (ExportError, AnalysisError) as error:
        shutil.rmtree(folder)  # a part of a release must not be taken for the whole
        raise RefusedError(str(error)) from error
    work.step("zip")
    zip_folder(folder, work.output / f"{study.slug}.zip")
    return Done(in_words(summary), reveals_arms=arguments["simulated"] != "only")


def in_words(summary: Summary) -> str:
    """Return what the release contains, in the language of whoever asked for it."""
    numbers = asdict(summary)
    classes = (
        gettext("the smallest class has %(smallest)d people")
        if summary.smallest
        else gettext("no classes")
    )
    sentence = gettext(
        "%(participants)d participants in %(files)d files; %(classes)s, %(suppressed)d suppressed; "
        "%(texts_withheld)d free texts withheld; %(equal)d numbers of the report are equal, "
        "%(differing)d depend on something removed."
    )
    return sentence % {**numbers, "classes": classes % numbers}
