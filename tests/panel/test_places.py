"""The places of a running study, changed in the panel and by the command."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from studyplatform.models import AuditEntry
from surveys.models import Study
from surveys.study_file.stored import definition
from tests.surveys import factories

FORM = {"hold_minutes": "60", "reason": "The funder paid for more people."}


def allocation(study: Study):
    return definition(Study.objects.get(pk=study.pk)).allocation


@pytest.fixture
def running(study) -> Study:
    """With somebody who has an arm."""
    factories.allocated(study, "somebody")
    return study


def test_an_owner_raises_the_places_with_a_reason(running, signed_in):
    path = reverse("panel:places", args=[running.slug])
    page = signed_in("owner").get(path).content.decode()
    assert "1 are taken" in page
    assert signed_in("owner").post(path, FORM | {"places": "90"}).status_code == 302
    assert allocation(running).places == 90
    assert (
        "The funder paid"
        in signed_in("owner").get(reverse("panel:study", args=[running.slug])).content.decode()
    )
    entry = AuditEntry.objects.get(act="places changed")
    assert entry.before == {"places": 60, "hold_minutes": 60}
    assert entry.after == {"places": 90, "hold_minutes": 60, "reason": FORM["reason"]}


def test_without_a_reason_the_form_says_so_and_nothing_changes(running, signed_in):
    path = reverse("panel:places", args=[running.slug])
    answered = signed_in("owner").post(path, {"places": "90", "hold_minutes": "60"})
    assert answered.status_code == 422
    assert allocation(running).places == 60


@pytest.mark.nightly
def test_too_few_places_are_refused_in_the_form(running, signed_in):
    for number in range(5):
        factories.allocated(running, str(number))
    path = reverse("panel:places", args=[running.slug])
    answered = signed_in("owner").post(path, FORM | {"places": "5"})
    assert answered.status_code == 422
    assert "6 places of the study" in answered.content.decode().replace("&#x27;", "'")


def test_the_command_changes_the_file_and_keeps_its_comments(db, tmp_path):
    quotas = "quotas = { lime = 3 } # the maps of lime are few"
    study = factories.small_study(tmp_path, allocation=quotas)
    factories.allocated(study, "somebody")
    line = call_command(
        "change_places",
        "small",
        "--quota=lime=4",
        "--places=70",
        "--hold-minutes=5",
        reason="More.",
    )
    assert line.startswith("Changed the places of the study 'small' as version 2.")
    changed = allocation(study)
    assert (changed.places, changed.hold_minutes, changed.quotas) == (70, 5, {"lime": 4})
    assert "# the maps of lime are few" in Study.objects.get().source
    assert "Nothing changed" in call_command("change_places", "small", "--places=70", reason="M")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--quota=lime=2", "it is 3. Raise it, or remove it"),
        ("--quota=gradcam=9", "it has none. Leave it out"),
        ("--quota=limes=9", "has no arm 'limes'. Name one of none, gradcam, lime, placebo"),
        ("--places=3", "'places' in \\[allocation\\] is 3"),
    ],
)
def test_the_command_refuses_with_a_sentence(db, tmp_path, option, said):
    study = factories.small_study(tmp_path, allocation="quotas = { lime = 3 }")
    factories.allocated(study, "somebody")
    with pytest.raises(CommandError, match=said):
        call_command("change_places", "small", option, reason="More.")


@pytest.mark.nightly
def test_the_command_removes_a_quota(db, tmp_path):
    study = factories.small_study(tmp_path, allocation="quotas = { lime = 3 }")
    factories.allocated(study, "somebody")
    call_command("change_places", "small", "--quota=lime=0", reason="More.")
    assert allocation(study).quotas == {}
