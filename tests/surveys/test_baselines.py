"""Two arms of one study show the same method from different baselines."""

import csv

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analysis.sections.stimuli_shown import stimuli_shown
from analysis.study_data.study_data import read_study
from explanations.models import Explanation
from studyplatform.panel import preview
from surveys import quizzes, services
from surveys.models import Trial
from surveys.services import StudyError
from surveys.study_file.stored import definition
from tests.surveys.drawn import drawn_study, explain_by
from tests.surveys.factories import allocated, export_closed

BLACK, BLURRED = "integrated_gradients", "integrated_gradients_blurred"
ARM = """
[[arms]]
key = "{baseline}"
label = "From {baseline}"
method = "integrated_gradients"
baseline = "{baseline}"
"""


@pytest.fixture
def draft(db, tmp_path):
    """A draft of three arms: none, from black and from the blurred image."""
    return drawn_study(
        tmp_path,
        arms=("none",),
        extra=ARM.format(baseline="black") + ARM.format(baseline="blurred"),
        opened=False,
    )


@pytest.fixture
def opened(draft):
    explain_by(draft, BLURRED)
    services.open_study(study=draft)
    return draft


def methods(study):
    return dict(study.conditions.values_list("key", "method"))


def test_each_arm_keeps_its_method_with_the_baseline(draft):
    assert methods(draft) == {"none": "", "black": BLACK, "blurred": BLURRED}
    assert [shown.method for shown in definition(draft).conditions] == ["", BLACK, BLURRED]


def test_the_study_opens_only_with_the_maps_of_both_baselines(draft):
    with pytest.raises(StudyError, match=f"'blurred' has 0 of 3 {BLURRED} maps"):
        services.open_study(study=draft)
    assert Explanation.objects.filter(method=BLACK).exists()
    explain_by(draft, BLURRED)
    services.open_study(study=draft)
    assert draft.state == "open"


def test_people_see_the_maps_of_their_arm_and_the_data_say_which(opened, tmp_path):
    for number in range(6):  # two blocks at most until each arm has somebody
        allocated(opened, f"visit {number}", simulated=True)
    for trial in Trial.objects.select_related("explanation", "condition"):
        shown = trial.explanation.method if trial.explanation else ""
        assert shown == methods(opened)[trial.condition.key]
    export_closed(study=opened, output=tmp_path / "data", simulated="only")
    found = {row["condition"]: row["method"] for row in read(tmp_path / "data" / "trials.csv")}
    assert found == methods(opened)
    (described,) = [
        row
        for row in read(tmp_path / "data" / "codebook.csv")
        if (row["file"], row["column"]) == ("trials.csv", "method")
    ]
    assert described["values"] == (
        f"{BLACK}=Integrated Gradients, from black; "
        f"{BLURRED}=Integrated Gradients, from the blurred image"
    )


@pytest.mark.nightly
def test_the_report_says_which_arm_saw_which_maps(opened, tmp_path):
    for number in range(6):
        allocated(opened, f"visit {number}", simulated=True)
    export_closed(study=opened, output=tmp_path / "data", simulated="only")
    shown = stimuli_shown(read_study(tmp_path / "data"))
    assert {arm.arm: arm.maps for arm in shown.arms} == {
        "none": (),
        "black": ("Integrated Gradients, from black",),
        "blurred": ("Integrated Gradients, from the blurred image",),
    }


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_each_page_says_what_its_own_map_is_compared_with(opened):
    client = Client()
    client.force_login(User.objects.create_superuser("researcher"))
    told = {}
    for arm in ("black", "blurred"):
        page = {"slug": opened.slug, "arm": arm, "language": "en"}
        texts = [
            client.get(reverse("preview:page", kwargs={**page, "number": number})).content.decode()
            for number, one in enumerate(preview.pages(opened))
            if one.step and one.step.kind in ("instructions", "trial")
        ]
        told[arm] = texts
        assert len(texts) == 4
    assert all("all-black picture" in text for text in told["black"])
    assert all("blurred copy of the picture" in text for text in told["blurred"])
    assert not any("all-black" in text for text in told["blurred"])
    assert not any("integrated" in text.lower() for text in told["blurred"])


def test_the_quiz_asks_what_it_asks_of_the_method(db):
    assert quizzes.questions(BLURRED) == quizzes.questions(BLACK)
    assert quizzes.speaks(BLURRED, "de")


def test_with_participants_the_baseline_stays(opened):
    allocated(opened, "a visit")
    changed = opened.source.replace('baseline = "blurred"', 'baseline = "white"')
    with pytest.raises(StudyError, match="can no longer change: arms"):
        services.load_study(changed)


def test_another_baseline_after_the_launch_is_another_version(opened):
    changed = opened.source.replace('baseline = "blurred"', 'baseline = "white"')
    again = services.load_study(changed)
    assert again.state == "draft"
    assert methods(again)["blurred"] == "integrated_gradients_white"
