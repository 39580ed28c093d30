"""The structured editor writes only what was touched, into the versions of the study file."""

import tomllib

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from studyplatform.panel import study_texts
from studyplatform.panel.editor.catalogue import GROUPS, SECTIONS
from studyplatform.panel.editor.sections import pages, plan
from studyplatform.panel.editor.views import SectionForm
from studyplatform.panel.text_checks import unfinished_texts
from studyplatform.panel.toml_edits import read
from surveys import services
from surveys.models import Study
from surveys.services.stimuli import choose_stimuli
from surveys.study_checks import loading
from tests.daily import daily
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories
from tests.surveys.snapshots import made_once

COMMENT = "# Sixty, since the lab has sixty seats."
PARTS = """[[parts]]
kind = "questionnaire"
questionnaire = "ai-experience-v1"
[[parts]]
kind = "text"  # before the pictures
heading = "Hello"
text = "Welcome to our lab."
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
right = 3
wrong = 2
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""


@made_once
def commented(folder):
    study = factories.draft_study(folder)
    return services.load_study(study.source.replace("places = 60", f"{COMMENT}\nplaces = 60"))


@made_once
def commented_in_parts(folder):
    source = commented(folder).source.replace("right = 3\nwrong = 2\n", "")
    before, _, after = source.partition("[questionnaires]")
    return services.load_study(f"{before}{PARTS}[allocation]{after.partition('[allocation]')[2]}")


def with_members(study):
    for name in ("owner", "editor"):
        add_member(study, name, **SWITCHES[name])
    return study


@pytest.fixture
def draft(db, tmp_path):
    """A draft with a comment, an owner and an editor."""
    return with_members(commented(tmp_path))


@pytest.fixture
def in_parts(db, tmp_path):
    """The same with a list of parts."""
    return with_members(commented_in_parts(tmp_path))


def text_of(study):
    return study_texts.text_of(study, User.objects.get(username="owner"))


def page(study, section):
    return reverse("panel:edit-section", args=[text_of(study).pk, section])


def filled(study, section, base=None, **changed):
    """What a browser sends: every field as it is in the version, except those that were changed."""
    version = base or text_of(study).versions.all()[0]
    form = SectionForm(next(one for one in SECTIONS if one.key == section), read(version.source))
    sent = {"base": version.number, "after": version.number, "act": "save"}
    for entry in form.entries:
        value = form[entry.name].initial
        if entry.kind == "text":
            value = value.replace("\n", "\r\n")
        if value is not False and value is not None:
            sent[entry.name] = value
    sent |= {name.replace("__", "."): value for name, value in changed.items()}
    return {name: value for name, value in sent.items() if value is not None}


def newest(study):
    return text_of(study).versions.all()[0]


def test_the_sections_are_listed_by_what_they_are_about_and_the_present_one_is_marked(
    draft, signed_in
):
    listed = signed_in("editor").get(page(draft, "sample")).content.decode()
    for group in GROUPS:
        assert f'<span class="group-name">{group.label}</span><ul>' in listed
        for section in group.sections:
            assert f'href="{page(draft, section.key)}"' in listed
    # Once in the rows of a wide window, and once in the menu of a phone.
    assert listed.count(f'href="{page(draft, "sample")}" aria-current="page"') == 2
    text = reverse("panel:study-text", args=[text_of(draft).pk])
    assert f'href="{text}" aria-current="page"' in signed_in("editor").get(text).content.decode()


@pytest.mark.parametrize("shape", daily(["draft", "in_parts"], 1))
def test_a_form_that_nobody_touched_changes_no_letter(shape, request, signed_in):
    study, editor = request.getfixturevalue(shape), signed_in("editor")
    for section in SECTIONS:
        response = editor.post(page(study, section.key), filled(study, section.key))
        assert response.status_code == 302, section.key
        assert newest(study).number == 1, section.key


OFTEN = ("within.toml",)
"""Designs whose every form `make test` sends; `make nightly` sends those of all."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(one.name, marks=() if one.name in OFTEN else pytest.mark.nightly)
        for one in study_texts.templates()
    ],
)
def test_every_section_of_every_shipped_design_is_shown_and_written_back_unchanged(
    name, db, signed_in
):
    user = User.objects.create_user("owner", password="a phrase")
    source = study_texts.template_text(name)
    text = study_texts.begin(user, source)
    for section in SECTIONS:
        address = reverse("panel:edit-section", args=[text.pk, section.key])
        assert signed_in("owner").get(address).status_code == 200
        values = read(source)
        form = SectionForm(section, values)
        sent = {entry.name: form[entry.name].initial for entry in form.entries}
        assert section.write(source, values, sent, form.entries) == source


