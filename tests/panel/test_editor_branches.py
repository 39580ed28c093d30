"""The editor's forms of conditions on answers, endings, later sessions and retention."""

import tomllib
from functools import cache
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from studyplatform.panel import study_texts
from studyplatform.panel.editor.catalogue import BY_KEY
from studyplatform.panel.editor.views import SectionForm, locks
from studyplatform.panel.toml_edits import read
from surveys import questionnaires, services
from surveys.services.stimuli import choose_stimuli
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.reading import study as reading
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories


@cache
def screening() -> str:
    return Path("studies/examples/screening.toml").read_text(encoding="utf-8")


def form_of(source, section):
    return SectionForm(BY_KEY[section], read(source))


def written(source, section, **changed):
    """The file after a form was sent with these changes; every other field is as it was shown."""
    shown = form_of(source, section)
    sent = {entry.name: shown[entry.name].initial for entry in shown.entries}
    sent = {name: value for name, value in sent.items() if value not in (None, False)}
    named = {name.replace("__", "."): value for name, value in changed.items()}
    assert set(named) <= {entry.name for entry in shown.entries}, "the form has no such field"
    form = SectionForm(BY_KEY[section], read(source), sent | named)
    assert form.is_valid(), form.errors
    return BY_KEY[section].write(source, read(source), form.cleaned_data, form.entries)


def difference(before, after):
    """The lines that only one of the files has."""
    old, new = before.splitlines(), after.splitlines()
    return [one for one in old if one not in new], [one for one in new if one not in old]


def leads(source, section):
    return [group.lead for group in form_of(source, section).groups() if group.lead]


def offered(source, section, field):
    return [key for key, _label in form_of(source, section).fields[field].choices]


# Conditions on answers


def test_a_page_begins_to_depend_on_an_answer_and_is_for_everybody_again():
    before = screening()
    asked = written(before, "answers", parts__5__question="demographics-v2:colour_vision")
    with pytest.raises(StudyFileError, match="no comparison"):
        reading.read(asked)
    shown = {"parts__5__show_if__0__answers": ["red_green", "other"]}
    chosen = written(asked, "answers", **shown)
    rule = 'show_if = [{ item = "colour_vision", one_of = ["red_green", "other"] }]'
    assert difference(before, chosen) == ([], [rule])
    # The new key stands before the comment on the page that follows.
    assert chosen.index(rule) < chosen.index("# Only people with experience are asked")
    reading.read(chosen)
    assert written(chosen, "answers", parts__5__show_if__0__remove=True) == before


def test_the_sentence_says_who_is_shown_a_page():
    items = questionnaires.get("ai-experience-v2").items
    use = next(item.text for item in items if item.id == "use")
    said = leads(screening(), "answers")
    assert (
        f"This page is shown only to people who answered “{use}” by “2: Less than once a month” "
        "or less. Everybody else goes on without it." in said
    )
    assert any(one.startswith("Everybody who comes this far sees this page.") for one in said)


def test_a_later_question_is_never_offered():
    """Neither one of the same page, nor one that only a later session asks."""
    keys = offered(screening(), "answers", "parts.1.question")
    assert {key.partition(":")[0] for key in keys if key} == {"demographics-v2"}
    assert "parts.0.question" not in form_of(screening(), "answers").fields
    keys = offered(screening(), "answers", "parts.5.question")
    assert {key.partition(":")[0] for key in keys if key} == {"demographics-v2", "ai-experience-v2"}
    keys = offered(screening(), "endings", "endings.0.question")
    assert "trust-later" not in {key.partition(":")[0] for key in keys}


def test_a_part_that_comes_after_another_is_offered_from_there_on():
    moved = screening().replace('key = "novices"', 'key = "novices"\nafter = "trust-now"', 1)
    keys = offered(moved, "answers", "parts.2.question")
    assert "trust-now" in {key.partition(":")[0] for key in keys}


