"""Pages of jobs, data and reports: who sees what, starts what, and gets which file."""

import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from explanations.models import Explanation
from studyplatform.jobs import presence, queue
from studyplatform.jobs.folders import jobs_folder
from studyplatform.models import AuditEntry, Job
from studyplatform.panel.report_comparison import compare_reports
from studyplatform.panel.report_page import policy_of
from studyplatform.security import POLICY
from surveys import services
from tests.jobs.conftest import MAPS, do_next
from tests.panel.conftest import signed_in_and_confirmed
from tests.surveys import factories

EVERYBODY = ("viewer", "analyst", "editor", "owner", "administrator", "outsider")
DATA = ("analyst", "owner", "administrator")
CHANGES = ("editor", "owner", "administrator")
REPORT = "<!doctype html><html><head><style>p { color: red; }</style></head><body><p>3</p></body>"
ALIVE = ["maps", "evaluation", "power", "simulation", "export", "report"]


@pytest.fixture
def cast(study, other_study, administrator):
    """The study, with somebody of each kind."""
    return study


def address(study, name: str, *arguments) -> str:
    return reverse(f"panel:{name}", args=[study.slug, *arguments])


def job_of(study, kind: str = "maps", **data) -> Job:
    job, _ = queue.enqueue(
        kind, study=study, data=data or MAPS, by=User.objects.get(username="owner")
    )
    return job


def done(study, kind: str, files: dict[str, str], *, page: str = "", reveals: bool = False) -> Job:
    """A job with a result of these files."""
    job = Job.objects.create(
        kind=kind, study=study, request_sha256=kind, state="done", queued_at=timezone.now(),
        finished_at=timezone.now(), token=1, attempts=1,
        requested_by=User.objects.get(username="owner"),
        arguments={"simulated": "none", "formats": ["csv"]},
        result={
            "summary": "All there.", "page": page, "reveals_arms": reveals, "token": 1,
            "provenance": {"data_sha256": "d" * 64, "plan_sha256": "p" * 64,
                           "rows": {"participants.csv": 12}, "software": {"numpy": "2.0"}},
            "files": [{"name": name, "bytes": 3, "sha256": "f" * 64} for name in files],
        },
    )  # fmt: skip
    output = jobs_folder() / str(job.pk) / "1" / "output"
    for name, text in files.items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).write_text(text)
    return job


def status_of(browser: Client, path: str) -> int:
    answer = browser.get(path)
    answer.close()  # a file that is sent stays open until then
    return answer.status_code


SEEN = {
    "jobs": (EVERYBODY[:-1], lambda study: address(study, "jobs")),
    "start maps": (CHANGES, lambda study: address(study, "start-job", "maps")),
    "start an export": (DATA, lambda study: address(study, "start-job", "export")),
    "an unknown kind": ((), lambda study: address(study, "start-job", "nothing")),
    "data": (DATA, lambda study: address(study, "data")),
    "a job of maps": (EVERYBODY[:-1], lambda study: address(study, "job", job_of(study).pk)),
    "its progress": (
        EVERYBODY[:-1], lambda study: address(study, "job-progress", job_of(study).pk),
    ),
    "a job of data": (
        DATA, lambda study: address(study, "job", done(study, "export", {"small.zip": "x"}).pk),
    ),
    "a report": (
        DATA,
        lambda study: address(study, "job-file", done(
            study, "report", {"report.html": REPORT}, page="report.html").pk, "report.html"),
    ),
    "a page of the evaluation": (
        EVERYBODY[:-1],
        lambda study: address(study, "job-file", done(
            study, "evaluation", {"report.html": REPORT}, page="report.html").pk, "report.html"),
    ),
}  # fmt: skip


@pytest.mark.nightly
def test_each_page_is_there_for_those_with_the_right_and_404_for_all_others(cast, signed_in):
    browsers = {name: signed_in(name) for name in EVERYBODY}
    for row, (allowed, path_of) in SEEN.items():
        path = path_of(cast)
        found = {name for name, browser in browsers.items() if status_of(browser, path) == 200}
        assert found == set(allowed), row
        refused = {status_of(browsers[name], path) for name in EVERYBODY if name not in allowed}
        assert refused <= {404}, row


