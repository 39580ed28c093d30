"""Parts that some arms show: who is in another arm walks past them, and nothing tells who did."""

import csv

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from studyplatform.panel import preview
from surveys import services
from surveys.export.writing import export_study
from surveys.models import Study, Submission, Trial
from surveys.pages import sequence
from surveys.services.recording import Recorded
from surveys.services.stimuli import choose_stimuli
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from surveys.study_checks import loading
from surveys.study_file import stored
from surveys.study_file.declaration import StudyFileError
from tests.surveys import designs, factories
from tests.surveys.drawn import drawn_study, explain_classes
from tests.surveys.people import begin, go_on, in_arm
from tests.surveys.test_preview import address

PARTS = """
[[parts]]
kind = "questionnaire"
questionnaire = "ai-experience-v1"
[[parts]]
kind = "text"
key = "alone"
heading = "You are on your own"
text = "No map will help you."
arms = ["none"]
[[parts]]
kind = "instructions"
[[parts]]
kind = "quiz"
arms = ["gradcam", "lime"]
[[parts]]
kind = "trials"
right = 1
wrong = 1
break_every = 1
[[parts]]
kind = "trials"
key = "maps"
task = "distinction"
right = 2
wrong = 0
attention = 1
arms = ["gradcam", "lime"]
[[parts]]
kind = "trials"
key = "again"
right = 1
wrong = 0
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
ARMS = ("none", "gradcam", "lime")


@pytest.fixture
def study(db, tmp_path) -> Study:
    made = drawn_study(tmp_path, right=4, wrong=1, parts=PARTS, arms=ARMS, opened=False)
    explain_classes(made)
    services.open_study(study=made)
    return made


def kinds(study: Study, arm: str) -> list[str]:
    return [step.kind for step in stored.definition(study).steps_of(arm)]


def test_each_arm_has_its_own_pages(study):
    before, after = ["questionnaire"], ["trial", "questionnaire"]
    two = ["trial", "pause", "trial"]
    assert kinds(study, "none") == [*before, "text", "instructions", *two, *after]
    maps = ["trial", "attention", "trial"]
    shown = [*before, "instructions", "quiz", "quiz", *two, *maps, *after]
    assert kinds(study, "gradcam") == shown


@pytest.mark.parametrize("arm", ARMS)
def test_everybody_walks_the_pages_of_their_arm_and_completes(study, arm):
    browser, page, person = in_arm(study, arm)
    go_on(browser, page)
    person.refresh_from_db()
    assert person.state == "completed"
    sent = list(person.submissions.order_by("id").values_list("step", flat=True))
    pages = [step.key for step in sequence.steps_of(person)]
    assert sent == [key for key in pages if key in sent]
    assert set(pages) - set(sent) <= {"quiz:2"}
    assert person.trials.count() == (3 if arm == "none" else 5)
    positions = [step.trial_position for step in sequence.steps_of(person) if step.trial_position]
    assert sorted(positions) == sorted(person.trials.values_list("position", flat=True))


def test_chance_decides_at_the_first_page_that_not_all_show(study):
    seen = set()
    for _ in range(6):
        browser, page, person = begin(study)
        assert person.arm_id is None
        page = go_on(browser, page, 1)
        person.refresh_from_db()
        shown = page.hidden["step"]
        assert shown == ("alone" if person.arm.key == "none" else "instructions")
        assert person.submissions.count() == 1
        seen.add(shown)
    assert seen == {"alone", "instructions"}


def test_asking_for_the_headers_alone_brings_nobody_into_an_arm(study):
    person = services.enrol(study=study, arrival_key="by hand")
    factories.walk(person, pages=1)
    Client().head(f"/p/{person.code}/")
    person.refresh_from_db()
    assert person.arm_id is None


def test_a_page_of_another_arm_is_refused(study):
    browser, page, person = in_arm(study, "none")
    page = go_on(browser, page, 2)
    with transaction.atomic():
        outcome = factories.record(person, "quiz:1", {})
    assert outcome is Recorded.OUT_OF_ORDER
    assert not person.submissions.filter(step="quiz:1").exists()


def test_pictures_are_numbered_as_the_person_sees_them(study):
    for arm, last in (("none", "Picture 3"), ("lime", "Picture 5")):
        browser, page, _ = in_arm(study, arm)
        while not page.hidden["step"].startswith("trial:5"):
            page = go_on(browser, page, 1)
        assert f">{last}</h1>" in Client().get(page.path).content.decode()


@pytest.mark.nightly
def test_the_preview_says_which_pages_an_arm_does_not_see(study):
    panel = Client()
    panel.force_login(User.objects.create_superuser("researcher"))
    unseen = {
        page.step.key if page.step else page.title
        for page in preview.pages(study)
        if b"Participants in this arm do not see this page"
        in panel.get(address(study, "none", page.number)).content
    }
    hidden = {step.key for step in sequence.steps(study) if "lime" in step.conditions}
    assert unseen == hidden


def rows(folder, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_while_arms_are_blinded_no_table_and_no_list_tells_who_saw_what(study, tmp_path):
    for arm in ("none", "lime"):
        browser, page, _ = in_arm(study, arm)
        go_on(browser, page)
    export_study(study=study, output=tmp_path / "open")
    pages = {row["page"] for row in rows(tmp_path / "open", "pages.csv")}
    limited = {step.key for step in sequence.steps(study) if step.conditions}
    assert pages
    assert not pages & limited
    assert {row["part"] for row in rows(tmp_path / "open", "trials.csv")} == {"trials", "again"}
    header = rows(tmp_path / "open", "participants.csv")[0]
    assert not {"arm", "attention_asked", "quiz_mistakes"} & header.keys()
    panel = Client()
    panel.force_login(User.objects.create_superuser("researcher"))
    listed = panel.get("/admin/surveys/submission/").content.decode()
    assert ">ai-experience-v1<" in listed
    assert not [key for key in limited if f">{key}<" in listed]
    factories.end_and_unblind(study)
    export_study(study=study, output=tmp_path / "closed")
    assert {row["page"] for row in rows(tmp_path / "closed", "pages.csv")} & limited
    listed = panel.get("/admin/surveys/submission/").content.decode()
    assert [key for key in limited if f">{key}<" in listed]  # what the check above would find
    assert "attention_asked" in rows(tmp_path / "closed", "participants.csv")[0]


@pytest.mark.nightly
def test_synthetic_people_walk_it(study):
    result = simulate(study=study, number=6, seed=3, profile=load("null"))
    assert result.completed > 0
    shown = Trial.objects.filter(stimulus__part="maps")
    assert set(shown.values_list("condition__key", flat=True)) == {"gradcam", "lime"}
    assert not Submission.objects.filter(
        step__startswith="quiz", participant__arm__key="none"
    ).exists()


WITHIN = '[design]\nwithin = ["condition"]'


def test_within_subjects_a_part_is_in_the_blocks_of_its_conditions_alone(db, tmp_path):
    limited = designs.PARTS.replace(
        'kind = "quiz"', 'kind = "quiz"\nconditions = ["gradcam", "lime"]'
    )
    made = designs.design_study(tmp_path, parts=limited, design=WITHIN, control="order-1")
    assert choose_stimuli(made)
    declared = stored.definition(made)
    for arm in declared.arms:
        with_quiz = {step.block for step in declared.steps_of(arm.key) if step.kind == "quiz"}
        without = arm.conditions.index("none") + 1
        assert with_quiz == {1, 2, 3} - {without}
    person = factories.walk(factories.allocated(made, "one"))
    person.refresh_from_db()
    assert person.state == "completed"


def refused(text: str) -> str:
    with pytest.raises(StudyFileError) as found:
        loading.parse(text)
    return str(found.value)


def test_what_cannot_be_is_said_with_its_line_and_its_cure(study):
    source = study.source
    said = refused(source.replace('arms = ["none"]', 'arms = ["nobody", "lime"]'))
    assert "the part 'alone': unknown arm 'nobody'. Known: none, gradcam, lime." in said
    line = 1 + source[: source.index('arms = ["none"]')].count("\n")
    assert f"line {line}: " in said
    assert "arms is empty" in refused(source.replace('arms = ["none"]', "arms = []"))
    last = 'questionnaire = "trust-v1"\n'
    said = refused(source.replace(last, f'{last}arms = ["none", "lime"]\n'))
    assert "the last part, 'trust-v1', is limited to some arms" in said
    assert "outcome 'trust': some arms are not asked this. Add the arms that are: asked_in" in said
    within = source.replace("[analysis]\ncontrol", f"{WITHIN}\n[analysis]\ncontrol")
    assert "participants of a within-subjects design are in no single condition" in refused(within)
    for_all = source.replace('attention = 1\narms = ["gradcam", "lime"]', "attention = 1")
    assert "the arm 'none' shows no map, and the task 'distinction' of the part 'maps'" in refused(
        for_all
    )
