"""The editor's section of times and order: what is shown first, when a break comes, and how long a
picture can be judged."""

from collections.abc import Iterator

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section, Values
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.runs import Run, runs, write_in_runs
from surveys.study_file.parts.trials import MOST_EXTENSIONS


def _pace(values: Values) -> list[Entry]:
    return [entry for run in runs(values) for entry in _of_run(run)]


def _of_run(run: Run) -> Iterator[Entry]:
    at, group = run.at, run.group
    yield Entry(
        (*at, "first_right"), gettext("Right answers before the first wrong one"), "number",
        gettext(
            "So many images of each block come before the classifier's first error. First "
            "impressions last: experts who met errors early trusted less throughout (Nourani et "
            "al., 2020). 0: the order is drawn by chance alone."
        ),
        group=group, missing=0,
    )  # fmt: skip
    yield Entry(
        (*at, "break_every"), gettext("Images until a break is offered"), "number",
        gettext("A page that says how far people are, and waits. 0: no break."),
        group=group, missing=0,
    )  # fmt: skip
    yield Entry(
        (*at, "minimum_seconds"), gettext("Seconds before an image can be answered"), "number",
        gettext(
            "Against clicking through. Having to wait lets people think for themselves, and "
            "changes how they judge and follow advice (Park et al., 2019; Buçinca et al., 2021). "
            "0: at once."
        ),
        group=group, missing=0,
    )  # fmt: skip
    yield Entry(
        (*at, "limit_seconds"), gettext("Seconds after which the page sends itself"), "number",
        gettext(
            "With a countdown. Under time pressure people rely more on automation (Rice & Keller, "
            "2009). 0: no limit."
        ),
        group=group, missing=0,
    )  # fmt: skip
    yield from _of_pace(run)
    yield Entry(
        (*at, "limit_extensions"), gettext("Times that a person can ask for the limit again"),
        "number",
        gettext(
            "Only with a limit. Ten is what accessibility asks for (WCAG 2.2, success criterion "
            "2.2.1). Choose fewer only if the limit is what you study, and say so in the consent."
        ),
        group=group, missing=MOST_EXTENSIONS,
    )  # fmt: skip


def _of_pace(run: Run) -> Iterator[Entry]:
    """Yield the fields of a limit by the person's own pace, which practice measures."""
    if run.is_practice:
        return
    yield Entry(
        (*run.at, "limit_of_pace"), gettext("Limit by the person's own pace"), "decimal",
        gettext(
            "In place of the fixed limit: so many times the median time of the person's practice "
            "pages, such as 1.5, so that slow and fast people have the same pressure. It needs "
            "practice before, and both bounds. Empty: off."
        ),
        group=run.group,
    )  # fmt: skip
    for key, label in (
        ("limit_least", gettext("Shortest limit by pace, in seconds")),
        ("limit_most", gettext("Longest limit by pace, in seconds")),
    ):
        yield Entry((*run.at, key), label, "number", group=run.group)


SECTION = Section(
    "pace",
    _("Times and order"),
    _("What comes first, when people can rest, and how long they have for an image."),
    _pace,
    write_in_runs,
)
