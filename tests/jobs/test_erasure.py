"""What is left of results when somebody withdraws or is erased: nothing that lists people."""

import pytest

from studyplatform.jobs import queue
from studyplatform.jobs.folders import jobs_folder, result_file
from studyplatform.jobs.lease import LostLeaseError
from studyplatform.models import Job
from surveys import services
from tests.jobs.conftest import do_next
from tests.surveys import factories


@pytest.fixture
def erase(django_capture_on_commit_callbacks):
    """Erases somebody, with whatever follows the commit."""

    def erased(participant) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            services.erase(participant=participant)

    return erased


@pytest.fixture
def person(study):
    return factories.walk(services.enrol(study=study, arrival_key="a"))


def on_disk(job: Job) -> set[str]:
    output = jobs_folder() / str(job.pk) / str(job.result["token"]) / "output"
    return {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}


def test_an_export_loses_its_files_and_says_so(person, enqueue, erase):
    enqueue("export", formats=["csv", "json"], simulated="none")
    job, _ = do_next()
    assert "small/participants.csv" in on_disk(job)
    erase(person)
    assert on_disk(job) == set()
    job.refresh_from_db()
    assert (job.state, job.files, job.result["people_erased"]) == ("done", [], True)
    assert "the files that list people" in job.log
    assert result_file(job.pk, job.result["token"], "small.zip") is None


def test_a_report_keeps_its_page_its_numbers_and_its_figures(person, enqueue, erase):
    enqueue("export", formats=["csv"], simulated="none")
    job, _ = do_next()
    output = jobs_folder() / str(job.pk) / "1" / "output"
    kept = {"report.html", "results.json", "figures/trust.svg"}
    gone = {"scores.csv", "data/answers.csv", "bundle.json"}
    for name in kept | gone:
        (output / name).parent.mkdir(exist_ok=True)
        (output / name).write_text("x")
    files = [{"name": name, "bytes": 1, "sha256": ""} for name in sorted(on_disk(job))]
    Job.objects.update(kind="report", result={**job.result, "files": files, "page": "report.html"})
    erase(person)
    assert on_disk(job) == kept


def test_a_simulated_person_who_is_deleted_changes_no_result(person, study, enqueue, erase):
    simulated = services.enrol(study=study, arrival_key="b", simulated=True)
    enqueue("export", formats=["csv"], simulated="none")
    job, _ = do_next()
    before = on_disk(job)
    erase(simulated)
    assert on_disk(job) == before


def test_a_job_that_has_read_the_data_begins_anew(person, enqueue, erase):
    job = enqueue("export", formats=["csv"], simulated="none")
    lease = queue.claim("worker", ("export",))
    erase(person)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)
    with pytest.raises(LostLeaseError):
        queue.finish(lease, {"summary": "With the person in it.", "files": []})
    # The control: a job that reads no data of people goes on.
    enqueue("maps", layers=False, verify=0)
    other = queue.claim("worker", ("maps",))
    services.enrol(study=job.study, arrival_key="c")
    erase(job.study.participants.get())
    queue.finish(other, {"summary": "Maps.", "files": []})