def test_a_touched_text_is_the_only_line_that_changes(draft, signed_in):
    sent = filled(draft, "texts", consent__text="Please read this.\r\n\r\nThen decide.")
    signed_in("editor").post(page(draft, "texts"), sent)
    before, after = draft.source.splitlines(), newest(draft).source.splitlines()
    assert [line for line in before if line not in after] == ['text = "What happens here."']
    assert [line for line in after if line not in before] == [
        'text = """', "Please read this.", "Then decide.", '"""',
    ]  # fmt: skip
    assert COMMENT in after
    assert newest(draft).who == "editor"


def test_save_and_use_loads_the_study(draft, signed_in):
    sent = filled(draft, "sample", allocation__places=80, act="use")
    signed_in("editor").post(page(draft, "sample"), sent)
    assert "places = 80" in Study.objects.get(pk=draft.pk).source


def test_save_and_use_of_a_file_with_mistakes_keeps_the_version_and_says_why(draft, signed_in):
    sent = filled(draft, "sample", allocation__places=2, act="use")
    response = signed_in("editor").post(page(draft, "sample"), sent, follow=True)
    assert "It must be at least 4." in response.content.decode()
    assert "places = 2" in newest(draft).source
    assert "places = 60" in Study.objects.get(pk=draft.pk).source


def test_a_second_editor_is_refused_with_a_comparison_and_then_both_changes_stay(draft, signed_in):
    old = newest(draft)
    first = filled(draft, "sample", allocation__places=80)
    signed_in("owner").post(page(draft, "sample"), first)
    second = filled(draft, "texts", base=old, title="Another title")
    response = signed_in("editor").post(page(draft, "texts"), second)
    assert response.status_code == 409
    shown = response.content.decode()
    assert "owner saved version 2 meanwhile" in shown
    assert "places = 80" in shown
    assert 'value="Another title"' in shown
    again = second | {"after": 2}
    assert signed_in("editor").post(page(draft, "texts"), again).status_code == 302
    assert "places = 80" in newest(draft).source
    assert 'title = "Another title"' in newest(draft).source


def test_a_change_in_a_list_that_somebody_rearranged_is_not_written(draft, signed_in):
    old = newest(draft)
    gone = filled(draft, "arms", arms__1__remove="on")
    signed_in("owner").post(page(draft, "arms"), gone)
    late = filled(draft, "arms", base=old, arms__2__label="Mine", after=2)
    response = signed_in("editor").post(page(draft, "arms"), late)
    assert response.status_code == 409
    assert "added, removed or moved entries meanwhile" in response.content.decode()
    assert newest(draft).number == 2


def test_arms_are_relabelled_added_and_removed(draft, signed_in):
    sent = filled(
        draft,
        "arms",
        arms__1__label="Heat map",
        arms__2__remove="on",
        new__key="saliency",
        new__method="saliency",
    )
    signed_in("editor").post(page(draft, "arms"), sent)
    arms = tomllib.loads(newest(draft).source)["arms"]
    assert arms == [
        {"key": "none", "label": "Arm none"},
        {"key": "gradcam", "label": "Heat map", "method": "gradcam"},
        {"key": "placebo", "label": "Arm placebo", "method": "placebo"},
        {"key": "saliency", "label": "saliency", "method": "saliency"},
    ]


