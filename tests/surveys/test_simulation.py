"""Synthetic people walk the real pages, behave as their profile says, and stay marked."""

import statistics

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from surveys import services
from surveys.models import Answer, Condition, Participant, Study, Submission
from surveys.simulation.browser import Browser, read_page
from surveys.simulation.profile import FOLDER, Effect, ProfileError, load, read
from surveys.simulation.run import SimulationError, simulate
from tests.surveys.drawn import drawn_study

BASE = """
title = "A test"
[base]
agree_right = 0.9
agree_wrong = 0.5
sureness = 3.0
seconds = 5.0
quits = 0.0
[base.scales]
trust = 4.0
"""


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


def answers(study: Study) -> list[tuple]:
    return list(
        Answer.objects.filter(submission__participant__study=study)
        .order_by("id")
        .values_list(
            "submission__participant__slot__position",
            "submission__participant__arm__key",
            "submission__step",
            "item",
            "value",
            "submission__response_time_ms",
        )
    )


def test_simulated_people_complete_the_study_and_are_marked(drawn):
    result = simulate(study=drawn, number=3, seed=0, profile=read(BASE))
    assert (result.completed, result.stopped, result.dropped_out) == (3, 0, 0)
    people = Participant.objects.all()
    assert [person.simulated for person in people] == [True] * 3
    assert all(person.completion_code for person in people)
    assert not drawn.slots.filter(simulated=False, participant__isnull=False).exists()


def test_the_same_seed_gives_the_same_answers_and_another_seed_others(db, tmp_path):
    found = []
    for slug, seed in (("one", 4), ("two", 4), ("three", 5)):
        study = drawn_study(tmp_path, slug=slug)
        simulate(study=study, number=2, seed=seed, profile=load("demo"))
        found.append(answers(study))
    assert found[0] == found[1]
    assert found[0] != found[2]


@pytest.mark.nightly
def test_a_second_run_goes_on_with_other_people(drawn):
    simulate(study=drawn, number=2, seed=0, profile=read(BASE))
    simulate(study=drawn, number=2, seed=0, profile=read(BASE))
    trials = [value for *_, step, item, value, _ in answers(drawn) if item.startswith("trust")]
    assert Participant.objects.count() == 4
    assert trials[: len(trials) // 2] != trials[len(trials) // 2 :]


def test_answers_follow_the_profile_and_respect_reversed_items(drawn):
    text = BASE.replace("trust = 4.0", "trust = 7.0")
    calm = "[spread]\nscale_person = 0.1\nscale_item = 0.1\n"
    simulate(study=drawn, number=3, seed=0, profile=read(text + calm))
    items = Answer.objects.filter(questionnaire="trust-v1")
    assert set(items.filter(item__in=["trust3", "trust6"]).values_list("value", flat=True)) == {"1"}
    assert set(items.filter(item="trust1").values_list("value", flat=True)) == {"7"}


def agreement(correct: bool) -> float:
    trials = Answer.objects.filter(
        item="agreed", submission__trial__stimulus__prediction__is_correct=correct
    )
    return statistics.mean(int(value) for value in trials.values_list("value", flat=True))


def test_people_judge_what_the_page_says_against_what_they_see(drawn):
    text = BASE.replace("0.9", "1.0").replace("0.5", "0.0")
    simulate(study=drawn, number=4, seed=0, profile=read(text))
    assert agreement(correct=True) == 1
    assert agreement(correct=False) == 0


def test_an_effect_reaches_its_arm_alone(drawn):
    effect = "[arms.lime]\nagree_wrong = 100.0\n[arms.lime.scales]\ntrust = 100.0\n"
    text = BASE.replace("agree_wrong = 0.5", "agree_wrong = 0.0")
    simulate(study=drawn, number=7, seed=0, profile=read(text + effect))
    accepted = Answer.objects.filter(
        item="agreed", value="1", submission__trial__stimulus__prediction__is_correct=False
    )
    arms = accepted.values_list("submission__participant__arm__key", flat=True)
    assert list(arms) == ["lime"]
    highest = Answer.objects.filter(
        item="trust1", value="7", submission__participant__arm__key="lime"
    )
    assert highest.count() == 1


@pytest.mark.nightly
def test_quitters_leave_before_the_end_and_some_of_them_stop(drawn):
    result = simulate(
        study=drawn, number=12, seed=1, profile=read(BASE.replace("quits = 0.0", "quits = 1.0"))
    )
    assert result.completed == 0
    assert result.dropped_out > 0
    assert result.stopped > 0
    assert Participant.objects.filter(state="stopped").count() == result.stopped
    assert str(result) == (
        f"12 simulated participants: 0 completed, {result.stopped} stopped, "
        f"{result.dropped_out} dropped out."
    )
    with translation.override("de"):
        assert str(result).startswith("12 simulierte Teilnehmende: 0 bis zum Ende, ")


@pytest.mark.nightly
def test_response_times_are_sent_through_the_page(drawn):
    simulate(study=drawn, number=3, seed=0, profile=read(BASE))
    times = Submission.objects.values_list("response_time_ms", flat=True)
    assert 3000 < statistics.median(times) < 8000


def test_pages_that_refuse_an_answer_stop_the_simulation(drawn, monkeypatch):
    monkeypatch.setattr("surveys.simulation.person._nearest", lambda value, points: "99")
    with pytest.raises(SimulationError, match="was sent but not accepted"):
        simulate(study=drawn, number=1, seed=0, profile=read(BASE))


def test_nobody_is_simulated_in_a_study_that_is_not_open(db, tmp_path):
    study = drawn_study(tmp_path, opened=False)
    with pytest.raises(SimulationError, match=r"manage\.py open_study drawn"):
        simulate(study=study, number=1, seed=0, profile=read(BASE))
    services.open_study(study=study)
    with pytest.raises(SimulationError, match="70 places left"):
        simulate(study=study, number=71, seed=0, profile=read(BASE))


def test_an_effect_on_an_unknown_arm_is_refused(drawn):
    with pytest.raises(SimulationError, match="gradcm"):
        simulate(study=drawn, number=1, seed=0, profile=read(BASE + "[arms.gradcm]\nquits = 0.1\n"))


def test_an_arm_has_the_effect_of_its_key_or_else_of_its_method():
    profile = read(BASE + "[arms.lime]\nseconds = 2.0\n[arms.mine]\nseconds = 3.0\n")
    assert profile.effect_of(Condition(key="mine", method="lime")).seconds == 3
    assert profile.effect_of(Condition(key="other", method="lime")).seconds == 2
    assert profile.effect_of(Condition(key="none", method="")) == Effect()


def test_an_arm_with_another_baseline_has_the_effect_of_its_method_unless_it_has_its_own():
    method, variant = "integrated_gradients", "integrated_gradients_blurred"
    profile = read(BASE + f"[arms.{method}]\nseconds = 2.0\n")
    own = read(BASE + f"[arms.{method}]\nseconds = 2.0\n[arms.{variant}]\nseconds = 3.0\n")
    assert profile.effect_of(Condition(key="a", method=variant)).seconds == 2
    assert own.effect_of(Condition(key="a", method=variant)).seconds == 3
    assert own.effect_of(Condition(key="a", method=method)).seconds == 2


@pytest.mark.parametrize("name", ["null", "demo"])
def test_shipped_profiles_can_be_read(name):
    assert load(name).title


def test_the_null_profile_plants_nothing():
    assert load("null").effects == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("agree_right = 0.9", "agree_right = 1.9"), "line 4: 'agree_right' in [base] is 1.9"),
        (("agree_right = 0.9", ""), "'agree_right' in [base] is missing"),
        (("quits = 0.0", "quits = true"), "'quits' in [base] is true. It must be a number."),
        (("quits = 0.0", "quit = 0.0"), "did you mean 'quits'?"),
        (("[base.scales]", "[base.scale]"), "unknown key 'scale'"),
        (("trust = 4.0", "trust = 4.0\n[arms.lime]\ntrust = 1"), "unknown key 'trust'"),
        (
            ("trust = 4.0", "trust = 4.0\n[arms.lime]\nseconds = -1"),
            "It must be at least 0.",
        ),
        (('title = "A test"', "title = "), "not a TOML"),
    ],
)
def test_a_faulty_profile_is_refused_with_the_cure(change, said):
    with pytest.raises(ProfileError) as refusal:
        read(BASE.replace(*change))
    assert said in str(refusal.value)


