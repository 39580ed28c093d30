"""Filters, orders and searches of the admin tell nothing that its pages do not show.

``?code__regex=^a`` finds out a value letter by letter. So every field of every registered table
needs a decision here, and each lookup that the admin's pages do not name is tried.
"""

import re
import time

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from surveys.models import Study
from tests.surveys.drawn import drawn_study
from tests.surveys.people import begin

SHOWN = {
    "explanations.ImageSet": ("id", "name", "class_names", "imported_at"),
    "explanations.ClassifierWeights": (
        *("id", "name", "path", "class_names", "card", "sha256", "registered_at"),
    ),
    "explanations.Prediction": (
        *("id", "image", "classifier", "predicted_class", "probability", "is_correct"),
    ),
    "explanations.Explanation": (
        *("id", "prediction", "method", "key", "sha256", "parameters", "diagnostics"),
        *("provenance", "computed_at"),
    ),
    "explanations.StudyImage": (
        *("id", "image_set", "sha256", "split", "true_class", "source", "width", "height"),
    ),
    "auth.User": (
        *("id", "last_login", "is_superuser", "username", "first_name", "last_name", "email"),
        *("is_staff", "is_active", "date_joined", "groups", "user_permissions"),
    ),
    "auth.Group": ("id", "name", "permissions"),
    "surveys.Answer": ("id", "submission", "questionnaire", "item", "value"),
    "surveys.Submission": (
        *("id", "participant", "step", "trial", "block", "timed_out", "submitted_at"),
        *("server_seconds", "response_time_ms", "item_order", "times_shown", "timings"),
    ),
    "surveys.Event": ("id", "participant", "kind", "step", "items", "at"),
    "surveys.LedgerEntry": (
        *("id", "study", "simulated", "sequence", "previous", "content", "hash"),
    ),
    "surveys.Participant": (
        *("id", "study", "pseudonym", "state", "simulated", "consent_version", "consent_sha256"),
        *("consented_at", "finished_at", "completion_code"),
    ),
    "surveys.Study": (
        *("id", "slug", "title", "state", "source_sha256", "image_set", "classifier", "loaded_at"),
    ),
}
"""The fields that a page of the admin may show."""
HIDDEN = {
    "explanations.ImageSet": ("fitted_size", "split_rule", "grey_window", "warnings"),
    "explanations.ClassifierWeights": ("architecture", "input_rule", "package"),
    "surveys.Submission": ("extensions", "option_order", "signals"),
    "explanations.Prediction": ("probabilities",),
    "explanations.Explanation": ("other_class", "pack", "offset", "length"),
    "explanations.StudyImage": ("group", "part_names", "part_map"),
    "auth.User": ("password",),
    # The arm and the rotation are shown by a method of the page, once the study is unblinded.
    "surveys.Participant": (
        *("arm", "code", "code_hash", "arrival_key", "personal_code", "personal_code_hash"),
        *("rotation", "language", "consent_checks", "bonus", "ending"),
    ),
    "surveys.Study": (
        *("source", "seed", "allocation_secret", "unblinded_at", "unblinded_by"),
        *("unblinding_reason", "unblinded_before_end", "is_pilot", "pilot_of", "example"),
        *("archived_at", "closed_at"),
    ),
}
"""The fields that no list shows, sorts by, or searches."""
SITE = admin.site._registry
IDS = [model._meta.label for model in SITE]


def own_fields(model) -> set[str]:
    return {f.name for f in (*model._meta.fields, *model._meta.many_to_many)}


def paths(model, hops: int):
    """Yield every field that a URL can name from the model on, with the relations in between."""
    for field in model._meta.get_fields():
        name = field.name  # of a reverse relation, the name for queries
        yield name, field
        if hops and field.is_relation and field.related_model:
            for path, further in paths(field.related_model, hops - 1):
                yield f"{name}__{path}", further


def lookups(model, hops: int = 1):
    """Yield every lookup of every field, also of transforms such as the hour of a time."""
    for path, field in paths(model, hops):
        yield path
        for name in getattr(field, "get_lookups", dict)():
            yield f"{path}__{name}"
            yield f"{path}__{name}__gte"


@pytest.mark.parametrize("model", SITE, ids=IDS)
def test_every_field_has_a_decision(model):
    decided = [*SHOWN.get(model._meta.label, ()), *HIDDEN.get(model._meta.label, ())]
    assert sorted(decided) == sorted(own_fields(model)), (
        "Decide in this file whether the admin may show the field."
    )