def test_samples_and_a_tolerance_are_given_where_the_map_has_them(draft, signed_in):
    key, form = "arms", page(draft, "arms")
    signed_in("editor").post(form, filled(draft, key, arms__1__method="lime"))
    shown = signed_in("editor").get(form).content.decode()
    assert "arms.1.samples" in shown
    assert "arms.1.tolerance" in shown
    assert "arms.3.samples" not in shown  # a placebo has none
    sent = filled(draft, key, arms__1__samples="200", arms__1__tolerance="0.2")
    signed_in("editor").post(form, sent)
    arm = tomllib.loads(newest(draft).source)["arms"][1]
    assert (arm["method"], arm["samples"], arm["tolerance"]) == ("lime", 200, 0.2)
    signed_in("editor").post(form, filled(draft, key, arms__1__tolerance=""))
    assert "tolerance" not in tomllib.loads(newest(draft).source)["arms"][1]


def test_a_drawing_or_a_baseline_is_chosen_where_the_map_has_one(draft, signed_in):
    key, form = "arms", page(draft, "arms")
    signed_in("editor").post(form, filled(draft, key, arms__1__method="lime"))
    shown = signed_in("editor").get(form).content.decode()
    assert all(label in shown for label in ("arms.1.drawing", "graded outlines", "heat map"))
    assert "arms.3.drawing" not in shown  # a placebo has none
    signed_in("editor").post(form, filled(draft, key, arms__1__drawing="heat"))
    assert tomllib.loads(newest(draft).source)["arms"][1]["drawing"] == "heat"
    assert "lime_heat" in {one.method for one in loading.parse(newest(draft).source).conditions}


def test_pages_are_moved_removed_and_added(in_parts, signed_in):
    """The last page goes to the second place, the first one is removed, and one is added."""
    sent = filled(
        in_parts,
        "pages",
        parts__0__remove="on",
        parts__4__place=2,
        new__questionnaire="comments-v2",
    )
    signed_in("editor").post(page(in_parts, "pages"), sent)
    source = newest(in_parts).source
    parts = tomllib.loads(source)["parts"]
    named = [part.get("questionnaire", part["kind"]) for part in parts]
    assert named == ["trust-v1", "text", "instructions", "trials", "comments-v2"]
    assert 'kind = "text"  # before the pictures' in source


def test_questionnaires_of_the_short_form_are_chosen(draft, signed_in):
    sent = filled(draft, "pages", questionnaires__after=["comments-v1", "trust-v1", "effort-v2"])
    signed_in("editor").post(page(draft, "pages"), sent)
    after = tomllib.loads(newest(draft).source)["questionnaires"]["after"]
    assert after == ["trust-v1", "comments-v1", "effort-v2"]


def test_the_way_of_recruiting_is_changed_and_changed_back(draft, signed_in):
    address = page(draft, "recruitment")
    code = {"recruitment__kind": "prolific", "recruitment__codes__complete": "C1A2B3C4"}
    signed_in("editor").post(address, filled(draft, "recruitment", **code))
    table = tomllib.loads(newest(draft).source)["recruitment"]
    assert table == {"kind": "prolific", "codes": {"complete": "C1A2B3C4"}}
    editor = User.objects.get(username="editor")
    assert study_texts.problems_of(text_of(draft), newest(draft).source, editor) == ()
    signed_in("editor").post(address, filled(draft, "recruitment", recruitment__kind="open"))
    assert "recruitment" not in tomllib.loads(newest(draft).source)


def test_quotas_goal_and_effects_are_written_and_removed(draft, signed_in):
    address = page(draft, "sample")
    sent = filled(
        draft,
        "sample",
        allocation__quotas__lime=10,
        analysis__sample_goal__power=0.9,
        analysis__sample_goal__d=0.4,
        analysis__outcomes__0__smallest_effect=0.4,
    )
    signed_in("editor").post(address, sent)
    values = tomllib.loads(newest(draft).source)
    assert values["allocation"]["quotas"] == {"lime": 10}
    assert values["analysis"]["sample_goal"] == {"power": 0.9, "d": 0.4}
    assert values["analysis"]["outcomes"][0]["smallest_effect"] == 0.4
    cleared = {"analysis__sample_goal__power": "", "analysis__sample_goal__d": ""}
    signed_in("editor").post(address, filled(draft, "sample", **cleared))
    assert "sample_goal" not in tomllib.loads(newest(draft).source)["analysis"]