def test_a_range_is_chosen_from_the_points_of_a_scale():
    limits = {"parts__2__show_if__0__from": "2", "parts__2__show_if__0__to": "4"}
    after = written(screening(), "answers", **limits)
    assert difference(screening(), after)[1] == [
        'show_if = [{ item = "use", at_most = 4, at_least = 2 }]'
    ]
    by_answers = {
        "parts__2__show_if__0__comparison": "chosen", "parts__2__show_if__0__answers": ["3"],
    }  # fmt: skip
    after = written(screening(), "answers", **by_answers)
    assert difference(screening(), after)[1] == ['show_if = [{ item = "use", equals = 3 }]']


def test_one_of_two_conditions_is_removed_and_the_other_stays():
    after = written(screening(), "answers", parts__6__show_if__0__remove=True)
    assert difference(screening(), after)[1] == [
        'show_if = [{ item = "experience", at_least = 4 }]'
    ]


def test_a_single_question_depends_on_an_answer_and_questions_of_a_scale_cannot():
    fields = form_of(screening(), "answers").fields
    assert "parts.5.dependent" not in fields, "all items of this page are of a scale"
    single = [key for key, _label in fields["parts.6.dependent"].choices]
    after = written(
        screening(), "answers", parts__6__dependent=single[1],
        parts__6__question="demographics-v2:age_band",
    )  # fmt: skip
    assert read(after)["parts"][6]["show_items"] == {single[1]: [{"item": "age_band"}]}
    # With its only rule, the table of the questions goes as well.
    path = f"parts.6.show_items.{single[1]}.0.remove"
    assert written(after, "answers", **{path: True}) == screening()


def test_a_condition_on_a_question_that_is_itself_conditional_repeats_its_condition():
    question = "ai-experience-v2:following"
    after = written(screening(), "answers", parts__5__question=question)
    assert read(after)["parts"][5]["show_if"] == [
        {"item": "classifier_experience", "one_of": ["used", "studied", "worked", "built"]},
        {"item": "following"},
    ]


def test_a_question_of_two_pages_is_named_with_its_page():
    twice = screening().replace(
        '[[parts]]\nkind = "instructions"',
        '[[parts]]\nkind = "questionnaire"\nquestionnaire = "demographics-v2"\nkey = "again"\n\n'
        '[[parts]]\nkind = "instructions"',
    )
    after = written(twice, "answers", parts__6__question="again:age_band")
    assert read(after)["parts"][6]["show_if"] == [{"item": "age_band", "part": "again"}]


def test_a_condition_on_a_question_that_is_not_asked_before_can_be_removed():
    wrong = screening().replace(
        '{ item = "use", at_most = 2 }', '{ item = "trust_1", at_most = 2 }'
    )
    assert any("which is not asked before this page" in one for one in leads(wrong, "answers"))
    after = written(wrong, "answers", parts__2__show_if__0__remove=True)
    assert "show_if" not in read(after)["parts"][2]


def test_a_colleagues_condition_stays_when_another_one_is_added():
    shown = form_of(screening(), "answers")
    colleague = written(screening(), "answers", parts__5__question="demographics-v2:age_band")
    sent = {entry.name: shown[entry.name].initial for entry in shown.entries}
    sent["parts.5.question"] = "demographics-v2:gender"
    values = read(screening())
    after = BY_KEY["answers"].write(colleague, values, sent, shown.entries)
    assert [rule["item"] for rule in read(after)["parts"][5]["show_if"]] == ["age_band", "gender"]


# Endings


def test_a_screener_is_added_with_its_texts_and_removed_again():
    after = written(
        screening(), "endings", new__reason="demographics-v2:age_band", new__heading="Only adults",
        new__text="Thank you for your interest.",
    )  # fmt: skip
    ending = read(after)["endings"][-1]
    assert ending == {
        "key": "only-adults", "heading": "Only adults", "text": "Thank you for your interest.",
        "when": [{"item": "age_band"}],
    }  # fmt: skip
    assert read(after)["text"]["de"]["endings"]["only-adults"]["heading"].startswith("[")
    after = written(after, "endings", endings__3__when__0__answers=["18-24"])
    declared = reading.read(after)
    assert declared.endings[-1].when[0].equals == "18-24"
    assert "The study ends on this page for people who answered “18 to 24 years”" in " ".join(
        leads(after, "endings")
    )
    assert tomllib.loads(written(after, "endings", endings__3__remove=True)) == read(screening())


