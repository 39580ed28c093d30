"""The panel's first pages: my studies, and a study."""

import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from explanations.models import Explanation
from studyplatform.models import AuditEntry, Job
from studyplatform.panel import study_texts
from studyplatform.panel.overview import is_out_of_balance, overviews, state_of
from studyplatform.templatetags.panel import titled
from surveys import services
from surveys.models import AllocationSlot, Participant, Study
from surveys.pages import sequence
from surveys.services.stimuli import choose_stimuli
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories

HOME = reverse("panel:home")


def test_a_member_finds_exactly_the_own_studies(study, other_study, signed_in):
    page = signed_in("viewer").get(HOME).content.decode()
    assert reverse("panel:study", args=[study.slug]) in page
    assert reverse("panel:study", args=[other_study.slug]) not in page


def test_a_title_is_in_the_readers_language_if_the_file_has_it(db, signed_in):
    source = study_texts.template_text("demo.toml")
    study = Study(source=source, title="Judging the answers of a picture classifier")
    assert titled(study) == study.title
    with override("de"):
        assert titled(study) == "Die Antworten eines Bildklassifikators beurteilen"
        study.source = study_texts.template_text("which-map.toml")
        assert titled(study) == "What maps of pictures tell"


def test_somebody_without_a_study_reads_how_to_get_one(study, signed_in):
    User.objects.create_user("newcomer")
    page = signed_in("newcomer").get(HOME).content.decode()
    assert "You have no study yet" in page
    assert "<table" not in page
    assert f"{reverse('panel:new-study')}?origin=design:demo.toml" in page
    assert page.count('role="img"') == len(study_texts.templates())


def test_the_counts_are_those_of_real_participants(study):
    factories.walk(services.enrol(study=study, arrival_key="a"))
    services.enrol(study=study, arrival_key="b")
    services.stop(participant=services.enrol(study=study, arrival_key="c"))
    services.enrol(study=study, arrival_key="d", simulated=True)
    (entry,) = overviews([study])
    people = entry.people
    counts = (people.completed, people.started, people.stopped, people.simulated, entry.planned)
    assert counts == (1, 1, 1, 1, 60)
    assert entry.attention == ()


@pytest.mark.parametrize("kept", [0, 4])
def test_missing_maps_are_counted(study, kept):
    stimuli = study.stimuli.values_list("prediction", flat=True)
    maps = Explanation.objects.filter(prediction__in=stimuli, method="lime")
    assert maps.count() == 5
    Explanation.objects.filter(pk__in=list(maps.values_list("pk", flat=True))[kept:]).delete()
    (entry,) = overviews([study])
    assert entry.attention == ("5 maps are missing." if not kept else "1 map is missing.",)


def test_a_draft_says_that_its_images_are_not_chosen(db, tmp_path):
    (entry,) = overviews([factories.draft_study(tmp_path)])
    assert entry.attention == ("Images are not chosen yet (0 of 5), and maps are missing.",)


def test_a_full_study_says_so(db, tmp_path):
    study = factories.small_study(tmp_path, places=4)
    for number in range(4):
        services.enrol(study=study, arrival_key=str(number))
    (entry,) = overviews([study])
    assert entry.attention == ("All places are taken; nobody else is admitted.",)


def test_a_study_out_of_balance_says_so_without_naming_the_arm(study):
    arm = study.arms.first()

    def attention() -> str:
        return " ".join(overviews([study])[0].attention)

    slots = [
        AllocationSlot(study=study, arm=arm, erased=True, position=place) for place in range(1, 41)
    ]
    AllocationSlot.objects.bulk_create(slots[:4])
    assert "share" not in attention()
    AllocationSlot.objects.bulk_create(slots[4:])
    assert "further from its share of people than chance explains" in attention()
    assert arm.label not in attention()