def test_a_file_that_is_not_toml_is_mended_in_the_text_editor(draft, signed_in):
    study_texts.save(text_of(draft), "slug = ", after=1, user=User.objects.get(username="owner"))
    response = signed_in("editor").get(page(draft, "texts"))
    assert response["Location"] == reverse("panel:study-text", args=[text_of(draft).pk])


SOME = pytest.param(SECTIONS[::4], id="some")
"""One side for all: what does not depend on the section is seen on a few of them."""
ALL = pytest.param(SECTIONS, id="all", marks=pytest.mark.nightly)


@pytest.mark.parametrize("sections", [SOME, ALL])
def test_mistakes_and_gaps_are_always_at_the_side(sections, draft, signed_in):
    source = draft.source.replace("What it was about.", "Write to [contact address].")
    owner = User.objects.get(username="owner")
    study_texts.save(text_of(draft), source, after=1, user=owner)
    for section in sections:
        shown = signed_in("editor").get(page(draft, section.key)).content.decode()
        assert "[contact address]" in shown
    faulty = source.replace('method = "lime"', 'method = "limes"')
    study_texts.save(text_of(draft), faulty, after=2, user=owner)
    for section in sections:
        shown = signed_in("editor").get(page(draft, section.key)).content.decode()
        assert "1 mistake" in shown
        assert "limes" in shown


WRONG = """slug = 5
title = ["a", "b"]
text = "not a table"
arms = "none"
parts = [1, 2]
consent = "not a table either"
recruitment = 3
[questionnaires]
before = "trust-v1"
[allocation]
places = "many"
quotas = [1]
[analysis]
outcomes = ["trust"]
sample_goal = 1
"""


@pytest.mark.parametrize("wrong", daily([WRONG, WRONG.replace("parts = [1, 2]\n", ""), ""], 1))
def test_values_of_a_wrong_type_are_mistakes_at_the_side_and_no_failure(draft, signed_in, wrong):
    owner, editor = User.objects.get(username="owner"), signed_in("editor")
    study_texts.save(text_of(draft), wrong, after=1, user=owner)
    for section in SECTIONS:
        address = page(draft, section.key)
        shown = editor.get(address)
        assert shown.status_code == 200, section.key
        assert "mistake" in shown.content.decode(), section.key
        response = editor.post(address, filled(draft, section.key))
        assert response.status_code in (302, 409, 422), section.key
        assert newest(draft).source == wrong, section.key


def test_an_uploaded_file_that_is_not_toml_opens_as_a_whole_text(draft, signed_in):
    file = SimpleUploadedFile("mine.toml", b"[consent\n")
    sent = {"title": "Mine", "slug": "mine", "file": file, "origin": ""}
    response = signed_in("owner").post(reverse("panel:new-study"), sent, follow=True)
    assert response.redirect_chain[-1][0].startswith("/panel/files/")
    assert "not valid TOML" in response.content.decode()
    assert response.context["problems"]


def shown(study, section, signed_in):
    page_ = signed_in("editor").get(page(study, section))
    return page_.context["form"], page_.content.decode()


def test_a_mistake_stands_at_its_field_and_is_linked_from_the_other_sections(draft, signed_in):
    form, _content = shown(draft, "texts", signed_in)
    assert form.mistakes == {}
    signed_in("editor").post(page(draft, "texts"), filled(draft, "texts", consent__text=""))
    form, content = shown(draft, "texts", signed_in)
    (sentence,) = form.mistakes["consent.text"]
    assert "line" not in sentence
    assert 'id="id_consent.text_error"' in content
    assert 'aria-invalid="true"' in str(form["consent.text"])
    assert 'id_consent.text_error"' in str(form["consent.text"])
    field = f'{page(draft, "texts")}#id_consent.text">Consent</a>'
    assert field in content
    form, content = shown(draft, "sample", signed_in)
    assert form.mistakes == {}
    assert field in content