def test_an_end_after_failed_checks_is_changed_line_by_line():
    fields = {"endings__2__failed_attention": 1, "endings__2__replace": False,
              "endings__0__paid": True}  # fmt: skip
    after = written(screening(), "endings", **fields)
    assert difference(screening(), after) == (
        ["failed_attention = 2", "replace = true"],
        ["paid = true", "failed_attention = 1", "replace = false"],
    )  # fmt: skip
    reading.read(after)


def test_texts_of_an_ending_are_written_in_each_language():
    german = {"text__de__endings__colours__text": "Danke."}
    after = written(screening(), "endings", **german)
    assert difference(screening(), after)[1] == ['text = "Danke."']
    assert reading.read(after).in_language("de").endings[0].text == "Danke."


def test_endings_are_tried_in_another_order():
    after = written(screening(), "endings", endings__2__place=1)
    assert [one["key"] for one in read(after)["endings"]] == ["inattentive", "colours", "insider"]


def test_only_checks_that_the_study_has_can_end_it():
    assert "failed_attention" in offered(screening(), "endings", "new.reason")
    assert "failed_quizzes" not in offered(screening(), "endings", "new.reason")
    # An ending has a single reason: neither is offered to the other.
    fields = form_of(screening(), "endings").fields
    assert "endings.0.failed_attention" not in fields
    assert "endings.2.question" not in fields


def test_the_way_back_fits_the_recruitment_service():
    assert "endings.0.code" not in form_of(screening(), "endings").fields
    prolific = (
        f'{screening()}\n[recruitment]\nkind = "prolific"\ncodes = {{ complete = "CA1B2" }}\n'
    )
    after = written(prolific, "endings", endings__0__code="C3J4K5L6")
    assert read(after)["endings"][0]["code"] == "C3J4K5L6"
    sona = f'{screening()}\n[recruitment]\nkind = "sona"\n'
    assert "endings.0.url" in form_of(sona, "endings").fields


# Later sessions


@pytest.mark.nightly
def test_a_session_is_added_and_the_outcome_still_means_the_first_answers():
    plain = written(screening(), "sessions", sessions__0__remove=True)
    plain = written(plain, "pages", parts__7__remove=True)
    plain = written(plain, "plan", **{"analysis.outcomes.1.remove": True})
    plain = plain.replace('where = { part = "trust-now" }\n', "").replace('key = "trust-now"\n', "")
    assert not reading.read(plain).sessions
    after = written(
        plain, "sessions", new__questionnaire="trust-v1", new__heading="Two weeks later",
        new__after_days=14,
    )  # fmt: skip
    declared = reading.read(after)
    assert [(one.key, one.after_days, one.window_days) for one in declared.sessions] == [
        ("two-weeks-later", 14, 3)
    ]
    assert declared.parts[-1].session == "two-weeks-later"
    assert declared.parts[-1].key == "trust-v1-two-weeks-later"
    assert declared.analysis["outcomes"][0]["where"] == {"part": "trust-v1"}
    assert (
        "It opens 14 days after a person has completed the study, and stays open for 3 days."
        in (leads(after, "sessions")[0])
    )


@pytest.mark.nightly
def test_sessions_and_their_pages_come_in_the_order_of_their_days():
    after = written(
        screening(), "sessions", new__questionnaire="effort-v2", new__heading="Next day",
        new__after_days=1, new__window_days=1,
    )  # fmt: skip
    declared = reading.read(after)
    assert [one.key for one in declared.sessions] == ["next-day", "week"]
    assert [part.session for part in declared.parts][-2:] == ["next-day", "week"]
    later = written(after, "sessions", sessions__0__after_days=30)
    assert [part.session for part in reading.read(later).parts][-2:] == ["week", "next-day"]


def test_a_page_comes_into_a_session_behind_all_others_and_leaves_it():
    after = written(screening(), "sessions", sessions__0__pages=["0", "7"])
    parts = read(after)["parts"]
    assert [part.get("session") for part in parts][-2:] == ["week", "week"]
    assert parts[-2]["questionnaire"] == "demographics-v2"
    back = written(after, "sessions", sessions__0__pages=["7"])
    assert [part.get("session") for part in read(back)["parts"]].count("week") == 1


