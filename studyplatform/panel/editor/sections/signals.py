"""The editor's section of signals: whether pages count how answers come about."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section, Values, write_touched
from studyplatform.panel.editor.entries import Entry


def _signals(values: Values) -> list[Entry]:
    return [
        Entry(
            ("signals", "count"),
            gettext("Count how answers come about"), "check",
            gettext(
                "Pastes, text without keys, events that a script made, automation, reading speed. "
                "The consent then says so by itself. Nobody is excluded by a count."
            ),
            missing=False,
        ),
        Entry(
            ("signals", "hidden_instruction"),
            gettext("Questionnaires contain an instruction that only programs see"), "check",
            gettext("Hidden from eyes and screen readers. Only where answers are counted."),
            missing=True,
        ),
    ]  # fmt: skip


def _note(values: Values) -> str:
    return gettext(
        "The report shows how many people each rule flags in each arm, and every confirmatory "
        "result without them. Only an exclusion rule of the plan excludes people."
    )


SECTION = Section(
    "signals",
    _("Signs of programs"),
    _("Whether the pages count what can tell answers of programs from those of people."),
    _signals,
    write_touched,
    _note,
)