def test_of_two_values_on_a_line_the_one_that_the_mistake_names_is_marked(draft, signed_in):
    source = draft.source.replace(
        "[analysis]", '[analysis]\nsample_goal = { power = "much", d = 0.5 }'
    )
    study_texts.save(text_of(draft), source, after=1, user=text_of(draft).created_by)
    form, _content = shown(draft, "sample", signed_in)
    assert list(form.mistakes) == ["analysis.sample_goal.power"]


def test_too_few_images_lead_to_the_number_of_pictures(draft, signed_in):
    factories.predict(draft)
    source = draft.source.replace("wrong = 2", "wrong = 200")
    study_texts.save(text_of(draft), source, after=1, user=text_of(draft).created_by)
    form, _content = shown(draft, "trials", signed_in)
    ((field, (sentence,)),) = form.mistakes.items()
    assert field == "images.wrong"
    assert sentence.endswith("or ask for fewer.")
    _form, content = shown(draft, "texts", signed_in)
    assert f'{page(draft, "trials")}#id_images.wrong">' in content


def test_a_mistake_without_a_field_leads_to_its_line(draft, signed_in):
    source = draft.source.replace("seed =", "sead =")
    study_texts.save(text_of(draft), source, after=1, user=text_of(draft).created_by)
    form, content = shown(draft, "texts", signed_in)
    assert form.mistakes == {}
    assert f"{reverse('panel:study-text', args=[text_of(draft).pk])}#line-" in content


def test_the_short_form_is_written_out_as_the_same_pages(draft):
    source = pages.in_parts(draft.source)
    before, after = loading.parse(draft.source), loading.parse(source)
    assert [type(part) for part in after.parts] == [type(part) for part in before.parts]
    assert [step.kind for step in after.steps] == [step.kind for step in before.steps]
    assert after.predictions_shown == before.predictions_shown
    assert COMMENT in source


def test_a_page_is_moved_by_its_button(in_parts, signed_in):
    sent = filled(in_parts, "pages", act="up:2")
    signed_in("editor").post(page(in_parts, "pages"), sent)
    kinds = [part["kind"] for part in tomllib.loads(newest(in_parts).source)["parts"]]
    assert kinds == ["text", "questionnaire", "instructions", "trials", "questionnaire"]


def test_checks_are_added_to_a_ready_design_by_a_form(draft, signed_in):
    sent = filled(draft, "checks", new__quiz="on", new__attention="on", new__among=1)
    signed_in("editor").post(page(draft, "checks"), sent)
    declared = loading.parse(newest(draft).source)
    kinds = [type(part).__name__ for part in declared.parts]
    assert kinds.index("QuizPart") == kinds.index("InstructionsPart") + 1
    assert kinds.index("AttentionPart") == kinds.index("TrialsPart") + 1
    assert declared.trial_parts[0].attention == 1


def test_a_page_with_ones_own_text_is_added_with_a_gap(in_parts, signed_in):
    sent = filled(in_parts, "pages", new__questionnaire="text", new__place=1)
    signed_in("editor").post(page(in_parts, "pages"), sent)
    first = tomllib.loads(newest(in_parts).source)["parts"][0]
    assert first["kind"] == "text"
    assert [
        remark.field for remark in unfinished_texts(loading.parse(newest(in_parts).source))
    ] == ["parts.0.text"]


def test_a_language_is_added_with_gaps_and_removed_again(in_parts, signed_in):
    signed_in("editor").post(page(in_parts, "texts"), filled(in_parts, "texts", new__language="de"))
    declared = loading.parse(newest(in_parts).source)
    assert declared.languages == ("en", "de")
    gaps = [remark.field for remark in unfinished_texts(declared)]
    assert {"text.de.title", "text.de.consent.text", "text.de.debrief.text"} < set(gaps)
    sent = filled(in_parts, "texts", text__de__remove="on")
    signed_in("editor").post(page(in_parts, "texts"), sent)
    assert tomllib.loads(newest(in_parts).source) == tomllib.loads(in_parts.source)


