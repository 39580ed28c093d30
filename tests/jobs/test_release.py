"""The release of a study's data as a job: its form, its refusals, and its folder."""

import zipfile

import pytest
from django.utils import translation

from analysis.release.free_texts import digest_of
from analysis.release.writing import Summary
from studyplatform.jobs import queue
from studyplatform.jobs.bodies.release import in_words
from studyplatform.jobs.folders import jobs_folder
from studyplatform.jobs.kinds import ArgumentsError
from studyplatform.jobs.release_form import ReleaseForm, written_texts
from studyplatform.models import AuditEntry, Job
from surveys.models import Answer, Study
from tests.jobs.conftest import do_next
from tests.surveys import factories

ASKED = {"simulated": "none", "k": 2, "licence": "CC0-1.0", "authors": "A. Meyer\n\nB. Okafor"}


def ended_study(study: Study, people: int = 1) -> Study:
    for number in range(people):
        factories.walk(factories.allocated(study, str(number)), choice=number)
    factories.end_and_unblind(study)
    study.refresh_from_db()
    return study


def rewrite(study: Study, *texts: str) -> None:
    """Let the people have written these texts."""
    answers = list(written_texts(study))
    assert len(answers) >= len(texts)
    for answer, text in zip(answers, texts, strict=False):
        Answer.objects.filter(pk=answer.pk).update(value=text)


def test_the_form_lists_every_text_once_and_none_is_ticked(study):
    ended_study(study, people=3)
    rewrite(study, "The sky was marked.", "I am Eva.", "The sky was marked.")
    form = ReleaseForm(study)
    choices = form.fields["texts"].choices
    assert choices == [(digest_of(text), text) for text in ("I am Eva.", "The sky was marked.")]
    assert "checked" not in str(form["texts"])
    written_texts(study).update(value="")
    assert "texts" not in ReleaseForm(study).fields


WRONG = (
    ({"authors": " \n "}, "Authors of the data"),
    ({"k": 1}, "greater than or equal to 2"),
    ({"licence": "mine"}, "valid choice"),
    ({"texts": ["0" * 16]}, "valid choice"),
)


def test_a_release_that_cannot_be_made_is_refused_before_it_is_queued(study):
    factories.walk(factories.allocated(study, "a"))
    with pytest.raises(ArgumentsError, match="stay hidden until the study"):
        queue.enqueue("release", study=study, data=ASKED, by=None)
    factories.end_and_unblind(study)
    study.refresh_from_db()
    for wrong, words in WRONG:
        with pytest.raises(ArgumentsError, match=words):
            queue.enqueue("release", study=study, data=ASKED | wrong, by=None)
    assert not Job.objects.exists()


@pytest.mark.nightly
def test_a_release_is_a_folder_and_a_zip_file_and_stands_in_the_audit(study, enqueue):
    ended_study(study, people=16)
    enqueue("release", **ASKED)
    job, _ = do_next()
    assert job.state == "done", job.error
    output = jobs_folder() / str(job.pk) / str(job.result["token"]) / "output"
    with zipfile.ZipFile(output / "small.zip") as archive:
        names = set(archive.namelist())
    assert "small/dataset_description.json" in names
    assert "small/documentation/WHAT_WAS_REMOVED.md" in names
    assert "B. Okafor" in (output / "small" / "CITATION.cff").read_text(encoding="utf-8")
    assert "numbers of the report are equal" in job.result["summary"]
    assert job.result["reveals_arms"] is True
    assert AuditEntry.objects.filter(act="data released").count() == 1


@pytest.mark.parametrize("smallest", [0, 7])
def test_the_summary_is_that_of_the_command_in_the_language_of_whoever_asked(smallest):
    summary = Summary(9, 40, smallest, 2, 5, 120, 3)
    assert in_words(summary) == str(summary)
    with translation.override("de"):
        assert in_words(summary).startswith("40 Teilnehmende in 9 Dateien; ")