def test_a_removed_session_takes_its_texts_along():
    after = written(screening(), "sessions", sessions__0__remove=True)
    assert "sessions" not in read(after)
    assert "sessions" not in read(after)["text"]["de"]
    assert not any("session" in part for part in read(after)["parts"])
    reading.read(after)


def test_prolific_sends_people_to_a_session_by_its_own_study():
    assert "sessions.0.study_id" not in form_of(screening(), "sessions").fields
    prolific = (
        f'{screening()}\n[recruitment]\nkind = "prolific"\ncodes = {{ complete = "CA1B2" }}\n'
    )
    after = written(prolific, "sessions", sessions__0__study_id="a" * 24)
    assert read(after)["sessions"][0]["study_id"] == "a" * 24
    assert "by their Prolific id" in leads(after, "sessions")[0]


def test_the_plan_says_which_answers_an_outcome_means():
    fields = form_of(screening(), "plan").fields
    assert [key for key, _label in fields["analysis.outcomes.0.where.part"].choices] == [
        "", "trust-now", "trust-later",
    ]  # fmt: skip


# All of them


@pytest.mark.parametrize("section", ["answers", "endings", "sessions"])
def test_the_short_form_is_first_arranged_page_by_page(section):
    values = {key: value for key, value in read(screening()).items() if key != "parts"}
    values = {key: value for key, value in values.items() if key not in ("endings", "sessions")}
    entries = BY_KEY[section].entries(values)
    assert [entry.name for entry in entries] == ["new.arranged"]


def test_retention_is_written_and_returns_to_no_date():
    after = written(screening(), "retention", retention__data_months=120,
                    retention__delete_copies=True)  # fmt: skip
    assert read(after)["retention"] == {"data_months": 120, "delete_copies": True}
    assert reading.read(after).retention.data_months == 120


WRONG = """endings = [{ when = [{ item = [] }], failed_attention = "x" }, { key = 3, text = [1] }]
sessions = [{ after_days = "x", key = [] }, { after_days = 3 }]
text = { de = { endings = 5, sessions = [] } }
retention = { data_months = "x" }
recruitment = { kind = "pigeon" }
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
show_if = 3
[[parts]]
kind = "text"
show_if = [{ item = 5 }, 4]
show_items = ["a"]
session = 4
[[parts]]
kind = "questionnaire"
questionnaire = "effort-v2"
show_if = [{ item = "trust_1", one_of = 3 }]
show_items = { a = 3, b = [{ equals = [1] }] }
"""


@pytest.mark.parametrize("section", ["answers", "endings", "sessions", "retention", "plan"])
def test_values_of_a_wrong_type_fail_no_form(section):
    form = form_of(WRONG, section)
    sent = {entry.name: form[entry.name].initial for entry in form.entries}
    assert BY_KEY[section].write(WRONG, read(WRONG), sent, form.entries) == WRONG


def test_a_new_condition_says_what_to_do_next_at_its_field_and_the_retention_alone_is_open(
    db, tmp_path, signed_in
):
    study = factories.draft_study(tmp_path)
    add_member(study, "owner", **SWITCHES["owner"])
    owner = User.objects.get(username="owner")
    text = study_texts.text_of(study, owner)
    asked = written(screening(), "answers", parts__5__question="demographics-v2:age_band")
    study_texts.save(text, asked, after=1, user=owner)
    shown = signed_in("owner").get(reverse("panel:edit-section", args=[text.pk, "answers"]))
    next_step = "Choose the answers for which the condition holds, and save."
    assert shown.context["form"].mistakes == {"parts.5.show_if.0.answers": [next_step]}
    assert 'id="id_parts.5.show_if.0.answers_error"' in shown.content.decode()
    assert "comparison. Write one of" not in shown.content.decode()
    factories.predict(study)
    choose_stimuli(study)
    services.open_study(study=study)
    factories.allocated(study, "somebody")
    is_locked = locks(text)
    assert not is_locked(("retention", "data_months"))
    for path in (("parts", 5, "question"), ("endings", 0, "heading"), ("sessions", 0, "text"),
                 ("text", "de", "endings", "a", "text"), ("new", "reason")):  # fmt: skip
        assert is_locked(path)