def test_an_outcome_is_added_and_another_one_removed_by_a_form(draft, signed_in):
    sent = filled(draft, "plan", new__outcome="decision_accuracy", new__family="secondary",
                  analysis__outcomes__0__remove="on", analysis__alpha=0.01)  # fmt: skip
    signed_in("editor").post(page(draft, "plan"), sent)
    plan = loading.parse(newest(draft).source).analysis
    before = [outcome["key"] for outcome in loading.parse(draft.source).analysis["outcomes"]]
    assert [outcome["key"] for outcome in plan["outcomes"]] == [*before[1:], "decision_accuracy"]
    assert plan["alpha"] == 0.01


def test_every_measure_on_offer_is_accepted_by_the_plan(in_parts):
    values = read(in_parts.source)
    offered = [key for key, _label in plan._measures(values)]
    assert offered
    for key in offered:
        form = SectionForm(plan.SECTION, values)
        sent = {entry.name: form[entry.name].initial for entry in form.entries}
        source = plan.SECTION.write(
            in_parts.source, values, sent | {"new.outcome": key}, form.entries
        )
        loading.parse(source)


def test_a_registration_is_entered_and_taken_away(draft, signed_in):
    sent = filled(draft, "plan", analysis__preregistration__url="https://osf.io/abcde")
    signed_in("editor").post(page(draft, "plan"), sent)
    plan = tomllib.loads(newest(draft).source)["analysis"]
    assert plan["preregistration"] == {"url": "https://osf.io/abcde"}
    sent = filled(draft, "plan", analysis__preregistration__url="")
    signed_in("editor").post(page(draft, "plan"), sent)
    assert "preregistration" not in tomllib.loads(newest(draft).source)["analysis"]


def test_pay_is_entered_for_an_open_link(draft, signed_in):
    sent = filled(draft, "recruitment", recruitment__pay=2.5, recruitment__currency="EUR")
    signed_in("editor").post(page(draft, "recruitment"), sent)
    recruitment = loading.parse(newest(draft).source).recruitment
    assert (recruitment.pay, recruitment.currency) == (2.5, "EUR")


def test_what_people_have_seen_is_locked_and_the_plan_is_not(draft, signed_in):
    factories.predict(draft)
    choose_stimuli(draft)
    services.open_study(study=draft)
    factories.allocated(draft, "somebody")
    shown_page = signed_in("editor").get(page(draft, "arms")).content.decode()
    assert "Make a copy with changes" in shown_page
    assert f"?origin=study:{draft.slug}" in shown_page
    sent = filled(draft, "arms", arms__0__label="Renamed", new__key="extra")
    signed_in("editor").post(page(draft, "arms"), sent)
    assert newest(draft).number == 1, "locked fields are not written, whatever is sent"
    sent = filled(draft, "plan", analysis__alpha=0.01)
    signed_in("editor").post(page(draft, "plan"), sent)
    assert tomllib.loads(newest(draft).source)["analysis"]["alpha"] == 0.01


def test_the_list_of_versions_says_what_changed(draft, signed_in):
    signed_in("editor").post(page(draft, "sample"), filled(draft, "sample", allocation__places=80))
    listed = signed_in("editor").get(reverse("panel:study-text", args=[text_of(draft).pk]))
    changes = [entry.changes for entry in listed.context["versions"]]
    assert changes == ["sample", "the first version"]


WITHIN = """[design]
within = ["condition"]
"""


@pytest.fixture
def in_blocks(in_parts):
    """The same within people: four conditions, a block each."""
    source = in_parts.source.replace("[[arms]]", "[[conditions]]")
    before, between, after = source.partition("[[conditions]]")
    return services.load_study(
        (before + WITHIN + between + after).replace('control = "none"', 'control = "order-1"')
    )


def after(study, signed_in, section, **changed):
    """What the file says after the form was sent with these changes."""
    response = signed_in("editor").post(page(study, section), filled(study, section, **changed))
    assert response.status_code == 302
    return tomllib.loads(newest(study).source)


