"""The editor's section of retention: how long the data of participants are kept."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section, Values, write_touched
from studyplatform.panel.editor.entries import Entry


def _retention(values: Values) -> list[Entry]:
    return [
        Entry(
            ("retention", "identifiers_months"),
            gettext("Months after which the ids of the recruitment service are deleted"),
            "number", missing=0,
            help=gettext(
                "Counted from the end of collection. 0: no date. They are needed to pay people and "
                "to recognise them in other studies; a few months usually suffice."
            ),
        ),
        Entry(
            ("retention", "data_months"),
            gettext("Months after which all data of participants are deleted"),
            "number", missing=0,
            help=gettext(
                "Counted from the end of collection. 0: no date. 120 months are the ten years for "
                "which good research practice asks to keep the data of a publication (DFG, 2019, "
                "guideline 17). What the consent promises has to agree with it."
            ),
        ),
        Entry(
            ("retention", "delete_copies"),
            gettext("Deleting a person also deletes the copies on this server"), "check",
            gettext(
                "Exports, reports and releases that contain the person. Otherwise they are marked, "
                "and you decide."
            ),
            missing=False,
        ),
    ]  # fmt: skip


def _note(values: Values) -> str:
    return gettext(
        "The platform never deletes by itself: whoever runs the server has a command for it, which "
        "can run by a calendar. The dates are shown under Data and reports."
    )


SECTION = Section(
    "retention",
    _("Retention"),
    _("How long the data of participants are kept. It can also change while people take part."),
    _retention,
    write_touched,
    _note,
)
