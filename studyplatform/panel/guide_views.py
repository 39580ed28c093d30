"""The guide: eleven questions, whose answers become a study file."""

import secrets
from pathlib import PurePath
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from explanations.rendering.canvas import is_tiny
from studyplatform.panel import guide, image_sets, study_texts
from studyplatform.panel.access import signed_in
from studyplatform.panel.method_names import described_methods
from studyplatform.panel.questionnaire_cards import questionnaire_cards
from studyplatform.panel.short_names import NamingForm
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.retention import MOST_MONTHS

USUALLY_BEFORE = ("demographics", "ai-experience", "ai-literacy", "propensity")
"""Beginnings of the ids of questionnaires that are usually asked before the trials."""
DESIGNS = (
    (
        "between",
        _(
            "Between people: everybody sees one kind of map. Needs more people; nothing carries "
            "over."
        ),
    ),
    (
        "within",
        _(
            "Within people: everybody sees every kind of map, one after the other, in a balanced "
            "order. Needs fewer people, more images per person, and takes longer."
        ),
    ),
)
TASKS = (
    ("decide", _("Accept or reject the classifier's answer. The simplest task.")),
    (
        "judge_advisor",
        _(
            "Give an own answer, see the classifier's, and give the final answer. Separates "
            "following good advice from following bad advice (Schemmer et al., 2023)."
        ),
    ),
    (
        "forward_simulation",
        _("Guess what the classifier says. Measures understanding (Doshi-Velez & Kim, 2017)."),
    ),
    ("classify", _("See the classifier's answer and say what the image shows.")),
)
RECRUITMENT = (
    ("open", _("An open link: by e-mail, on a screen in the lab, or on paper as a QR code")),
    ("prolific", _("Prolific")),
    ("sona", _("SONA, the pool of students")),
    ("service", _("Another service that sends people by a link")),
    ("lab", _("A laboratory, in which people type the id that you give them")),
)
LANGUAGES = (("en", "English"), ("de", "Deutsch"))