def test_a_job_of_another_study_is_not_there_under_ones_own(study, other_study, signed_in):
    job = job_of(study)
    outsider = signed_in("outsider")
    for name in ("job", "job-progress", "cancel-job", "retry-job", "delete-job"):
        path = address(other_study, name, job.pk)
        answer = outsider.post(path) if name.endswith("-job") else outsider.get(path)
        assert answer.status_code == 404
        job.refresh_from_db()
        assert job.state == "queued"
    mine = address(other_study, "job", job_of_outsider(other_study).pk)
    assert outsider.get(mine).status_code == 200


def job_of_outsider(study) -> Job:
    job, _ = queue.enqueue("maps", study=study, data=MAPS, by=None)
    return job


@pytest.mark.parametrize("name", EVERYBODY)
def test_only_those_who_may_change_the_study_start_cancel_repeat_and_delete(cast, signed_in, name):
    browser = signed_in(name)
    may = name in CHANGES
    started = browser.post(address(cast, "start-job", "maps"), MAPS)
    assert Job.objects.filter(kind="maps").exists() == may
    assert started.status_code == (302 if may else 404)
    job = Job.objects.first() or job_of(cast)
    for action, state in (("cancel", "cancelled"), ("retry", "queued"), ("cancel", "cancelled")):
        answer = browser.post(address(cast, f"{action}-job", job.pk))
        assert answer.status_code == (302 if may else 404)
        job.refresh_from_db()
        assert job.state == (state if may else "queued")
    browser.post(address(cast, "delete-job", job.pk))
    assert Job.objects.exists() != may


def test_a_study_that_lacks_maps_offers_to_compute_them(study, signed_in):
    path, button = address(study, "study"), address(study, "start-job", "maps")
    assert button not in signed_in("editor").get(path).content.decode()
    Explanation.objects.filter(method="lime").delete()
    assert button in signed_in("editor").get(path).content.decode()
    assert button not in signed_in("viewer").get(path).content.decode()


def test_a_form_with_a_mistake_says_so_and_starts_nothing(study, signed_in):
    page = signed_in("editor").post(address(study, "start-job", "maps"), {"verify": "-1"})
    assert page.status_code == 422
    assert "greater than or equal to 0" in page.content.decode()
    assert not Job.objects.exists()


def test_a_double_click_starts_one_job_and_says_so(study, signed_in):
    browser = signed_in("editor")
    for _ in range(2):
        page = browser.post(address(study, "start-job", "maps"), MAPS, follow=True)
    assert Job.objects.count() == 1
    assert "waiting or running already" in page.content.decode()


def test_a_running_job_shows_its_progress_and_asks_for_news(study, signed_in):
    job = job_of(study)
    lease = queue.claim("worker", ("maps",))
    queue.report(lease, done=3, total=12, unit="maps",
                 expected_at=timezone.now() + timedelta(seconds=240))  # fmt: skip
    browser = signed_in("viewer")
    page = browser.get(address(study, "job", job.pk)).content.decode()
    assert '<progress max="12" value="3"' in page
    assert "about 4 minutes left" in page
    assert "Cancel the job" not in page, "a viewer cannot"
    assert (
        "Cancel the job" in signed_in("editor").get(address(study, "job", job.pk)).content.decode()
    )
    (news,) = re.findall(r'hx-get="([^"]+)"', page)
    assert browser.get(news).status_code == 204, "nothing has changed"
    queue.finish(lease, {"summary": "12 maps.", "files": []})
    fragment = browser.get(news)
    assert "12 maps." in fragment.content.decode()
    assert "hx-get" not in fragment.content.decode(), "a job that is over has no news"
    assert "<html" not in fragment.content.decode()


def test_a_failed_job_says_why_and_what_to_do(study, signed_in):
    job = job_of(study)
    queue.fail(queue.claim("worker", ("maps",)), "The classifier is missing.", "Register it.")
    page = signed_in("editor").get(address(study, "job", job.pk)).content.decode()
    assert "The classifier is missing." in page
    assert "Register it." in page
    assert "Repeat the job" in page


def test_a_waiting_job_without_a_worker_says_so(study, signed_in):
    path = address(study, "job", job_of(study).pk)
    browser = signed_in("viewer")
    assert "Nothing computes at the moment" in browser.get(path).content.decode()
    with presence.shown("worker", ["export"]) as still_here:
        still_here()
        assert "Nothing computes at the moment" in browser.get(path).content.decode(), (
            "not for maps"
        )
    with presence.shown("worker", ALIVE) as still_here:
        still_here()
        assert "Nothing computes at the moment" not in browser.get(path).content.decode()
    assert "Nothing computes at the moment" in browser.get(path).content.decode()


