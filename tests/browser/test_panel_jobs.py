"""Jobs and reports in Chromium: a page that renews itself, and pages without a flaw."""

import pytest
from django.urls import reverse

from studyplatform.jobs import queue
from tests.browser import axe
from tests.browser.axe import flaws
from tests.jobs.conftest import MAPS
from tests.panel.test_jobs import REPORT, done

pytestmark = pytest.mark.browser
RESULT = {"summary": "12 maps are there.", "files": []}


@pytest.fixture
def panel(study, live_server, cookie):
    """Adds the owner's session to a browser's context, and gives the address of a panel's page."""

    def address(page, name: str, *arguments) -> str:
        page.context.add_cookies([cookie])
        return live_server.url + reverse(f"panel:{name}", args=[study.slug, *arguments])

    return address


def test_a_jobs_page_renews_itself_and_then_rests(tab, panel, study):
    job, _ = queue.enqueue("maps", study=study, data=MAPS, by=None)
    tab.goto(panel(tab, "job", job.pk))
    tab.get_by_text("The job waits until the program that computes is free.").wait_for()
    tab.evaluate("window.untouched = true")
    lease = queue.claim("worker", ("maps",))
    queue.report(lease, done=3, total=12, unit="maps")
    tab.get_by_text("3 of 12 maps").wait_for()
    queue.finish(lease, RESULT)
    tab.get_by_text("12 maps are there.").wait_for()
    assert tab.evaluate("window.untouched"), "the page was never loaded anew"
    assert tab.locator("[hx-get]").count() == 0, "nothing is asked for any more"
    assert axe.width(tab) <= 390


@pytest.mark.nightly
def test_without_a_script_the_same_is_seen_by_a_reload(chromium, panel, study):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    job, _ = queue.enqueue("maps", study=study, data=MAPS, by=None)
    page.goto(panel(page, "job", job.pk))
    lease = queue.claim("worker", ("maps",))
    queue.report(lease, done=3, total=12, unit="maps")
    page.get_by_role("link", name="Reload to see the progress").click()
    page.get_by_text("3 of 12 maps").wait_for()
    page.get_by_role("button", name="Cancel the job").click()
    page.get_by_text("stopping").first.wait_for()
    context.close()


@pytest.mark.nightly
def test_the_pages_have_no_flaw_and_are_no_wider_than_a_phone(page, panel, study):
    failed, _ = queue.enqueue("maps", study=study, data=MAPS, by=None)
    queue.fail(queue.claim("worker", ("maps",)), "The classifier is missing.", "Register it.")
    report = done(study, "report", {"report.html": REPORT, "data/a.csv": "x"}, page="report.html")
    for name, *arguments in (
        ("jobs",), ("start-job", "evaluation"), ("job", failed.pk), ("data",), ("job", report.pk),
        ("start-job", "release"),
    ):  # fmt: skip
        page.goto(panel(page, name, *arguments))
        assert flaws(page) == [], name
        assert axe.width(page) <= 390, name


def test_a_report_keeps_its_style_and_runs_no_script(chromium, panel, study):
    smuggled = REPORT.replace("<p>3</p>", "<p>3</p><script>document.title = 'run'</script>")
    report = done(study, "report", {"report.html": smuggled}, page="report.html")
    page = chromium.new_context().new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(panel(page, "job-file", report.pk, "report.html"))
    assert page.locator("p").first.evaluate("p => getComputedStyle(p).color") == "rgb(255, 0, 0)"
    assert page.title() != "run"
    assert any("script" in text for text in refused), "the policy said so"
    page.context.close()