class GuideForm(NamingForm):
    """The questions, in the order of the page."""

    language = forms.ChoiceField(
        label=_("Language of the texts"), choices=LANGUAGES, initial="en", widget=forms.RadioSelect
    )
    question = forms.ChoiceField(
        label=_("1. What do you want to know?"),
        choices=tuple(guide.QUESTIONS.items()),
        initial="reliance",
        widget=forms.RadioSelect,
        help_text=_("It becomes the primary outcome of the plan."),
    )
    design = forms.ChoiceField(
        label=_("2. Who sees what?"), choices=DESIGNS, initial="between", widget=forms.RadioSelect
    )
    methods = forms.MultipleChoiceField(
        label=_("3. What is compared?"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Without a comparison to no explanation, nobody can say what maps do; without a "
            "placebo, nobody can say that it is their content (Eiband et al., 2019)."
        ),
    )
    task = forms.ChoiceField(
        label=_("4. What do people do with each image?"),
        choices=TASKS,
        initial="decide",
        widget=forms.RadioSelect,
    )
    checks = forms.BooleanField(
        label=_("5. Check understanding and attention"),
        help_text=_(
            "Questions on what the map means, three images for practice, and one attention check. "
            "Everybody counts in the analysis; it is repeated without those who fail the check."
        ),
        initial=True,
        required=False,
    )
    source = forms.ChoiceField(
        label=_("6. Which images?"),
        widget=forms.RadioSelect,
        help_text=_(
            "A classifier knows only its classes: own images have to show one of them each. For "
            "own images, choose the classifier that knows your classes and works on most pixels."
        ),
    )
    right = forms.IntegerField(
        label=_("Images that the classifier gets right"), min_value=1, max_value=100, initial=8
    )
    wrong = forms.IntegerField(
        label=_("Images that it gets wrong"),
        min_value=1,
        max_value=100,
        initial=4,
        help_text=_(
            "Per person or, within people, per kind of map. 12 take about 5 minutes. Practice "
            "and the example in the instructions show other images."
        ),
    )
    before = forms.MultipleChoiceField(
        label=_("7. What is asked before the images?"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    after = forms.MultipleChoiceField(
        label=_("8. What is asked afterwards?"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("The questionnaire that measures your question is added by itself."),
    )
    places = forms.IntegerField(
        label=_("9. How many people, over all arms?"),
        min_value=2,
        max_value=100_000,
        initial=200,
        help_text=_(
            "A guess is enough for now. The page “Power and plan” simulates how many are needed."
        ),
    )
    recruitment = forms.ChoiceField(
        label=_("10. Where do people come from?"),
        choices=RECRUITMENT,
        initial="open",
        widget=forms.RadioSelect,
    )
    data_months = forms.IntegerField(
        label=_("11. For how many months are the data kept?"),
        min_value=1,
        max_value=MOST_MONTHS,
        initial=120,
        help_text=_(
            "Counted from the end of collection, and told in the consent. 120 months are the ten "
            "years for which good research practice asks to keep the data of a publication (DFG, "
            "2019, guideline 17). Ids of a recruitment service go after three months."
        ),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.user = user
        self.sources = {one.key: one for one in guide.sources(image_sets.hidden(user, None))}
        if (reader := get_language()) in dict(LANGUAGES):
            self.fields["language"].initial = reader
        self._choices("methods", [(guide.NONE, gettext("No explanation")), *described_methods()])
        self.fields["methods"].initial = [guide.NONE, "gradcam", "placebo"]
        self._choices("source", [(key, _described(one)) for key, one in self.sources.items()])
        self.fields["source"].initial = next(iter(self.sources), None)
        for first in list(self.sources.values())[:1]:
            right, wrong = guide.usual_numbers(first)
            self.fields["right"].initial, self.fields["wrong"].initial = right, wrong
        before, after = _questionnaires()
        self._choices("before", before)
        self._choices("after", after)
        self.fields["before"].initial = [key for key, _title in before[:1]]
        self.fields["after"].initial = [key for key, _title in after if key.startswith("comments")]

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_methods(self) -> list[str]:
        """Refuse a study that compares nothing."""
        methods: list[str] = self.cleaned_data["methods"]
        if len(methods) < 2:
            raise ValidationError(gettext("Choose at least two, so that there is a comparison."))
        return methods

    def clean(self) -> dict[str, Any]:
        """Write the file, and report what its checks find, such as too few pictures."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        cleaned["text"] = guide.study_file(self._answers(cleaned))
        try:
            loading.parse_for_installation(
                cleaned["text"], image_sets.hidden(self.user, None), images_later=True
            )
        except StudyFileError as error:
            raise ValidationError(list(error.problems)) from error
        return cleaned

    def _answers(self, cleaned: dict[str, Any]) -> guide.Answers:
        plain = {name: cleaned[name] for name in self.base_fields if name != "source"}
        lists = {name: tuple(plain[name]) for name in ("methods", "before", "after")}
        return guide.Answers(
            **{**plain, **lists},
            source=self.sources[cleaned["source"]],
            seed=secrets.randbelow(10**9),
        )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """Ask the questions, and begin a study file with the answers."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    form = GuideForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        text = study_texts.begin(user, form.cleaned_data["text"])
        said = gettext(
            "The study is written down. Only its texts have gaps left: fill them in, then "
            "press “Save and create the study”. Until then it is on the first page, among the "
            "files that no study uses yet."
        )
        if guide.OWN_IMAGES_LATER in form.cleaned_data["text"]:
            said += " " + gettext("You upload your images once the study is created.")
        messages.success(request, said)
        return redirect("panel:edit-section", pk=text.pk, section="texts")
    context = {
        "area": "studies",
        "form": form,
        "has_sources": bool(form.sources),
        "questionnaires": questionnaire_cards(),
    }
    return render(request, "panel/guide.html", context, status=400 if form.errors else 200)


def _described(source: guide.Source) -> str:
    if source.own:
        words = gettext(
            "My own images, which I upload after the study is created. The classifier "
            "%(weights)s tells apart: %(classes)s"
        )
    elif not source.images:
        words = gettext(
            "The drawn scenes that come with the platform, classifier %(weights)s. They are drawn "
            "when the maps are computed and show: %(classes)s"
        )
    else:
        words = gettext("%(set)s: %(images)d images of %(count)d classes, classifier %(weights)s")
    more = []
    if source.own and source.size:
        more.append(
            gettext("It works on %(size)d × %(size)d pixels, which are made of each image.")
        )
        if is_tiny(source.size, source.size):
            more.append(gettext("People see these few pixels, enlarged to squares."))
    if source.wrong is not None:
        more.append(_errors(source))
    elif source.own and source.images_wanted:
        more.append(
            gettext(
                "It is right on %(right)d %% of its own test images. If it errs as often on yours, "
                "8 right and 4 wrong ones, and those of the practice, need about %(wanted)d images."
            )
        )
    words = f"{words}. {' '.join(more)}" if more else words
    return words % {
        "set": source.image_set,
        "images": source.images,
        "wrong": source.wrong,
        "right": round(100 * source.accuracy),
        "wanted": source.images_wanted,
        "count": len(source.classes),
        "classes": ", ".join(source.classes),
        "weights": PurePath(source.weights).stem,
        "size": source.size,
    }


def _errors(source: guide.Source) -> str:
    """Return how often the classifier is wrong on the images, and whether that is enough."""
    if source.is_estimated:
        said = gettext("The classifier is wrong on about %(wrong)d of them.")
    else:
        said = gettext("The classifier is wrong on %(wrong)d of them.")
    if (source.wrong or 0) < guide.ENOUGH_WRONG:
        said += " " + gettext(
            "That is too few for the usual numbers: ask for fewer wrong ones, compare less within "
            "people, or leave out the practice."
        )
    return said


def _questionnaires() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return ids and titles of the questionnaires usually asked before, and of all the others."""
    before: list[tuple[str, str]] = []
    after: list[tuple[str, str]] = []
    for card in questionnaire_cards():
        fitting = before if card.key.startswith(USUALLY_BEFORE) else after
        fitting.append((card.key, card.label_with_purpose))
    return before, after