def test_questions_of_the_trials_are_chosen_and_only_their_lines_are_added(in_parts, signed_in):
    after(in_parts, signed_in, "trials", parts__3__free_text="reason",
          parts__3__free_text_required="on", parts__3__advice_confidence="slider")  # fmt: skip
    old, new = in_parts.source.splitlines(), newest(in_parts).source.splitlines()
    assert [line for line in new if line not in old] == [
        'advice_confidence = "slider"', 'free_text = "reason"', "free_text_required = true",
    ]  # fmt: skip
    assert [line for line in old if line not in new] == []
    (part,) = loading.parse(newest(in_parts).source).trial_parts
    assert (part.free_text, part.advice_confidence) == ("reason", "slider")


def test_a_field_to_write_in_is_asked_for_in_the_short_form_too(draft, signed_in):
    values = after(draft, signed_in, "trials", new__trials__free_text="think_aloud",
                   images__wrong=1)  # fmt: skip
    (trials,) = [part for part in values["parts"] if part["kind"] == "trials"]
    assert trials == {"kind": "trials", "right": 3, "wrong": 1, "free_text": "think_aloud"}
    assert loading.parse(newest(draft).source).trial_parts[0].free_text == "think_aloud"
    assert COMMENT in newest(draft).source


def test_numbers_alone_leave_the_short_form(draft, signed_in):
    values = after(draft, signed_in, "trials", images__wrong=1)
    assert "parts" not in values
    assert values["images"]["wrong"] == 1


def test_a_choice_between_maps_is_declared_and_taken_back_with_what_belonged_to_it(
    in_parts, signed_in
):
    trials = after(in_parts, signed_in, "trials", parts__3__task="preference",
                   parts__3__advice_confidence="points")["parts"][3]  # fmt: skip
    assert (trials["task"], trials["compare"]) == ("preference", ["gradcam", "lime", "placebo"])
    trials = after(in_parts, signed_in, "trials", parts__3__compare=["gradcam", "lime"])["parts"][3]
    assert trials["compare"] == ["gradcam", "lime"]
    trials = after(in_parts, signed_in, "trials", parts__3__task="forward_simulation")["parts"][3]
    assert "compare" not in trials
    assert "advice_confidence" not in trials, "the classifier's answer is hidden in this task"


def test_only_maps_are_offered_to_choose_between_and_only_in_the_task_that_asks(in_parts):
    section = next(one for one in SECTIONS if one.key == "trials")
    assert "parts.3.compare" not in SectionForm(section, read(in_parts.source)).fields
    source = in_parts.source.replace("wrong = 2", 'wrong = 2\ntask = "preference"')
    form = SectionForm(section, read(source))
    assert [key for key, _label in form.fields["parts.3.compare"].choices] == [
        "gradcam", "lime", "placebo",
    ]  # fmt: skip


def test_a_text_between_blocks_is_added_before_the_pages_of_the_block(in_blocks, signed_in):
    values = after(in_blocks, signed_in, "blocks", new__between="2", new__heading="Pause",
                   new__text="Take a breath.")  # fmt: skip
    assert [part["kind"] for part in values["parts"]] == [
        "questionnaire", "text", "text", "instructions", "trials", "questionnaire",
    ]  # fmt: skip
    assert values["parts"][2] == {
        "kind": "text", "key": "text-1", "heading": "Pause", "text": "Take a breath.",
        "per_block": True, "blocks": [2],
    }  # fmt: skip
    declared = loading.parse(newest(in_blocks).source)
    own = [step.block for step in declared.steps if step.part == "text-1"]
    assert own == [2]


def test_a_page_is_shown_in_chosen_blocks_in_all_and_outside_again(in_blocks, signed_in):
    text = after(in_blocks, signed_in, "blocks", parts__1__in_blocks=["1", "3"])["parts"][1]
    assert (text["per_block"], text["blocks"]) == (True, [1, 3])
    every = ["1", "2", "3", "4"]
    text = after(in_blocks, signed_in, "blocks", parts__1__in_blocks=every)["parts"][1]
    assert text["per_block"] is True
    assert "blocks" not in text
    after(in_blocks, signed_in, "blocks", parts__1__in_blocks=[])
    assert newest(in_blocks).source == in_blocks.source


