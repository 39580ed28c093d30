"""Studies that nobody took part in can be deleted, by owners, and the audit keeps a line."""

import pytest
from django.urls import reverse
from django.utils import timezone

from studyplatform.jobs import folders
from studyplatform.models import AuditEntry, Job
from surveys import services
from surveys.models import Study
from surveys.services import StudyError
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories


@pytest.fixture
def draft(db, tmp_path):
    study = factories.draft_study(tmp_path)
    for name, switches in SWITCHES.items():
        add_member(study, name, **switches)
    return study


def page(study):
    return reverse("panel:delete-study", args=[study.slug])


def test_an_owner_deletes_a_study_that_nobody_took_part_in(
    draft, signed_in, django_capture_on_commit_callbacks
):
    job = Job.objects.create(
        kind="maps", study=draft, request_sha256="x", queued_at=timezone.now(),
        finished_at=timezone.now(), state="cancelled",
    )  # fmt: skip
    folder = folders.jobs_folder() / str(job.pk)
    folder.mkdir()
    owner = signed_in("owner")
    asked = owner.get(page(draft)).content.decode()
    assert "Type the short name <code>small</code>" in asked
    assert owner.post(page(draft), {"typed": "another"}).status_code == 409
    assert Study.objects.filter(pk=draft.pk).exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert owner.post(page(draft), {"typed": "small"}).status_code == 302
    assert not Study.objects.filter(pk=draft.pk).exists()
    assert not folder.exists()
    entry = AuditEntry.objects.get(act="deleted")
    assert (entry.study, entry.who, entry.before["state"]) == ("small", "owner", "draft")


@pytest.mark.parametrize("name", ["viewer", "analyst", "editor"])
def test_nobody_else_deletes_it(draft, signed_in, name):
    assert signed_in(name).post(page(draft), {"typed": "small"}).status_code == 404


@pytest.mark.parametrize("simulated", [False, True])
def test_a_study_with_people_stays_even_when_they_were_erased(study, signed_in, simulated):
    person = services.enrol(study=study, arrival_key="x", simulated=simulated)
    factories.allocate(person)
    services.erase(participant=person)
    assert signed_in("owner").post(page(study), {"typed": study.slug}).status_code == 409
    with pytest.raises(StudyError, match="cannot be deleted"):
        services.delete_study(study=study)
    assert Study.objects.filter(pk=study.pk).exists()


def test_a_job_that_waits_is_cancelled_first(draft, signed_in):
    Job.objects.create(kind="maps", study=draft, request_sha256="x", queued_at=timezone.now())
    refused = signed_in("owner").post(page(draft), {"typed": "small"})
    assert refused.status_code == 409
    assert "A job of this study waits or runs." in refused.content.decode()