@pytest.mark.parametrize(
    ("people", "ratios", "expected"),
    [
        # n = 100, p = 1/2: the standard deviation is 5.
        ((65, 35), (1, 1), False),
        ((66, 34), (1, 1), True),
        ((66, 34), (2, 1), False),
        # Of 8 people 4 are expected, which is too few to judge.
        ((8, 0), (1, 1), False),
    ],
)
def test_the_balance_is_judged_by_what_chance_does(people, ratios, expected):
    shares = dict(zip("ab", people, strict=True)), dict(zip("ab", ratios, strict=True))
    assert is_out_of_balance(*shares) == expected


def test_the_number_of_queries_does_not_grow_with_the_studies(study, signed_in, tmp_path):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert browser.get(HOME).status_code == 200
        return len(captured)

    browser = signed_in("owner")
    browser.get(HOME)  # the first request notes the browser
    one = queries()
    for number in range(3):
        more = factories.small_study(tmp_path, slug=f"more-{number}")
        add_member(more, "owner", **SWITCHES["owner"])
    assert queries() == one


def test_a_long_list_has_pages(study, signed_in, monkeypatch, tmp_path):
    monkeypatch.setattr("studyplatform.panel.home_views.STUDIES_PER_PAGE", 1)
    add_member(factories.small_study(tmp_path, slug="newer"), "owner", **SWITCHES["owner"])
    browser = signed_in("owner")
    first, second = (browser.get(HOME, {"page": page}).content.decode() for page in (1, 2))
    assert ("/newer/" in first, "/small/" in first) == (True, False)
    assert ("/newer/" in second, "/small/" in second) == (False, True)


def test_a_study_shows_its_state_and_its_address(study, signed_in):
    page = signed_in("viewer").get(reverse("panel:study", args=[study.slug])).content.decode()
    assert "Running" in page
    assert f"http://testserver{reverse('landing', args=[study.slug])}" in page
    assert "UTC</time>" in page


def test_a_viewer_previews_the_study_and_an_outsider_does_not(study, other_study, signed_in):
    path = reverse("preview:begin", args=[study.slug])
    shown = signed_in("viewer").get(path, follow=True)
    assert shown.status_code == 200
    assert reverse("panel:study", args=[study.slug]) in shown.content.decode()
    assert signed_in("outsider").get(path).status_code == 404


def test_a_job_whose_worker_is_silent_needs_attention(study):
    job = Job.objects.create(
        kind="maps", study=study, request_sha256="a", queued_at=timezone.now(), state="running",
        holder="worker", lease_until=timezone.now() + timedelta(minutes=1),
    )  # fmt: skip
    assert overviews([study])[0].attention == ()
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert overviews([study])[0].attention == ("The program that computes a job is silent.",)


def test_a_failed_job_and_one_that_waits_in_vain_need_attention(study):
    now = timezone.now()
    Job.objects.create(kind="maps", study=study, request_sha256="a", queued_at=now)
    for name, days in (("b", 1), ("c", 8)):
        Job.objects.create(
            kind="maps",
            study=study,
            request_sha256=name,
            queued_at=now,
            finished_at=now - timedelta(days=days),
            state="failed",
            error="Too little memory.",
        )
    (entry,) = overviews([study])
    assert entry.attention == (
        "1 job failed within the last week.",
        "A job waits, but the program that computes jobs does not run.",
    )


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "1 job failed within the last week."),
        ("de", "1 Auftrag ist in der letzten Woche gescheitert."),
    ],
)
def test_a_failed_job_needs_no_attention_once_a_later_one_is_done(
    study, other_study, signed_in, language, sentence
):
    now = timezone.now()

    def job(kind: str, state: str, hours: int, of: Study = study) -> None:
        Job.objects.create(
            kind=kind, study=of, request_sha256=f"{kind}{state}{hours}", state=state, queued_at=now,
            finished_at=now - timedelta(hours=hours),
            **({"error": "Too little memory."} if state == "failed" else {"result": {}}),
        )  # fmt: skip

    def is_told() -> bool:
        return sentence in browser.get(HOME).content.decode()

    browser = signed_in("owner")
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    job("maps", "failed", 5)
    job("maps", "done", 6)
    job("report", "done", 1)
    job("maps", "done", 1, of=other_study)
    assert is_told(), "an earlier job, another kind and another study do not repeat it"
    job("maps", "done", 2)
    assert not is_told()


