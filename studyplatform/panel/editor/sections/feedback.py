"""The editor's section of feedback: after which pictures people learn what was right."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section, Sent, Values, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.runs import Run, in_list_of_pages, runs
from studyplatform.panel.toml_edits import REMOVED, Change, EditError, Path, edited, value_at
from surveys import tasks

NEVER, EACH, FIRST, EVERY = "never", "each", "first", "every"
NUMBERS = {FIRST: "feedback_first", EVERY: "feedback_every"}
"""The keys of the schedules that have a number."""


@dataclass(frozen=True)
class Schedule(Entry):
    """The key ``feedback`` of a run and the keys of NUMBERS, as a single choice.

    ``usual`` is whether feedback is given where the file does not say so.
    """

    usual: bool = False

    @property
    def at(self) -> Path:
        """Return the place of the run's table."""
        return self.path[:-1]

    def value(self, values: Any) -> Any:
        if not self._is_given(values):
            return NEVER
        named = [one for one, key in NUMBERS.items() if value_at(values, (*self.at, key))]
        return named[0] if named else EACH

    def changes(self, values: Any, sent: Any) -> list[Change]:
        """Return no change: the choice is written together with its number."""
        return []

    def scheduled(self, values: Values, sent: Sent) -> list[Change]:
        """Return the changes of all keys, if somebody touched the choice or its number.

        Raises EditError if the choice needs a number that was not given.
        """
        chosen = sent.get(self.name)
        number = sent.get(self._number_name(chosen)) if chosen in NUMBERS else None
        key: Path = (*self.at, NUMBERS[chosen]) if chosen in NUMBERS else ()
        if chosen == self.value(values) and (not key or number == value_at(values, key)):
            return []
        if key and not number:
            raise EditError(
                gettext("%(page)s: say after how many images feedback comes.")
                % {"page": self.group}
            )
        changes = [Change((*self.at, one), REMOVED) for one in NUMBERS.values()]
        if key:
            changes = [one for one in changes if one.path != key] + [Change(key, number)]
        wanted = chosen != NEVER
        if wanted != self._is_given(values):
            changes.insert(0, Change(self.path, REMOVED if wanted == self.usual else wanted))
        return changes

    def _is_given(self, values: Any) -> bool:
        return value_at(values, self.path, self.usual) is True

    def _number_name(self, chosen: str) -> str:
        return ".".join(map(str, (*self.at, NUMBERS[chosen])))


def _feedback(values: Values) -> list[Entry]:
    return [entry for run in runs(values) for entry in _of_run(run)]


def _of_run(run: Run) -> Iterator[Entry]:
    at, group = run.at, run.group
    yield Schedule(
        (*at, "feedback"), gettext("People learn what the image shows"), "radio",
        gettext(
            "Feedback shows people how often the classifier is right, which changes their trust "
            "in addition to what they were told about it (Yin et al., 2019), and teaches them when "
            "it errs (Bansal et al., 2019)."
        ),
        group=group, usual=run.is_practice,
        choices=[(NEVER, gettext("never")),
                 (EACH, gettext("after each image")),
                 (FIRST, gettext("only after the first images of each block")),
                 (EVERY, gettext("at regular intervals, such as after every second image"))],
    )  # fmt: skip
    yield Entry(
        (*at, NUMBERS[FIRST]), gettext("Number of first images with feedback"), "number",
        group=group, missing="",
    )  # fmt: skip
    yield Entry(
        (*at, NUMBERS[EVERY]), gettext("Feedback after every so many images"), "number",
        gettext("2: after every second image."), group=group, missing="",
    )  # fmt: skip
    task = {one.key: one for one in tasks.TASKS}.get(str(run.part.get("task", "decide")))
    is_judged = task is None or not task.compares
    if is_judged or "feedback_score" in run.part:
        yield Entry(
            (*at, "feedback_score"), gettext("Tell the score at the end of each block"), "check",
            gettext("A page that says how many of the answers were right."),
            group=group, missing=False,
        )  # fmt: skip


def _write_feedback(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    plain = [entry for entry in entries if entry.path[-1] not in NUMBERS.values()]
    changes = touched(values, sent, plain)
    for entry in entries:
        if isinstance(entry, Schedule):
            changes += entry.scheduled(values, sent)
    source, _values, changes = in_list_of_pages(source, values, changes)
    return edited(source, changes)


SECTION = Section(
    "feedback",
    _("Feedback after images"),
    _(
        "After which images people learn what was right. It is the same in every arm that sees "
        "the page."
    ),
    _feedback,
    _write_feedback,
)
