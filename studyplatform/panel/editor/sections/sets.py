"""The editor's section of the pictures' sets: which of the study's pictures each person sees."""

from collections.abc import Iterator
from math import gcd, lcm

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section, Values, conditions
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.runs import Run, runs, write_in_runs


def _sets(values: Values) -> list[Entry]:
    of_people = [entry for run in runs(values) for entry in _pools(run)]
    chosen = gettext("How the images of the study are chosen")
    return [
        *of_people,
        Entry(
            ("images", "balance"), gettext("Classes"), "choice", group=chosen, missing="classes",
            choices=[("classes", gettext("each class equally often")),
                     ("none", gettext("by chance, whatever the class"))],
        ),
        Entry(
            ("images", "confidence_bands"), gettext("Bands of the classifier's confidence"),
            "number",
            gettext(
                "The predictions are divided by their probability into so many bands of equal "
                "size, and every band is shown equally often. 1: confidence does not matter."
            ),
            group=chosen, missing=1,
        ),
        Entry(
            ("images", "sets"), gettext("Sets that rotate"), "number",
            gettext(
                "So many sets of images are chosen, each as large as a person needs; every arm "
                "sees all of them equally often, and each person one. Empty: one set, or one per "
                "block. It does not go together with images that are drawn for each person."
            ),
            group=chosen,
        ),
    ]  # fmt: skip


def _pools(run: Run) -> Iterator[Entry]:
    labels = {
        "right": gettext("Pool of images that the classifier gets right"),
        "wrong": gettext("Pool of images that it gets wrong"),
    }
    for key, label in labels.items():
        number, name = run.numbers.get(key, 0), f"{key}_pool"
        if not number and name not in run.part:  # nothing to draw
            continue
        seen = ngettext(
            "The number of images from which each person's %(number)d of a block is drawn. "
            "Empty: everybody sees the same image.",
            "The number of images from which each person's %(number)d of a block are drawn. "
            "Empty: everybody sees the same images.",
            number,
        )
        yield Entry(
            (*run.at, name), label, "number", seen % {"number": number}, group=run.group
        )  # fmt: skip


def _note(values: Values) -> str:
    """Return after how many people every picture has been shown equally often."""
    _name, listed = conditions(values)
    if any("accuracy" in one for one in listed):  # each arm then sees another number of pictures
        return ""
    for run in runs(values):
        drawn = [
            (run.numbers[key], pool)
            for key in ("right", "wrong")
            if type(pool := run.part.get(f"{key}_pool")) is int and pool > 0
            if run.numbers.get(key, 0) > 0
        ]
        if drawn and not run.is_practice:
            people = lcm(*(pool // gcd(pool, shown) for shown, pool in drawn))
            return gettext(
                "Every image has been shown equally often after every %(people)d people of an "
                "arm; before, none has been shown more than once more often than another. Analyse "
                "such data with models in which images are random (Judd et al., 2012)."
            ) % {"people": people}
    return ""


SECTION = Section(
    "sets",
    _("Sets of images"),
    _(
        "Whether everybody sees the same images, or each person images of their own. Which "
        "images the study may use at all is chosen under Images."
    ),
    _sets,
    write_in_runs,
    _note,
)
