"""The kinds of jobs. A new kind is a form, a module in ``bodies``, and an entry in KINDS."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.jobs.classifier_form import ClassifierForm
from studyplatform.jobs.forms import (
    EvaluationForm,
    ExportForm,
    FolderForm,
    JobForm,
    MapsForm,
    PowerForm,
    ReportForm,
    SimulationForm,
)
from studyplatform.jobs.look_form import LookForm
from studyplatform.jobs.release_form import ReleaseForm
from surveys.models import Study


class ArgumentsError(ValueError):
    """Arguments that the kind's form refuses, with a sentence for each problem."""

    def __init__(self, form: JobForm) -> None:
        self.form = form
        self.problems = [
            f"{form[name].label}: {problem}" if name in form.fields else str(problem)
            for name, problems in form.errors.items()
            for problem in problems
        ]
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Kind:
    """A kind of job. ``body`` names the function that does it, imported only by workers."""

    key: str
    label: str | Promise
    button: str | Promise
    sentence: str | Promise
    """What the job does, for the person who decides whether to start it."""
    body: str
    form: type[JobForm]
    libraries: tuple[str, ...] = ()
    """Packages without which a worker leaves the kind to other workers."""
    shows_data: bool = False
    """Whether log and results come from people's answers."""
    is_listed: bool = True
    """Whether the page of jobs offers it. Other kinds are offered where they are needed."""
    is_steady: bool = False
    """Whether it takes about as long each time, so that earlier jobs tell how long it will take."""
    keeps_parts: bool = False
    """Whether a job that is repeated goes on with what the cancelled or failed one had finished."""
    is_computing: bool = False
    """Whether it computes with the classifier, for so long that other jobs must not wait for it."""
    page: str = ""
    """Name of the URL of a page of its own for the form. Empty for the common page."""


KINDS = (
    Kind(
        "maps",
        _("Predictions and maps"),
        _("Compute maps"),
        _(
            "Predicts every image of the study, chooses the images that participants see, and "
            "computes every map that is still missing. Maps that exist are kept."
        ),
        "studyplatform.jobs.bodies.maps.run",
        MapsForm,
        libraries=("torch",),
        keeps_parts=True,
        is_computing=True,
    ),
    Kind(
        "folder",
        _("Images of a folder on the server"),
        _("Import images"),
        _("Imports the images of a folder on the server, which every study can then use."),
        "studyplatform.jobs.bodies.folder.run",
        FolderForm,
        is_listed=False,
    ),
    Kind(
        "classifier",
        _("Registration of a classifier"),
        _("Check and register"),
        _("Checks a network of yours against what you declare, and stores it under a name."),
        "studyplatform.jobs.bodies.classifier.run",
        ClassifierForm,
        libraries=("torch",),
        is_computing=True,
        is_listed=False,
        page="panel:register-classifier",
    ),
    Kind(
        "evaluation",
        _("Evaluation of the methods"),
        _("Measure methods"),
        _("Measures how good the maps of each method are on the study's images and classifier."),
        "studyplatform.jobs.bodies.evaluation.run",
        EvaluationForm,
        libraries=("torch", "captum"),
        keeps_parts=True,
        is_computing=True,
    ),
    Kind(
        "power",
        _("Sample size"),
        _("Simulate"),
        _(
            "Simulates the study's design and analysis, and finds the smallest sample that detects "
            "the planned effects."
        ),
        "studyplatform.jobs.bodies.power.run",
        PowerForm,
        keeps_parts=True,
    ),
    Kind(
        "simulation",
        _("Synthetic participants"),
        _("Send people"),
        _(
            "Sends synthetic people through the real pages of the open study. They stay marked as "
            "simulated and never count as participants."
        ),
        "studyplatform.jobs.bodies.simulation.run",
        SimulationForm,
    ),
    Kind(
        "look",
        _("Look before the end"),
        _("Look"),
        _(
            "Looks at the data as the plan says, and tells only whether to go on or to stop. "
            "Nobody sees arms or results, and the look is recorded for good."
        ),
        "studyplatform.jobs.bodies.look.run",
        LookForm,
    ),
    Kind(
        "export",
        _("Data export"),
        _("Export the data"),
        _("Writes the data, the codebook and the plan in the formats that you choose."),
        "studyplatform.jobs.bodies.export.run",
        ExportForm,
        shows_data=True,
        is_steady=True,
    ),
    Kind(
        "report",
        _("Analysis and report"),
        _("Analyse and write the report"),
        _("Exports the data, carries out the study's analysis plan, and writes the report."),
        "studyplatform.jobs.bodies.report.run",
        ReportForm,
        shows_data=True,
        is_steady=True,
    ),
    Kind(
        "release",
        _("Release of the data"),
        _("Make the release"),
        _(
            "Makes a folder that anybody may have: without what leads to a person, with codebook, "
            "materials, licence, and the report redone from these data."
        ),
        "studyplatform.jobs.bodies.release.run",
        ReleaseForm,
        shows_data=True,
        is_steady=True,
        is_listed=False,
    ),
)
BY_KEY = {kind.key: kind for kind in KINDS}


class UnknownKindError(ValueError):
    """Unknown kind of job; the message lists the valid keys."""


def kind_named(key: str) -> Kind:
    """Return the kind with this key. Raises UnknownKindError."""
    if key not in BY_KEY:
        raise UnknownKindError(
            f"{key!r} is not a kind of job. Use one or more of {', '.join(BY_KEY)}."
        )
    return BY_KEY[key]


def possible_here() -> tuple[str, ...]:
    """Return the keys of the kinds whose packages this machine has."""
    return tuple(kind.key for kind in KINDS if all(find_spec(name) for name in kind.libraries))


class Lane(StrEnum):
    """Two groups of kinds. A worker for each keeps short jobs from waiting behind maps."""

    SHORT = "short"
    COMPUTING = "computing"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the keys of the lane's kinds whose packages this machine has."""
        wanted = self is Lane.COMPUTING
        return tuple(key for key in possible_here() if BY_KEY[key].is_computing is wanted)


def checked_arguments(key: str, study: Study | None, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a job as plain values. Raises ArgumentsError for invalid ones."""
    form = kind_named(key).form(study, data)
    if not form.is_valid():
        raise ArgumentsError(form)
    return form.arguments()


def summary_of(key: str, arguments: Mapping[str, Any]) -> str:
    """Return the job's arguments in words, or an empty text where there is nothing to tell."""
    if key not in BY_KEY:
        return gettext("a kind of job that this version does not know")
    return BY_KEY[key].form.in_words(arguments)
