"""Equal problems of several files are told once, with their number and the first names."""

from studyplatform.panel.problem_groups import grouped


def test_twenty_equal_problems_are_one_sentence_with_a_count_and_names():
    said = "is animated (3 frames). Save a single frame of it."
    problems = [f"zip: {n}.png {said.replace('3', str(n + 2))}" for n in range(20)]
    assert grouped(problems) == [
        "zip: 0.png is animated (2 frames). Save a single frame of it. "
        "19 more files have this problem: zip: 1.png, zip: 2.png, zip: 3.png, …"
    ]


def test_different_problems_and_sentences_about_no_file_stay_apart_and_in_order():
    problems = ["a.png is damaged.", "The upload is empty", "b.png has 26 megapixels.",
                "c.png is damaged."]  # fmt: skip
    assert grouped(problems) == [
        "a.png is damaged. 1 more file has this problem: c.png.", "The upload is empty",
        "b.png has 26 megapixels.",
    ]  # fmt: skip
    assert grouped([]) == []
