"""Dead networks, restarting servers, refresh, back, closed tab, other device: nothing is lost."""

import pytest

from surveys import services
from surveys.models import Participant, Study, Submission
from tests.browser.conftest import leave
from tests.browser.walking import choose_first, ready, send
from tests.surveys.drawn import drawn_study
from tests.surveys.factories import walk

pytestmark = pytest.mark.browser
LOST = "[data-status]:has-text('There is no connection')"
BUSY = "[data-status]:has-text('The server cannot store your answer right now')"


@pytest.fixture
def here(transactional_db, tmp_path, live_server, _data_in_a_folder_of_its_own) -> Participant:
    """A participant who has come to the first trial."""
    study = drawn_study(tmp_path, arms=("none", "gradcam"))
    return walk(services.enrol(study=study, arrival_key="here"), pages=2)


@pytest.fixture
def page(chromium):
    """A page whose network may fail; dialogs that ask whether to leave are answered with yes."""
    context = chromium.new_context()
    context.set_default_timeout(60_000)
    opened = context.new_page()
    opened.on("dialog", lambda dialog: dialog.accept())
    yield opened
    leave(context)


def address(live_server, participant: Participant) -> str:
    return f"{live_server.url}/p/{participant.code}/"


def press(page) -> None:
    page.locator("form .actions button").first.click()


def shown(page) -> tuple[str, str]:
    """Which step, with which picture."""
    ready(page)
    step = page.locator("input[name=step]").get_attribute("value")
    return step, page.locator(".image img").get_attribute("src")


def stored(participant: Participant) -> Submission:
    return participant.submissions.get(step="trial:1")


def test_an_answer_given_offline_is_kept_and_sent_once_the_network_is_back(page, live_server, here):
    page.goto(address(live_server, here))
    ready(page)
    press(page)
    missing = page.locator(".errors")
    missing.wait_for()
    choose_first(page)
    assert missing.is_visible()
    assert page.locator("[data-again]").is_hidden()
    page.context.set_offline(True)
    press(page)
    page.wait_for_selector(LOST)
    assert missing.is_hidden()  # a list of what is missing would no longer be true
    assert here.submissions.count() == 2
    assert page.locator("[data-again]").is_visible()
    with page.expect_navigation():
        page.context.set_offline(False)
    assert shown(page)[0] == "trial:2"
    assert stored(here).timings["attempts"] >= 2
    assert stored(here).answers.count() == 2
    assert page.evaluate("sessionStorage.length") == 0


def test_a_confirmation_that_is_lost_after_the_commit_does_no_harm(page, live_server, here):
    page.goto(address(live_server, here))

    lost = []

    def lose(route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch(max_redirects=0).status)
            route.abort()
        else:
            route.continue_()

    page.route("**/p/**", lose)
    choose_first(page)
    with page.expect_navigation():
        press(page)
    assert shown(page)[0] == "trial:2"
    assert lost == [303]
    assert Submission.objects.filter(step="trial:1").count() == 1
    assert here.events.get().kind == "replayed"


@pytest.mark.parametrize(
    "status", [503, *(pytest.param(status, marks=pytest.mark.nightly) for status in (500, 429))]
)
def test_a_server_that_restarts_is_asked_again(page, live_server, here, status):
    page.goto(address(live_server, here))
    answers = []

    def refuse_once(route) -> None:
        if route.request.method == "POST" and not answers:
            answers.append(status)
            route.fulfill(status=status, body="busy")
        else:
            route.fallback()

    page.route("**/p/**", refuse_once)
    choose_first(page)
    press(page)
    page.wait_for_selector(BUSY)  # which is not a dead network
    with page.expect_navigation():
        page.locator("[data-again]").click()
    assert answers == [status]
    assert stored(here).timings["attempts"] == 2


def test_a_slow_line_is_named_while_it_works(page, live_server, here):
    page.goto(address(live_server, here))
    held = []

    def hold(route) -> None:
        if route.request.method == "POST":
            held.append(route)
        else:
            route.continue_()

    page.route("**/p/**", hold)
    choose_first(page)
    press(page)
    assert page.locator("[data-status]").inner_text() == "", "a fast line needs no word"
    page.wait_for_selector("[data-status]:has-text('Your answer is being sent')")
    assert page.locator("[data-again]").is_hidden(), "nothing is wrong"
    with page.expect_navigation():
        held[0].continue_()
    assert shown(page)[0] == "trial:2"
    assert stored(here).timings["attempts"] == 1


def test_an_unsent_answer_outlives_a_reload(page, live_server, here):
    page.goto(address(live_server, here))
    page.route("**/p/**", lambda r: r.abort() if r.request.method == "POST" else r.continue_())
    ready(page)
    page.locator("fieldset").first.locator("label").nth(1).click()
    page.locator("fieldset").nth(1).locator("label").nth(2).click()
    press(page)
    page.wait_for_selector(LOST)
    page.unroute("**/p/**")
    page.reload(wait_until="commit")
    page.wait_for_selector("[name=step][value='trial:2']", state="attached")
    given = dict(stored(here).answers.values_list("item", "value"))
    assert given == {"agreed": "0", "sureness": "3"}
    assert here.submissions.count() == 3


def test_what_was_stored_before_a_reload_is_not_sent_again(page, live_server, here):
    page.goto(address(live_server, here))
    page.evaluate(
        "sessionStorage.setItem('unsent ' + location.pathname,"
        " JSON.stringify({ step: 'instructions', body: 'step=instructions' }))"
    )
    page.reload()
    assert shown(page)[0] == "trial:1"
    assert page.evaluate("sessionStorage.length") == 0
    assert not here.events.exists()


@pytest.mark.parametrize(
    "way",
    [
        *("refresh", "other device"),
        *(pytest.param(way, marks=pytest.mark.nightly) for way in ("closed tab", "back")),
    ],
)
def test_the_same_trial_comes_back_and_is_marked_as_interrupted(chromium, live_server, here, way):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(address(live_server, here))
    before = shown(page)
    if way == "refresh":
        page.reload()
    elif way == "back":
        page.goto(f"{address(live_server, here)}withdraw/")
        page.go_back()
    elif way == "closed tab":
        page.close()
        page = context.new_page()
        page.goto(address(live_server, here))
    else:
        link = page.locator(".address").text_content()
        context.close()
        context = chromium.new_context()
        page = context.new_page()
        page.goto(link)
    assert shown(page) == before
    choose_first(page)
    send(page)
    leave(context)
    assert stored(here).interrupted
    trial = here.trials.get(position=1)
    assert stored(here).trial == trial


def test_a_trial_that_was_looked_at_once_is_not_marked(page, live_server, here):
    page.goto(address(live_server, here))
    choose_first(page)
    send(page)
    assert not stored(here).interrupted
    assert Study.objects.count() == 1
