"""The arguments of each kind of job as a form: page, check and stored values in one place."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from analysis.power.assumptions import Assumptions
from explanations import catalogue
from explanations.imagesets.problems import ImageSetError
from explanations.imagesets.split_rule import SplitRule
from studyplatform.jobs.image_folders import offered_folders
from studyplatform.jobs.planned_effects import planned_effects
from surveys.blinding import is_blinded
from surveys.export.formats import FORMATS
from surveys.models import Study
from surveys.services.ledger import scheme_of
from surveys.services.places import taken
from surveys.study_file.stored import definition

WHO = (
    ("none", _("real participants")),
    ("only", _("simulated participants only")),
    ("included", _("real and simulated participants together")),
)
NOBODY = {
    "none": _("No real participant has taken part yet. Choose simulated participants, or wait."),
    "only": _("There are no simulated participants. Choose real ones, or send synthetic people."),
    "included": _("Nobody has taken part yet. Send people the link, or send synthetic people."),
}
ENDED_WITHOUT = _("No real participant has taken part, and the collection has ended.")
HIDDEN = _(
    "The arms of real participants stay hidden until the study is unblinded, so they cannot be "
    "compared yet. Choose simulated participants, or unblind the study first."
)
NOBODY_TO_COMPARE = _(
    "A report compares arms. Those of real participants are hidden while the study is blinded, and "
    "there are no simulated participants."
)
PROFILES = (
    ("demo", _("people on whom explanations have an effect")),
    ("null", _("people on whom nothing has an effect")),
)


OF_STUDY, OF_IMAGE_SET = "study", "set"
SAMPLES = (
    (OF_STUDY, _("the maps that participants see")),
    (OF_IMAGE_SET, _("maps of a sample of the image set, with the methods below")),
)


class JobForm(forms.Form):
    """Arguments of a job of a study. Subclasses refuse what the job itself would refuse."""

    def __init__(self, study: Study | None, data: Mapping[str, Any] | None = None) -> None:
        self.study = study
        # A page may show several forms, whose fields need different ids.
        super().__init__(data, auto_id=f"{type(self).__name__.lower()}-%s")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.study is None:
            raise forms.ValidationError(_("The job needs a study. Start it from a study's page."))
        return cleaned

    def arguments(self) -> dict[str, Any]:
        """Return the checked values, all of them plain."""
        return dict(self.cleaned_data)

    @classmethod
    def in_words(cls, arguments: Mapping[str, Any]) -> str:
        """Return the values that a reader wants to know, in words."""
        return ""


class MapsForm(JobForm):
    predictions_only = forms.BooleanField(
        label=_("Predictions alone"),
        help_text=_(
            "Predicts every image of the study, so that you can choose among right and wrong "
            "predictions. Chooses no images and computes no maps."
        ),
        required=False,
    )
    every_method = forms.BooleanField(
        label=_("Also by the other methods"),
        help_text=_(
            "Maps by all methods, for your own comparison. Participants see only those of the "
            "study's conditions."
        ),
        required=False,
    )
    layers = forms.BooleanField(
        label=_("Also layer by layer"),
        help_text=_(
            "Grad-CAM and saliency of every layer of the classifier, for your own study of it. "
            "Participants never see them."
        ),
        required=False,
    )
    verify = forms.IntegerField(
        label=_("Images to verify"),
        help_text=_(
            "So many images are computed a second time with captum, shap and lime, and the largest "
            "difference is told."
        ),
        min_value=0,
        max_value=1000,
        initial=0,
    )

    @classmethod
    def in_words(cls, arguments: Mapping[str, Any]) -> str:
        if arguments.get("predictions_only"):
            return gettext("predictions alone")
        words = [gettext("by every method")] if arguments.get("every_method") else []
        words += [gettext("with every layer")] if arguments.get("layers") else []
        if count := arguments.get("verify"):
            words.append(
                ngettext("%(count)d image verified", "%(count)d images verified", count)
                % {"count": count}
            )
        return ", ".join(words)


class FolderForm(JobForm):
    folder = forms.ChoiceField(
        label=_("Folder"),
        help_text=_(
            "Put there by whoever runs the server. The image set gets its name, and every study "
            "can use it."
        ),
    )
    split = forms.SlugField(
        label=_("Split"),
        help_text=_("The folder within it that contains a folder for each class."),
        max_length=40,
        initial="test",
    )
    split_rule = forms.CharField(
        label=_("Split rule"),
        help_text=_(
            "Only for a folder with a folder for each class and no splits, such as 80/20 for train "
            "and test. The classifier must have been trained by the same rule."
        ),
        max_length=40,
        required=False,
    )
    split_seed = forms.IntegerField(
        label=_("Seed of the split rule"), min_value=0, initial=0, required=False
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if rule := cleaned.get("split_rule"):
            try:
                SplitRule.of(rule)
            except ImageSetError as error:
                self.add_error("split_rule", str(error))
        cleaned["split_seed"] = cleaned.get("split_seed") or 0
        return cleaned

    def __init__(self, study: Study | None, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(study, data)
        choices = [(name, name) for name in offered_folders()]
        self.fields["folder"].choices = choices  # type: ignore[attr-defined]

    @classmethod
    def in_words(cls, arguments: Mapping[str, Any]) -> str:
        return f"{arguments.get('folder', '')}/{arguments.get('split', '')}"


class EvaluationForm(JobForm):
    sample = forms.ChoiceField(
        label=_("What is measured"),
        help_text=_(
            "Reports that compare the quality of maps with answers need the maps that participants "
            "see."
        ),
        choices=SAMPLES,
        widget=forms.RadioSelect,
        initial=OF_STUDY,
        required=False,
    )
    images = forms.IntegerField(
        label=_("Images"),
        help_text=_("More images give narrower intervals and take longer."),
        min_value=2,
        max_value=10_000,
        initial=100,
    )
    subsample = forms.IntegerField(
        label=_("Images whose maps are computed again"),
        help_text=_("For robustness, randomisation and cost. Each of them takes long."),
        min_value=2,
        max_value=1000,
        initial=8,
    )
    methods = forms.MultipleChoiceField(
        label=_("Methods"),
        choices=catalogue.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, study: Study | None, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(study, data)
        used = set(study.conditions.values_list("method", flat=True)) if study else set()
        choices = [
            (method.key, method.label) for method in catalogue.METHODS if not method.is_placebo
        ]
        methods = self.fields["methods"]
        methods.choices = choices  # type: ignore[attr-defined]
        methods.initial = [key for key, _label in choices if key in used] or [choices[0][0]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("sample") == OF_STUDY:
            return cleaned
        cleaned["sample"] = OF_IMAGE_SET
        if "methods" in cleaned and not cleaned["methods"]:
            self.add_error("methods", self.fields["methods"].error_messages["required"])
        images, subsample = cleaned.get("images"), cleaned.get("subsample")
        if images and subsample and subsample > images:
            self.add_error(
                "subsample",
                gettext("%(subsample)d is more than the %(images)d images. Choose fewer.")
                % {"subsample": subsample, "images": images},
            )
        return cleaned

    @classmethod
    def in_words(cls, arguments: Mapping[str, Any]) -> str:
        if arguments.get("sample") == OF_STUDY:
            return gettext("the maps that participants see")
        labels = {method.key: method.label for method in catalogue.METHODS}
        methods = ", ".join(labels.get(key, key) for key in arguments.get("methods", ()))
        return gettext("%(images)d images; %(methods)s") % {
            "images": arguments.get("images", 0), "methods": methods,
        }  # fmt: skip


def _assumption(name: str, label: Any, help_text: Any) -> forms.FloatField:
    """Return a field for an assumption of the simulation, with the command's own default."""
    default = getattr(Assumptions, name)
    return forms.FloatField(
        label=label,
        help_text=help_text,
        min_value=0,
        max_value=0.99,
        initial=default,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )


class PowerForm(JobForm):
    """What a simulation needs. The study's outcomes add a field each, ``effect_`` and the key."""

    power = forms.FloatField(
        label=_("Desired power"),
        help_text=_(
            "Probability of detecting an effect of the smallest size that matters. Cohen (1988) "
            "proposed .80; journals ask for .90 and more of registered reports."
        ),
        min_value=0.5,
        max_value=0.99,
        initial=0.8,
        widget=forms.NumberInput(attrs={"step": "0.01"}),
    )
    most = forms.IntegerField(
        label=_("Largest arm to try"),
        help_text=_("Participants per arm that you could recruit at most."),
        min_value=2,
        max_value=5000,
        initial=500,
    )
    dropout = _assumption(
        "dropout",
        _("Share of people who stop early"),
        _(
            "From your own earlier studies, if there are any. In the online studies of Zhou and "
            "Fishbach (2016), .30 to .50 of the people stopped early. The .10 that is entered is a "
            "guess."
        ),
    )
    excluded = _assumption(
        "excluded",
        _("Share of people whom the plan's rules exclude"),
        _("From a pilot. Stricter attention checks exclude more."),
    )
    reliability = _assumption(
        "reliability",
        _("Reliability of the scales"),
        _(
            "From the publication of each scale. Nunnally (1978) asks for .80 in basic research. "
            "A less reliable scale needs more people."
        ),
    )
    score_sd = forms.FloatField(
        label=_("Standard deviation of the scores"),
        help_text=_(
            "In points of the scale, from a pilot or an earlier study. Empty: a sixth of the range."
        ),
        min_value=0.001,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    person_share = _assumption(
        "person_share",
        _("Share of a trial's variance that is between people"),
        _(
            "From a pilot's mixed model: the variance of the random intercepts of people out of "
            "the total. Judd, Westfall, and Kenny (2012) explain why it matters."
        ),
    )
    image_share = _assumption(
        "image_share",
        _("Share of a trial's variance that is between images"),
        _("The same for images. The more images differ, the more of them a study needs."),
    )
    runs = forms.IntegerField(
        label=_("Simulated studies per point"),
        help_text=_("400 give the power to within about 4 percentage points."),
        min_value=20,
        max_value=5000,
        initial=400,
    )
    seed = forms.IntegerField(
        label=_("Start of the random numbers (seed)"),
        help_text=_("The same seed gives the same result."),
        min_value=0,
        max_value=2**31 - 1,
        initial=1,
    )
    ASSUMPTIONS = ("dropout", "excluded", "reliability", "score_sd", "person_share", "image_share")

    def __init__(self, study: Study | None, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(study, data)
        self.planned = planned_effects(study) if study else {}
        for key, effect in self.planned.items():
            self.fields[f"effect_{key}"] = forms.FloatField(
                label=gettext("Smallest effect on “%(outcome)s”") % {"outcome": effect.label},
                help_text=effect.help,
                initial=effect.smallest,
                required=False,
                widget=forms.NumberInput(attrs={"step": "any"}),
            )
        effects = [f"effect_{key}" for key in self.planned]
        self.order_fields([*effects, *self.fields])
        if study is not None and not definition(study).analysis.get("exclusions"):
            self.fields["excluded"].initial = 0
            self.fields["excluded"].help_text = gettext("The plan has no such rule.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in self.ASSUMPTIONS:
            if cleaned.get(name) is None and name not in self.errors:
                cleaned[name] = getattr(Assumptions, name)
        effects = self._effects(cleaned)
        if self.study is not None and not effects and not self.errors:
            raise forms.ValidationError(
                _(
                    "No outcome has a smallest effect that matters. Enter one for at least one "
                    "outcome: the sample is planned to detect it."
                )
            )
        for key, effect in effects.items():
            if effect == 0:
                self.add_error(
                    f"effect_{key}",
                    gettext("0 is no effect. Leave the field empty to leave the outcome out."),
                )
        return cleaned

    def _effects(self, cleaned: Mapping[str, Any]) -> dict[str, float]:
        """Return the effects by outcome: those entered or, where none was asked for, the plan's."""
        effects = {}
        for key, planned in self.planned.items():
            was_asked = f"effect_{key}" in self.data
            effect = cleaned.get(f"effect_{key}") if was_asked else planned.smallest
            if effect is not None:
                effects[key] = float(effect)
        return effects

    def arguments(self) -> dict[str, Any]:
        """Return the checked values, with the effects in a table of their own."""
        plain = {k: v for k, v in self.cleaned_data.items() if not k.startswith("effect_")}
        return {**plain, "effects": self._effects(self.cleaned_data)}

    @classmethod
    def in_words(cls, arguments: Mapping[str, Any]) -> str:
        return gettext("power %(power)s, %(runs)d studies per point") % {
            "power": f"{arguments.get('power', 0):.2f}".lstrip("0"),
            "runs": arguments.get("runs", 0),
        }


STYLES_IN_WORDS = (
    ("calibrated", _("careful: surer where they are right")),
    ("over_trusting", _("trusting: accept more, also what is wrong")),
    ("under_trusting", _("distrusting: reject more, also what is right")),
    ("random", _("random: answer without looking")),
    ("straight_lining", _("straight-lining: give one answer throughout")),
    ("speeding", _("speeding: answer eight times as fast")),
    ("quitting", _("quitting: stop before the end")),
    ("double_clicking", _("double-clicking: send every page twice")),
)


class SimulationForm(JobForm):
    number = forms.IntegerField(
        label=_("Number of people"), min_value=1, max_value=2000, initial=20
    )
    profile = forms.ChoiceField(
        label=_("Kind of people"), choices=PROFILES, initial="demo", widget=forms.RadioSelect
    )
    styles = forms.MultipleChoiceField(
        label=_("Behaviour"),
        choices=STYLES_IN_WORDS,
        help_text=_(
            "Each of the chosen kinds comes equally often, to see whether checks and report notice "
            "them. None: everybody behaves as the kind of people above does."
        ),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    seed = forms.IntegerField(
        label=_("Start of the random numbers (seed)"),
        help_text=_("The same seed gives the same answers."),
        min_value=0,
        max_value=2**31 - 1,
        initial=0,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.study is not None and self.study.state != Study.State.OPEN:
            raise forms.ValidationError(
                _("The study is not open, so that nobody can take part in it. Open it first.")
            )
        number = cleaned.get("number")
        if self.study is not None and number and number > (free := _free_places(self.study)):
            self.add_error(
                "number",
                gettext(
                    "The study has %(free)d places left for simulated participants. Send fewer, or "
                    "set more [allocation] places in the study file."
                )
                % {"free": free},
            )
        return cleaned

    @classmethod
    def in_words(cls, arguments: Mapping[str, Any]) -> str:
        number = arguments.get("number", 0)
        people = ngettext("%(number)d person", "%(number)d people", number) % {"number": number}
        words = [people, str(dict(PROFILES).get(arguments.get("profile", ""), ""))]
        named = dict(STYLES_IN_WORDS)
        words += [str(named[key]).partition(":")[0] for key in arguments.get("styles", ())]
        return "; ".join(words)


def _free_places(study: Study) -> int:
    capacity = scheme_of(study, simulated=True).capacity
    return capacity - taken(study, simulated=True)


class Choices(forms.RadioSelect):
    """Radio buttons, of which those in ``impossible`` cannot be chosen."""

    impossible: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the option, which cannot be chosen if it is impossible."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if value in self.impossible:
            option["attrs"]["disabled"] = True
        return option


def data_of(arguments: Mapping[str, Any]) -> str:
    """Return in words whose data the job has."""
    who = dict(WHO).get(arguments.get("simulated", ""), "")
    return gettext("Data of %(who)s") % {"who": who} if who else ""


class PeopleForm(JobForm):
    """A choice of people that the study must have, and whose arms may be shown."""

    simulated = forms.ChoiceField(label=_("Data of"), choices=WHO, initial="none", widget=Choices)
    reveals = False
    """Whether the job shows arms, which stay hidden until the study is unblinded."""

    impossible = ""
    """Why the job cannot be started with any choice, or an empty text."""

    def __init__(self, study: Study | None, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(study, data)
        if study is None:
            return
        refusals = {who: self._refusal(study, who) for who, _words in WHO}
        usable = [who for who, refusal in refusals.items() if not refusal]
        field = self.fields["simulated"]
        field.initial = usable[0] if usable else None
        # Whoever sends a choice that is not possible is told why by clean().
        field.widget.impossible = frozenset(refusals) - frozenset(usable)
        if usable and field.widget.impossible:
            why = str(next(refusal for refusal in refusals.values() if refusal))
            field.help_text = (
                gettext("Everybody in a pilot is simulated.") if study.is_pilot else why
            )
        if not usable:
            hidden = self._is_hidden(study)
            self.impossible = str(NOBODY_TO_COMPARE if hidden else refusals["included"])

    def _is_hidden(self, study: Study) -> bool:
        return self.reveals and is_blinded(study)

    def _refusal(self, study: Study, who: str) -> str | Promise:
        """Return why the job cannot have the data of these people, or an empty text."""
        if who != "only" and self._is_hidden(study):
            return HIDDEN
        # Both kinds must be there to be taken together: otherwise the choice repeats another one.
        kinds = {"none": False, "only": True}
        wanted = kinds if who == "included" else [who]
        missing = [
            kind for kind in wanted if not study.participants.filter(simulated=kinds[kind]).exists()
        ]
        if not missing:
            return ""
        erased = study.slots.filter(erased=True, simulated=False).count()
        if "none" in missing and erased:
            return ngettext(
                "%(count)d real person had an arm and was erased. Nobody's data are left.",
                "%(count)d real people had an arm and were erased. Nobody's data are left.",
                erased,
            ) % {"count": erased}
        if "none" in missing and study.state == Study.State.CLOSED:
            return ENDED_WITHOUT
        return NOBODY[missing[0] if len(missing) == 1 else "included"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        who = cleaned.get("simulated")
        if self.study is None or who is None:
            return cleaned
        if refusal := self._refusal(self.study, who):
            raise forms.ValidationError(str(refusal))
        return cleaned


LABELS = {entry.key: entry.label for entry in FORMATS}
MOST_USED_FIRST = sorted(LABELS, key=["xlsx", "sav", "csv", "parquet", "dta", "json"].index)
"""The formats in the order in which people look for their program."""


class ExportForm(PeopleForm):
    formats = forms.MultipleChoiceField(
        label=_("Formats"),
        choices=[(key, _(LABELS[key])) for key in MOST_USED_FIRST],
        initial=["xlsx", "csv"],
        widget=forms.CheckboxSelectMultiple,
    )

    @classmethod
    def in_words(cls, arguments: Mapping[str, Any]) -> str:
        formats: Sequence[str] = arguments.get("formats", ())
        return f"{data_of(arguments)}; {', '.join(formats)}"


class ReportForm(PeopleForm):
    reveals = True
    pdf = forms.BooleanField(
        label=_("Also as PDF"), help_text=_("Takes a little longer."), required=False, initial=True
    )

    @classmethod
    def in_words(cls, arguments: Mapping[str, Any]) -> str:
        return data_of(arguments)