@pytest.mark.parametrize("model", SITE, ids=IDS)
def test_no_lookup_passes_that_the_page_does_not_name(model):
    page, request = SITE[model], RequestFactory().get("/")
    tried = set(lookups(model))
    assert len(tried) > 50
    named = {name for name in tried if page.lookup_allowed(name, "1", request)}
    assert named <= set(page.lookups)
    for name in page.lookups:
        field = name.split("__")[0]
        assert field not in HIDDEN.get(model._meta.label, ())


@pytest.mark.parametrize("model", SITE, ids=IDS)
def test_hidden_fields_are_neither_columns_nor_orders_nor_searched(model):
    page = SITE[model]
    hidden = set(HIDDEN.get(model._meta.label, ()))
    orders = {
        getattr(getattr(page, name, None), "admin_order_field", name) for name in page.sortable_by
    }
    searched = {re.sub(r"^[=^@]", "", name).split("__")[0] for name in page.search_fields}
    assert set(page.sortable_by) <= set(page.list_display)
    if model is not User:  # its form changes passwords, which it stores as hashes
        assert not hidden & {*page.list_display, *(page.fields or ())}
    assert not hidden & (orders | searched)


@pytest.fixture
def viewer(db) -> Client:
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


def test_the_filters_and_columns_of_each_list_work(viewer, drawn):
    """Control: what is refused is refused by name, not because nothing works."""
    begin(drawn)
    for model, record in SITE.items():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        page = viewer.get(address)
        assert page.status_code == 200
        for link in set(re.findall(r'href="(\?[^"]+)"', page.content.decode())):
            assert viewer.get(address + link.replace("&amp;", "&")).status_code == 200, link
        for number, column in enumerate(page.context["cl"].list_display):
            request = RequestFactory().get(address, {"o": f"-{number}"})
            request.user = User.objects.get()
            order = record.get_changelist_instance(request).get_ordering(
                request, model.objects.all()
            )
            is_sorted = order[0] not in {"pk", "-pk", *model._meta.ordering}
            assert is_sorted == (column in record.sortable_by), (model, column, order)


ATTACKS = {
    "study": ("allocation_secret__regex", "seed__gte", "source__contains"),
    "participant": (
        *("code__regex", "personal_code__regex", "rotation", "arm", "arm__key", "arm__isnull"),
        *("trials__picture_code__regex", "identity__external_id__regex", "arrival_key__gt"),
    ),
    "answer": ("submission__participant__code__regex", "submission__participant__arm"),
    "ledgerentry": ("hash__startswith", "study__allocation_secret__regex"),
}


def test_a_filter_for_a_secret_is_refused_before_the_database_is_asked(viewer, drawn):
    for model, names in ATTACKS.items():
        for name in names:
            with CaptureQueriesContext(connection) as queries:
                answer = viewer.get(reverse(f"admin:surveys_{model}_changelist"), {name: "^[0-7]"})
            assert answer.status_code == 400, name
            assert not [query for query in queries if "[0-7]" in query["sql"]]


def test_a_pattern_that_takes_for_ever_is_never_run(viewer, drawn):
    begun = time.process_time()
    address = reverse("admin:surveys_study_changelist")
    assert viewer.get(address, {"source__regex": "(([\\s\\S]*)*)*§"}).status_code == 400
    assert time.process_time() - begun < 1


def letters_found(client: Client, study: Study) -> str:
    """What the attack of old finds out: the first two letters of the title, by 52 requests."""
    found, address = "", reverse("admin:surveys_study_changelist")
    for _ in range(2):
        for letter in "abcdefghijklmnopqrstuvwxyz":
            page = client.get(address, {"title__iregex": f"^{found}{letter}"})
            if page.status_code == 200 and page.context["cl"].result_count:
                found += letter
                break
    return found


@pytest.mark.nightly
def test_django_alone_would_tell_what_the_filters_are_asked(viewer, drawn, monkeypatch):
    """Control: the attack works as soon as the list of lookups is taken away."""
    assert letters_found(viewer, drawn) == ""
    monkeypatch.setattr(type(SITE[Study]), "lookup_allowed", ModelAdmin.lookup_allowed)
    assert letters_found(viewer, drawn) == drawn.title[:2].lower()


def test_a_row_is_not_found_by_a_secret_in_place_of_its_key(viewer, drawn):
    _, _, person = begin(drawn)
    address = reverse("admin:surveys_participant_change", args=[person.code])
    assert viewer.get(address, {"_to_field": "code"}).status_code in {302, 400}
