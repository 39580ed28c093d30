"""A prepared query answers as the queryset that it was made from, and is written once."""

from threading import Thread

import pytest
from django.db import connection
from django.db.models import QuerySet

from explanations.models import ImageSet, StudyImage
from surveys.models.prepared_query import MARKS, PreparedQuery


def images_of(name: str, split: str) -> QuerySet[StudyImage, StudyImage]:
    found = StudyImage.objects.filter(image_set__name=name, split=split)
    return found.select_related("image_set").order_by("source")


@pytest.fixture
def sets() -> list[ImageSet]:
    made = [ImageSet.objects.create(name=name, class_names=[name, "x"]) for name in ("a", "b")]
    for one in made:
        for number in range(2):
            StudyImage.objects.create(
                image_set=one,
                sha256=f"{one.name}{number}",
                split="test",
                true_class=one.name,
                source=f"{number}",
                width=1,
                height=1,
                part_names=[f"part {number}"],
            )
    return made


@pytest.mark.django_db
def test_it_answers_as_the_queryset_for_every_value(sets, django_assert_num_queries):
    ask = PreparedQuery(images_of, str, str)
    for name, split in (("a", "test"), ("b", "test"), ("a", "test"), ("c", "test"), ("a", "other")):
        with django_assert_num_queries(1):
            found = ask(name, split)
            read = [(one.source, one.part_names, one.image_set.class_names) for one in found]
        plain = images_of(name, split)
        assert found == list(plain)
        assert read == [(one.source, one.part_names, one.image_set.class_names) for one in plain]
    assert ask("a", "test")


@pytest.mark.django_db
def test_values_are_those_of_python(sets):
    def times(key: int) -> QuerySet[ImageSet, tuple]:
        return ImageSet.objects.filter(pk=key).values_list("imported_at", "class_names")

    assert PreparedQuery(times, int)(sets[1].pk) == [(sets[1].imported_at, ["b", "x"])]


@pytest.mark.django_db
def test_its_sql_is_written_once(sets):
    built = []

    def named(name: str) -> QuerySet[ImageSet, ImageSet]:
        built.append(name)
        return ImageSet.objects.filter(name=name)

    ask = PreparedQuery(named, str)
    assert [ask(name)[0].name for name in ("a", "b", "a")] == ["a", "b", "a"]
    assert len(built) == 1


@pytest.mark.django_db
def test_a_value_that_the_sql_does_not_take_is_refused(sets):
    ask = PreparedQuery(lambda name: ImageSet.objects.all(), str)
    with pytest.raises(ValueError, match="takes 0 of 1 values"):
        ask("a")


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_its_own_connection_with_the_sql_of_all(sets):
    built, seen = [], []

    def named(name: str) -> QuerySet[ImageSet, ImageSet]:
        built.append(name)
        return ImageSet.objects.filter(name=name)

    ask = PreparedQuery(named, str)

    def elsewhere() -> None:
        with connection.execute_wrapper(lambda execute, *rest: (seen.append(1), execute(*rest))[1]):
            seen.extend(one.name for one in ask("b"))
        connection.close()

    assert ask("a") == [sets[0]]
    thread = Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [1, "b"]
    assert len(built) == 1


def test_a_mark_is_a_number_that_the_smallest_column_can_hold():
    # Beyond a column's range Django leaves the comparison out, as nothing can be equal.
    smallest = 2**15 - 1  # PostgreSQL's smallint
    assert all(0 < MARKS[int](number) <= smallest for number in range(10))