def test_the_command_takes_a_shipped_profile_or_a_file(drawn, tmp_path, capsys):
    call_command("simulate_participants", "drawn", "--n", "1", "--profile", "null")
    file = tmp_path / "mine.toml"
    file.write_text(BASE)
    call_command("simulate_participants", "drawn", "--n", "1", "--profile", str(file))
    assert capsys.readouterr().out.count("1 simulated participants: 1 completed") == 2
    with pytest.raises(CommandError, match="there is no such file"):
        call_command("simulate_participants", "drawn", "--profile", "nonsense")
    with pytest.raises(CommandError, match="at least 1"):
        call_command("simulate_participants", "drawn", "--n", "0")


def test_the_simulated_browser_is_held_to_csrf_checks(drawn):
    browser = Browser()
    page = browser.open("/s/drawn/")
    del page.hidden["csrfmiddlewaretoken"]
    assert browser.send(page, {}).status == 403
    assert Participant.objects.count() == 0


def test_a_page_is_read_as_its_form():
    page = read_page(
        "/x/",
        200,
        '<h1>A &amp; B</h1><form><input type="hidden" name="step" value="t">'
        '<input type="radio" name="q" value="1"><input type="radio" name="q" value="2">'
        '<textarea name="t"></textarea><strong id="prediction">car</strong><img src="/a.png">',
    )
    assert page.hidden == {"step": "t"}
    assert page.questions == {"q": ["1", "2"], "t": []}
    assert (page.prediction, page.pictures, page.headings) == ("car", ["/a.png"], ["A & B"])


@pytest.mark.nightly
def test_over_http_the_same_people_give_the_same_answers(live_server, tmp_path):
    found = []
    for slug, server in (("one", ""), ("two", live_server.url)):
        study = drawn_study(tmp_path, slug=slug)
        result = simulate(study=study, number=2, seed=4, profile=load("demo"), server=server)
        assert result.completed + result.stopped + result.dropped_out == 2
        found.append(answers(study))
    assert found[0] == found[1]
    assert found[0]


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("http://127.0.0.1:9", "No server answers at http://127.0.0.1:9"),
        ("localhost", "Give a URL such as http://"),
        ("file:///etc/hosts", "Give a URL such as http://"),
    ],
)
def test_a_server_that_is_none_is_said_in_one_line(drawn, server, said):
    with pytest.raises(CommandError, match=said):
        call_command("simulate_participants", "drawn", "--n", "1", "--server", server)


def test_a_profile_with_arms_in_place_of_conditions_is_still_read():
    text = (FOLDER / "demo.toml").read_text(encoding="utf-8")
    assert "[conditions.gradcam]" in text
    assert read(text.replace("[conditions.", "[arms.")) == read(text)
    assert read(text).effects
