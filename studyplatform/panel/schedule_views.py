"""The schedule of a study: start, end, and a stop at a number of people."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from surveys import services
from surveys.models import Study

FORMAT = "%Y-%m-%dT%H:%M"


class ScheduleForm(forms.Form):
    """What the study does by itself. Times are those of the reader's zone."""

    starts_at = forms.DateTimeField(label=_("Admit people from"), required=False)
    ends_at = forms.DateTimeField(label=_("End collection at"), required=False)
    stop_at = forms.IntegerField(
        label=_("Pause when so many have completed"), required=False, min_value=1
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = timezone.get_current_timezone_name()
        for name in ("starts_at", "ends_at"):
            self.fields[name].widget = forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format=FORMAT
            )
            self.fields[name].help_text = gettext("Date and time in %(zone)s.") % {"zone": zone}
        self.fields["starts_at"].help_text += " " + gettext(
            "A launched study pauses until then; a paused study goes on."
        )
        self.fields["stop_at"].help_text = gettext(
            "Counts real participants. People who are under way can finish, so that a few more may "
            "complete."
        )


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.OWN)
def schedule(request: HttpRequest, study: Study) -> HttpResponse:
    """Show and change what the study does by itself."""
    now = getattr(study, "schedule", None)
    initial = {name: getattr(now, name, None) for name in ScheduleForm.base_fields}
    form = ScheduleForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            services.set_schedule(study=study, **form.cleaned_data)
        except services.StudyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, gettext("The schedule is stored."))
            return HttpResponseRedirect(reverse("panel:launch", args=[study.slug]))
    status = 422 if form.is_bound else 200
    return render_study_page(
        request, study, "launch", "panel/schedule.html", {"form": form}, status
    )
