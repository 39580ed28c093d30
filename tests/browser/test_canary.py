"""Markup in a study's texts and in people's answers never runs, wherever it is shown."""

import pytest
from django.contrib.auth.models import User

from surveys import flow, services
from surveys.models import Study
from tests.browser.walking import begin, choose_first, ready, send
from tests.surveys.drawn import drawn_study

pytestmark = pytest.mark.browser
CANARY = (
    "<script>window.canary=1</script><img src=x onerror='window.canary=1'>"
    "</title></textarea></script><svg onload='window.canary=1'>{{ 7|add:7 }}"
)


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
    return services.load_study(source)


def quiet(tab) -> None:
    """Nothing ran, and what was written is there as text."""
    assert tab.evaluate("window.canary") is None, tab.url
    assert tab.locator("svg[onload], img[onerror]").count() == 0, tab.url


def test_markup_never_runs_in_the_pages_nor_in_the_panel(tab, live_server, hostile, client):
    from surveys.stimuli import choose_stimuli

    choose_stimuli(hostile)
    services.open_study(study=hostile)
    address = f"{live_server.url}/s/{hostile.slug}/"
    tab.goto(address)
    assert "window.canary" in tab.locator("main").inner_text()
    quiet(tab)
    participant = begin(tab, address)
    for _ in flow.steps(hostile):
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


def test_the_canary_sings_where_nothing_holds_it(chromium):
    # The control: on a page that does not escape, the same markup runs.
    context = chromium.new_context()
    page = context.new_page()
    page.set_content(f"<title>x</title><p>{CANARY}</p>")
    page.wait_for_function("window.canary === 1")
    context.close()
