"""The steps from a draft to its launch, each with its state and the page where it is done."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.access import Right
from studyplatform.panel.guide import OWN_IMAGES_LATER
from studyplatform.panel.launch import Checklist, checklist
from studyplatform.panel.pilots import was_read_through
from studyplatform.panel.preview import last_reader
from studyplatform.panel.study_needs import Need, needs_of, practice_in_words
from surveys.models import Study
from surveys.study_file.stored import definition


@dataclass(frozen=True)
class Step:
    """A line of the list. ``is_done`` is None where nobody but the researcher can tell.

    ``address`` is empty for readers who may not go there.
    """

    label: str | Promise
    is_done: bool | None
    sentence: str
    words: str | Promise
    address: str


def draft_steps(study: Study, rights: Collection[Right]) -> list[Step]:
    """Return the steps of a draft, with links for somebody with the rights."""
    return list(_steps(study, rights, checklist(study)))


def _steps(study: Study, rights: Collection[Right], checked: Checklist) -> Iterator[Step]:
    def at(name: str, right: Right, **values: str) -> str:
        return reverse(name, kwargs={"slug": study.slug, **values}) if right in rights else ""

    _predicted, chosen, *maps = needs_of(study)
    there, wanted = sum(need.there for need in maps), sum(need.wanted for need in maps)
    if OWN_IMAGES_LATER in study.source:
        yield Step(
            _("Images"),
            False,
            gettext("Until you upload your own, the study shows the images of “%(name)s”.")
            % {"name": study.image_set.name},
            _("Upload your images"),
            at("panel:upload-images", Right.MAKE_CHANGES),
        )
    else:
        yield Step(
            _("Images"),
            chosen.is_met,
            _chosen(chosen, practice_in_words(definition(study))),
            _("Look at the images"),
            at("panel:images", Right.VIEW),
        )
    has_maps = chosen.is_met and all(need.is_met for need in maps)
    yield Step(
        _("Maps"),
        has_maps,
        gettext("%(there)d of %(wanted)d are computed.") % {"there": there, "wanted": wanted},
        _("Look at the maps") if has_maps else _("See what is missing"),
        at("panel:explanations", Right.VIEW),
    )
    gaps = sum(line.place == "texts" for line in checked.blocking)
    stale = sum(line.place == "texts" for line in checked.warnings)
    yield Step(
        _("Texts"),
        not gaps and not stale,
        _on_texts(gaps, stale),
        _("Edit the texts"),
        at("panel:study-section", Right.MAKE_CHANGES, section="texts"),
    )
    reader = last_reader(study)
    yield Step(
        _("Preview"),
        True if reader else None,
        gettext("%(name)s read this version to its last page.") % {"name": reader}
        if reader
        else gettext("Read every page as participants will, to the last one."),
        _("Begin the preview"),
        at("preview:begin", Right.VIEW),
    )
    has_goal = bool(definition(study).analysis.get("sample_goal"))
    yield Step(
        _("Sample"),
        has_goal,
        gettext("The plan says why the sample is large enough.")
        if has_goal
        else gettext("The plan does not say yet why the sample is large enough."),
        _("Simulate the sample"),
        at("panel:plan", Right.VIEW),
    )
    was_piloted = not any(line.place == "pilot" for line in checked.warnings)
    was_read = was_piloted and was_read_through(study)
    yield Step(
        _("Pilot"),
        was_read or (None if was_piloted else False),
        _on_pilot(was_piloted, was_read),
        _("Pilot the study"),
        at("panel:pilot", Right.MAKE_CHANGES),
    )
    count = len(checked.blocking)
    yield Step(
        _("Launch"),
        False if count else None,
        ngettext(
            "%(count)d thing is to be mended first.",
            "%(count)d things are to be mended first.",
            count,
        )
        % {"count": count}
        if count
        else gettext("Nothing prevents it."),
        _("Go to the launch"),
        at("panel:launch", Right.VIEW),
    )


def _on_pilot(was_piloted: bool, was_read: bool) -> str:
    if was_read:
        return gettext("Somebody has gone through the whole study.")
    if was_piloted:
        return gettext(
            "Only programs, or people who took less than a minute, have gone through the whole "
            "study. Go through it yourself as well."
        )
    return gettext("Nobody has gone through the whole study yet.")


def _chosen(images: Need, practice: str) -> str:
    count = {"there": images.there, "wanted": images.wanted, "practice": practice}
    if practice:
        return gettext("%(there)d of %(wanted)d are chosen, %(practice)s.") % count
    return gettext("%(there)d of %(wanted)d are chosen.") % count


def _on_texts(gaps: int, stale: int) -> str:
    if gaps:
        return ngettext(
            "%(count)d text is unfinished.", "%(count)d texts are unfinished.", gaps
        ) % {"count": gaps}
    if stale:
        return ngettext(
            "%(count)d mention does not fit the study.",
            "%(count)d mentions do not fit the study.",
            stale,
        ) % {"count": stale}
    return gettext("No gaps are left in them.")