def test_a_worker_that_is_silent_for_long_counts_as_gone(study, monkeypatch):
    with presence.shown("worker", ALIVE) as still_here:
        still_here()
        assert presence.kinds_at_work() == set(ALIVE)
        monkeypatch.setattr(presence, "SECONDS_UNTIL_SILENT", -1.0)
        assert presence.kinds_at_work() == set()


def test_the_data_page_says_what_made_each_result(study, signed_in):
    done(study, "report", {"report.html": REPORT}, page="report.html")
    page = signed_in("analyst").get(address(study, "data")).content.decode()
    for text in ("12 participants", "dddddddddddd…", "pppppppppppp…", "numpy 2.0", "owner"):
        assert text in page


def test_the_number_of_queries_does_not_grow_with_the_jobs(study, signed_in):
    browser = signed_in("owner")

    def queries(name: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(address(study, name)).status_code == 200
        return len(captured)

    done(study, "report", {})
    queries("jobs")  # the first page of a browser notes that it is there
    before = queries("jobs"), queries("data")
    for _ in range(5):
        done(study, "report", {})
        done(study, "export", {})
    assert (queries("jobs"), queries("data")) == before


def test_data_are_downloaded_only_after_confirming_who_one_is(study, signed_in):
    job = done(study, "export", {"small.zip": "all of it"})
    path = address(study, "job-file", job.pk, "small.zip")
    # Everybody who was invited has a confirmed address.
    analyst = study.members.get(user__username="analyst").user
    EmailAddress.objects.create(user=analyst, email="analyst@example.org", verified=True)
    browser = signed_in("analyst")
    asked = browser.get(path)
    assert asked.status_code == 302
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert "Password" in browser.get(asked["Location"]).content.decode()
    given = signed_in_and_confirmed("analyst").get(path)
    assert b"".join(given.streaming_content) == b"all of it"
    assert given["Content-Disposition"] == 'attachment; filename="small.zip"'
    assert given["Content-Security-Policy"] == POLICY


def test_results_without_answers_need_no_confirmation(study, signed_in):
    job = done(study, "power", {"power.json": "{}"})
    given = signed_in("viewer").get(address(study, "job-file", job.pk, "power.json"))
    assert b"".join(given.streaming_content) == b"{}"


def test_a_result_tells_what_its_files_are_for(study, signed_in):
    job = done(study, "power", {"power.json": "{}", "figures/power.svg": "{}"})
    page = signed_in("viewer").get(address(study, "job", job.pk)).content.decode()
    assert page.count("every number of the simulation, for programs") == 1


def test_only_listed_files_are_given(study, signed_in):
    job = done(study, "power", {"power.json": "{}"})
    (jobs_folder() / str(job.pk) / "1" / "output" / "other.csv").write_text("not listed")
    (jobs_folder() / str(job.pk) / "1" / "secret").write_text("beside the result")
    browser = signed_in("owner")
    for name in ("../secret", "other.csv", "..", "%2e%2e/secret"):
        path = address(study, "job-file", job.pk, "power.json").replace("power.json", name)
        assert browser.get(path).status_code == 404


def test_a_report_is_shown_in_the_panel_under_a_policy_of_its_own(study, signed_in):
    job = done(study, "report", {"report.html": REPORT}, page="report.html")
    shown = signed_in("analyst").get(address(study, "job-file", job.pk, "report.html"))
    page = shown.content.decode()
    assert "<p>3</p>" in page
    assert address(study, "job", job.pk) in page, "a way back"
    policy = shown["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src" not in policy, "so that default-src 'none' holds"
    assert "default-src 'none'" in policy
    assert policy.count("sha256-") == 1


def test_another_style_has_another_policy():
    """The control: the policy of a page does not let a changed style in."""
    changed = REPORT.replace("red", "url(//evil.example/x)")
    assert policy_of(REPORT) != policy_of(changed)
    assert policy_of(REPORT) == policy_of(REPORT + "<script>alert(1)</script>")


def test_results_that_show_arms_are_hidden_while_the_study_is_blinded(study):
    files = {"report.html": REPORT, "results.json": "{}"}
    job = done(study, "report", files, page="report.html", reveals=True)
    browser = signed_in_and_confirmed("owner")
    paths = [address(study, "job-file", job.pk, name) for name in files]
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 403
        assert "<p>3</p>" not in answer.content.decode()
    listed = browser.get(address(study, "data")).content.decode()
    assert "hidden until the study is unblinded" in listed
    compare = address(study, "compare-reports") + f"?report={job.pk}&report={job.pk}"
    assert browser.get(compare).status_code == 404
    # The control: unblinded, the same files are given.
    factories.end_and_unblind(study)
    assert [status_of(browser, path) for path in paths] == [200, 200]


def test_two_reports_are_compared_number_by_number(study, signed_in):
    first = {
        "provenance": {"seed": 1},
        "outcomes": [
            {
                "outcome": {"key": "trust", "label": "Trust"},
                "p_adjusted": 0.04,
                "n": 12,
                "same": 1.5,
            }
        ],
    }
    second = {
        "provenance": {"seed": 2},
        "outcomes": [
            {
                "outcome": {"key": "trust", "label": "Trust"},
                "p_adjusted": 0.06,
                "n": 12,
                "same": 1.5,
            }
        ],
    }
    jobs = [done(study, "report", {"results.json": json.dumps(one)}) for one in (first, second)]
    query = "&".join(f"report={job.pk}" for job in jobs)
    page = signed_in("analyst").get(f"{address(study, 'compare-reports')}?{query}")
    text = page.content.decode()
    assert "1 number differs." in text
    assert "2 are equal." in text
    assert "outcomes › Trust" in text
    for number in ("0.04", "0.06", "0.02"):
        assert number in text
    wrong = signed_in("analyst").get(f"{address(study, 'compare-reports')}?report={jobs[0].pk}")
    assert wrong.status_code == 422
    assert "Choose two reports" in wrong.content.decode()


def test_a_row_more_does_not_make_all_others_differ(tmp_path):
    rows = [{"key": name, "value": float(number)} for number, name in enumerate("abc")]
    for name, chosen in (("first", rows[1:]), ("second", rows)):
        (tmp_path / name).write_text(json.dumps({"arms": chosen}))
    found = compare_reports(tmp_path / "first", tmp_path / "second")
    assert (found.equal, found.different) == (2, 1)
    (part,) = found.parts
    assert [(one.place, one.first, one.second) for one in part.differences] == [
        ("a › value", None, 0.0)
    ]


@pytest.mark.nightly
def test_the_whole_way_of_an_export_from_the_click_to_the_file(study):
    factories.walk(services.enrol(study=study, arrival_key="a"))
    browser = signed_in_and_confirmed("analyst")
    sent = browser.post(address(study, "start-job", "export"),
                        {"simulated": "none", "formats": ["csv", "json"]})  # fmt: skip
    job, _ = do_next()
    assert job.requested_by.username == "analyst"
    page = browser.get(sent["Location"]).content.decode()
    assert job.files[0]["sha256"] in page
    (download,) = re.findall(r'<a class="button" href="([^"]+)">Download the data', page)
    assert download.endswith("/small.zip")
    assert page.index("Download the data") < page.index('id="delete"'), "deletion comes last"
    links = re.findall(r'href="([^"]+/files/[^"]+)"', page)
    assert any(link.endswith("participants.csv") for link in links)
    assert [status_of(browser, link) for link in links] == [200] * len(links)


def test_the_audit_names_who_started_exported_and_took_data_away(study):
    factories.walk(services.enrol(study=study, arrival_key="a"))
    browser = signed_in_and_confirmed("analyst")
    browser.post(address(study, "start-job", "export"), {"simulated": "none", "formats": ["csv"]})
    job, _ = do_next()
    status_of(browser, address(study, "job-file", job.pk, "small.zip"))
    browser.post(address(study, "delete-job", job.pk))
    acts = AuditEntry.objects.filter(who="analyst").order_by("pk").values_list("act", flat=True)
    noted = ["data exported", "copy made"]
    assert list(acts) == ["job started", *noted, "result downloaded", "job deleted"]


def test_htmx_is_the_file_that_its_licence_names():
    content = Path(finders.find("htmx/htmx.min.js")).read_bytes()
    licence = Path(finders.find("htmx/LICENSE")).read_text()
    assert hashlib.sha256(content).hexdigest() in licence
