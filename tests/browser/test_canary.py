"""Markup in a study's texts and in people's answers never runs, wherever it is shown."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse

from studyplatform.panel import preview
from surveys import services
from surveys.models import Study
from surveys.pages import sequence
from surveys.services.stimuli import choose_stimuli
from tests.browser.walking import begin, choose_first, ready, send
from tests.surveys.drawn import drawn_study
from tests.surveys.factories import walk

pytestmark = pytest.mark.browser
CANARY = (
    "<script>window.canary=1</script><img src=x onerror='window.canary=1'>"
    "</title></textarea></script><svg onload='window.canary=1'>{{ 7|add:7 }}"
)
SHORT = "<img src=x onerror='window.canary=1'>"
SINGING = b"""%PDF-1.7
1 0 obj
<</Type /Catalog /Pages 2 0 R /Names <</JavaScript <</Names [(a) 4 0 R]>>>>>>
endobj
2 0 obj
<</Type /Pages /Kids [3 0 R] /Count 1>>
endobj
3 0 obj
<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>>
endobj
4 0 obj
<</S /JavaScript /JS (app.alert\\(1\\))>>
endobj
trailer
<</Root 1 0 R>>
"""


@pytest.fixture
def hostile(transactional_db, tmp_path, _data_in_a_folder_of_its_own) -> Study:
    """A study whose every text is markup."""
    study = drawn_study(tmp_path, arms=("none", "gradcam"))
    source = study.source
    for text in ("Pictures and a classifier", "What it was about.", "What happens here."):
        assert text in source
        source = source.replace(text, CANARY)
    source = source.replace("Label of gradcam", CANARY[:80]).replace(
        '"drawn"\ntitle', '"hostile"\ntitle'
    )
    source = source.replace('label = "Trust"', f'label = """{SHORT}"""')
    study = services.load_study(source)
    choose_stimuli(study)
    services.open_study(study=study)
    return study


def quiet(tab) -> None:
    """Nothing ran, and what was written is there as text."""
    assert tab.evaluate("window.canary") is None, tab.url
    assert tab.locator("svg[onload], img[onerror]").count() == 0, tab.url


def test_markup_never_runs_in_the_pages_nor_in_the_panel(tab, live_server, hostile, client):
    address = f"{live_server.url}/s/{hostile.slug}/"
    tab.goto(address)
    assert "window.canary" in tab.locator("main").inner_text()
    quiet(tab)
    participant = begin(tab, address)
    for _ in sequence.steps(hostile):
        ready(tab)
        quiet(tab)
        choose_first(tab)
        for box in tab.locator("textarea").all():
            box.fill(CANARY)
        send(tab)
    quiet(tab)
    assert "window.canary" in tab.locator("main").inner_text()
    participant.refresh_from_db()
    assert participant.state == "completed"

    User.objects.create_superuser("admin", password="a long password")
    client.login(username="admin", password="a long password")
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}
    tab.context.add_cookies([cookie])
    panel = tab.context.new_page()
    for model in ("study", "participant", "answer", "submission", "event"):
        panel.goto(f"{live_server.url}/admin/surveys/{model}/")
        quiet(panel)
        first = panel.locator("#result_list th a")
        if first.count():
            first.first.click()
            quiet(panel)
    for page in preview.pages(hostile):
        where = {"slug": "hostile", "arm": "gradcam", "language": "en", "number": page.number}
        panel.goto(f"{live_server.url}{reverse('preview:page', kwargs=where)}")
        quiet(panel)


@pytest.mark.nightly  # by day, tests/analysis/test_report.py finds every such text escaped
@pytest.mark.parametrize("paper", [False, True])
def test_markup_never_runs_in_the_report_on_the_screen_nor_on_paper(tab, hostile, tmp_path, paper):
    for number in range(8):
        walk(services.enrol(study=hostile, arrival_key=f"person {number}"), choice=number)
    services.close_study(study=hostile)
    services.unblind_study(study=hostile, reason="The analysis begins.", by="admin")
    call_command("run_analysis", hostile.slug, output=tmp_path / "out", pdf=paper)
    tab.goto((tmp_path / "out" / "report.html").as_uri())
    assert "window.canary" in tab.locator("body").inner_text()
    quiet(tab)
    if paper:
        assert scripts_of(tmp_path / "out" / "report.pdf") == 0
        assert "window.canary" in words_of(tmp_path / "out" / "report.pdf")


def scripts_of(path: Path) -> int:
    """How many scripts run when the PDF is opened."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as file:
        return pypdfium2.raw.FPDFDoc_GetJavaScriptActionCount(file.raw)


def words_of(path: Path) -> str:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as file:
        return "".join(page.get_textpage().get_text_range() for page in file)


def test_a_script_in_a_pdf_would_be_counted(tmp_path):
    # The control of the paper.
    (tmp_path / "singing.pdf").write_bytes(SINGING)
    assert scripts_of(tmp_path / "singing.pdf") == 1


def test_the_canary_sings_where_nothing_holds_it(chromium):
    # The control: on a page that does not escape, the same markup runs.
    context = chromium.new_context()
    page = context.new_page()
    page.set_content(f"<title>x</title><p>{CANARY}</p>")
    page.wait_for_function("window.canary === 1")
    context.close()