def test_a_page_is_limited_to_arms_and_shown_to_all_again(in_parts, signed_in):
    text = after(in_parts, signed_in, "blocks", parts__1__arms=["gradcam", "lime"])["parts"][1]
    assert text["arms"] == ["gradcam", "lime"]
    assert loading.parse(newest(in_parts).source).part("text").conditions == ("gradcam", "lime")
    after(in_parts, signed_in, "blocks", parts__1__arms=[])
    assert newest(in_parts).source == in_parts.source


def test_between_people_the_form_says_that_there_are_no_blocks(in_parts, signed_in):
    assert "one block of images in this study" in shown(in_parts, "blocks", signed_in)[1]


def test_the_display_is_chosen_and_returns_to_what_is_usual(draft, signed_in):
    pages = after(draft, signed_in, "display", pages__map="over", pages__resume_hours=24)["pages"]
    assert pages == {"map": "over", "resume_hours": 24}
    declared = loading.parse(newest(draft).source)
    assert (declared.pages.map, declared.pages.resume_hours) == ("over", 24)


def test_a_release_is_declared_and_taken_back_by_a_form(in_parts, signed_in):
    release = after(
        in_parts, signed_in, "release", release__licence="CC-BY-4.0", release__k=3,
        release__keywords="trust\r\nexplainable AI", new__author="A. Meyer",
        new__orcid="0000-0002-1825-0097", new__quasi_identifier="language",
    )["release"]  # fmt: skip
    assert release == {
        "licence": "CC-BY-4.0", "k": 3, "keywords": ["trust", "explainable AI"],
        "authors": [{"name": "A. Meyer", "orcid": "0000-0002-1825-0097"}],
        "quasi_identifiers": [{"item": "language"}],
    }  # fmt: skip
    declared = loading.parse(newest(in_parts).source).release
    assert (declared.k, declared.authors[0].name) == (3, "A. Meyer")
    release = after(in_parts, signed_in, "release", release__authors__0__remove="on",
                    release__keywords="")["release"]  # fmt: skip
    assert "authors" not in release
    assert "keywords" not in release
    assert release["quasi_identifiers"] == [{"item": "language"}]


RELEASE = """
[release]
keywords = ["a", "b"]  # two
[[release.quasi_identifiers]]
item = "age_band"
groups = { young = ["18-24", "25-34"], old = ["35-44"] }
[[release.quasi_identifiers]]
item = "screen_hours"
bands = [2, 4, 8]
"""


def test_bands_and_groups_are_typed_and_a_text_without_meaning_is_refused(in_parts, signed_in):
    study = services.load_study(in_parts.source + RELEASE)
    at = "release__quasi_identifiers__"
    sent = filled(study, "release")
    assert sent["release.quasi_identifiers.0.groups"] == "young = 18-24, 25-34\nold = 35-44"
    assert sent["release.quasi_identifiers.1.bands"] == "2, 4, 8"
    changed = {f"{at}0__groups": "all = 18-24, 25-34", f"{at}1__bands": "2.5, 5"}
    declared = after(study, signed_in, "release", **changed)["release"]["quasi_identifiers"]
    assert declared[0]["groups"] == {"all": ["18-24", "25-34"]}
    assert declared[1]["bands"] == [2.5, 5]
    assert '["a", "b"]  # two' in newest(study).source
    wrong = {f"{at}0__groups": "18-24, 25-34", f"{at}1__bands": "two"}
    response = signed_in("editor").post(page(study, "release"), filled(study, "release", **wrong))
    assert response.status_code == 422
    content = response.content.decode()
    assert "is not a group of its own" in content
    assert "is not a list of numbers" in content


def test_display_and_release_can_change_while_people_take_part_and_the_task_cannot(
    draft, signed_in
):
    factories.predict(draft)
    choose_stimuli(draft)
    services.open_study(study=draft)
    factories.allocated(draft, "somebody")
    after(draft, signed_in, "trials", new__trials__task="classify", images__wrong=1)
    assert newest(draft).number == 1
    assert after(draft, signed_in, "release", new__author="A")["release"]["authors"]
    assert after(draft, signed_in, "display", pages__resume_hours=5)["pages"]["resume_hours"] == 5
