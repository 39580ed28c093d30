"""The editor's section of the display: how the pages show maps and texts, and for how long."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section, Values, write_touched
from studyplatform.panel.editor.entries import Entry


def _display(values: Values) -> list[Entry]:
    maps, rest = gettext("Maps"), gettext("Texts and interruptions")
    return [
        Entry(
            ("pages", "map"), gettext("Place of the map"), "choice", group=maps, missing="beside",
            choices=[("beside", gettext("next to the image")),
                     ("over", gettext("over the image, with a slider for its strength"))],
        ),
        Entry(
            ("pages", "map_alt"), gettext("What a screen reader says of a map"), "choice",
            group=maps, missing="regions",
            choices=[("regions", gettext("where it is strongest")),
                     ("neutral", gettext("only that there is a map")),
                     ("none", gettext("nothing"))],
            help=gettext(
                "A description of the map is another stimulus than its image. The exported "
                "manifest says what you chose."
            ),
        ),
        Entry(
            ("pages", "without_picture"), gettext("If an image cannot be loaded"), "choice",
            group=maps, missing="skip",
            choices=[("skip", gettext("people go on without an answer")),
                     ("answer", gettext("people can answer nevertheless"))],
            help=gettext("In both cases the data say so for that trial."),
        ),
        Entry(
            ("pages", "texts"), gettext("Consent, debrief and own texts are written in"),
            "choice", group=rest, missing="plain",
            choices=[("plain", gettext("plain paragraphs")),
                     ("markdown", gettext("Markdown: headings, lists, emphasis, links"))],
            help=gettext(
                "With Markdown, # begins a heading, - a list, and *stars* emphasise."
            ),
        ),
        Entry(
            ("pages", "resume_hours"), gettext("Hours after which nobody can continue"), "number",
            group=rest, missing=0,
            help=gettext(
                "Counted from the last page that somebody opened. 0: people can always continue."
            ),
        ),
    ]  # fmt: skip


SECTION = Section(
    "display",
    _("Display"),
    _("How the pages show maps and texts, in every arm alike."),
    _display,
    write_touched,
)