def test_the_end_of_collection_and_unblinding_are_states_apart(study):
    services.close_study(study=study)
    assert state_of(study) == "Collection ended"
    services.unblind_study(study=study, reason="The analysis begins.", by="owner")
    study.refresh_from_db()
    assert state_of(study) == "Unblinded"
    assert overviews([study])[0].attention == ()


@pytest.mark.nightly
def test_a_hundred_studies_and_twenty_thousand_people_cost_little(study, signed_in):
    """Processor time of the home page, of a study's page and of the members' page, in ms."""
    for number in range(99):
        copied = Study.objects.get(pk=study.pk)
        copied.pk, copied.slug = None, f"copy-{number}"
        copied.source = study.source.replace('"small"', f'"copy-{number}"', 1)
        copied.save()
        add_member(copied, "owner", **SWITCHES["owner"])
        for start in (0, 100):
            Participant.objects.bulk_create(
                Participant(
                    study=copied,
                    code=f"{number}-{start + person}",
                    pseudonym=f"{number:03}{start + person:04}",
                    arrival_key=f"{number}-{start + person}",
                    personal_code=f"{number}-{start + person}",
                    consent_version="1",
                    consent_sha256="0" * 64,
                    consented_at=timezone.now(),
                )
                for person in range(100)
            )
    browser = signed_in("owner")
    for path in (
        HOME,
        reverse("panel:study", args=[study.slug]),
        reverse("panel:members", args=[study.slug]),
    ):
        browser.get(path)  # reads the study files, once in the life of a process
        before = time.process_time()
        assert browser.get(path).status_code == 200
        assert time.process_time() - before < 0.3, path


def test_a_draft_lists_what_comes_before_its_launch_with_state_and_link(tmp_path, db, signed_in):
    study = factories.draft_study(tmp_path)
    add_member(study, "owner", **SWITCHES["owner"])
    add_member(study, "viewer")

    def steps(name):
        page = signed_in(name).get(reverse("panel:study", args=[study.slug]))
        return {str(step.label): step for step in page.context["steps"]}

    before = steps("owner")
    assert list(before) == ["Images", "Maps", "Texts", "Preview", "Sample", "Pilot", "Launch"]
    assert not before["Images"].is_done
    assert before["Texts"].sentence == "1 text is unfinished."
    assert "things are to be mended first" in before["Launch"].sentence
    factories.predict(study)
    choose_stimuli(study)
    assert steps("owner")["Images"].is_done
    assert steps("owner")["Maps"].is_done
    for step in steps("owner").values():
        assert signed_in("owner").get(step.address).status_code in (200, 302)
    assert steps("viewer")["Texts"].address == "", "who may not go there gets no link"
    assert before["Preview"].is_done is None
    last = len(sequence.steps(study)) + 1
    page = [study.slug, study.arms.first().key, "en", last]
    for _ in range(2):
        signed_in("viewer").get(reverse("preview:page", args=page))
    assert AuditEntry.objects.filter(act="preview read").count() == 1, "once for each version"
    assert steps("owner")["Preview"].sentence == "viewer read this version to its last page."
    assert not before["Pilot"].is_done
    for seconds, is_done in ((5, None), (300, True)):
        Participant.objects.create(
            study=study, simulated=True, state="completed", arrival_key=str(seconds),
            personal_code=str(seconds), consent_version="1", consent_sha256="0" * 64,
            consented_at=timezone.now() - timedelta(seconds=seconds), finished_at=timezone.now(),
            completion_code="C",
        )  # fmt: skip
        assert steps("owner")["Pilot"].is_done is is_done
