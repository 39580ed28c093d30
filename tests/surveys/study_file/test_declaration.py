import tomllib

import pytest

from analysis.toml import positions as tomllines
from surveys.study_checks import loading
from surveys.study_file import declaration, stored
from surveys.study_file.designs import Condition
from surveys.tidy.analysis_plan import plan_of, toml_text
from tests.conftest import ROOT
from tests.surveys.factories import study_text

SHIPPED = sorted((ROOT / "studies").glob("*.toml"))


def problems_of(text: str) -> list[str]:
    with pytest.raises(declaration.StudyFileError) as caught:
        loading.parse(text)
    return list(caught.value.problems)


@pytest.fixture
def text() -> str:
    return study_text("weights/none.safetensors")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_study_that_ships_can_be_loaded(path):
    study = loading.parse(path.read_text())
    assert study.slug == path.stem


def test_a_small_file_is_read_to_the_letter(text):
    study = loading.parse(text)
    assert study.consent == declaration.Consent("1", "What happens here.")
    assert study.conditions[1] == Condition("gradcam", "Arm gradcam", "gradcam")
    assert study.conditions[0].method == ""
    assert study.questionnaires == ("ai-experience-v1", "trust-v1", "comments-v1")
    assert study.allocation == declaration.Allocation((1, 2), 60)


def test_every_error_is_reported_at_once_with_its_line(text):
    faulty = (
        text.replace('slug = "small"', 'slug = "Small study"')
        .replace("right = 3", "rigth = 3")
        .replace('method = "lime"', 'method = "line"')
        .replace('key = "placebo"', 'key = "lime"', 1)
        .replace('"comments-v1"', '"comment-v1"')
        .replace("block_multiples = [1, 2]", "block_multiples = [0]")
        .replace('control = "none"', 'control = "nobody"')
        .replace('scale = "trust"', 'scale = "truth"')
        .replace("seed = 5", 'seed = "five"')
    )
    problems = problems_of(faulty)
    lines = faulty.splitlines()
    for place, words in {
        'slug = "Small study"': "'Small study' must start with a small letter",
        'seed = "five"': "'seed' is 'five'. It must be a whole number",
        "rigth = 3": "unknown key 'rigth' in [images]: did you mean 'right'?",
        "[images]": "'right' in [images] is missing",
        'method = "line"': "unknown method 'line': did you mean 'lime'?",
        'after = ["trust-v1", "comment-v1"]': "did you mean 'comments-v2'?",
        "block_multiples = [0]": "'block_multiples' in [allocation] contains 0. It must be from",
        'control = "nobody"': "control 'nobody' is not among the arms",
        'scale = "truth"': "the scale 'truth' is not in codebook.csv",
    }.items():
        expected = f"line {lines.index(place) + 1}: "
        assert any(words in problem and problem.startswith(expected) for problem in problems), (
            expected + words,
            problems,
        )
    assert sum("two arms have the key 'lime'" in problem for problem in problems) == 1
    assert len(problems) == 10


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("right = 3", "right = -1", "'right' in [images] is -1. It must be at least 0"),
        ("right = 3", "right = true", "It must be a whole number"),
        ("right = 3\nwrong = 2", "right = 0\nwrong = 0", "right + wrong is 0"),
        ('text = "What it was about."', "", "'text' in [debrief] is missing"),
        ('text = "What it was about."', 'text = " "', "'text' in [debrief] is empty"),
        ('weights = "weights/none.safetensors"', 'weights = "a.pt"', "a .safetensors file"),
        ('label = "Arm lime"', 'label = "Arm none"', "two arms have the label 'Arm none'"),
        ("seed = 5", "seed = 9223372036854775808", "It must be from 0 to 9223372036854775807"),
        ("places = 60", "places = 3", "It must be at least 4"),
        ('before = ["ai-experience-v1"]', 'before = "trust-v1"', "It must be a list in [ ]"),
        ('before = ["ai-experience-v1"]', "before = [1]", "must be a list of texts"),
        ('before = ["ai-experience-v1"]', 'before = ["trust-v1"]', "is asked twice"),
        ('control = "none"', 'control = "none"\narms = ["none", "lime"]', "every arm of the study"),
        ('control = "none"', 'control = "none"\ntitle = "Mine"', "Remove 'title'"),
        ('kind = "scale"\nscale = "trust"', 'kind = "scale"', "kind 'scale' needs 'scale'"),
        (
            'kind = "scale"\nscale = "trust"',
            'kind = "trial_mean"\ncolumn = "sure"',
            "'sure' is not",
        ),
        ('kind = "scale"', 'kind = "scala"', "did you mean 'scale'?"),
        ("[debrief]", "[debrif]", "unknown key 'debrif': did you mean 'debrief'?"),
        ("[[arms]]", "[arms", "it is not a TOML file"),
    ],
)
def test_each_rule_of_the_file_is_checked(text, old, new, words):
    assert old in text
    assert words in "\n".join(problems_of(text.replace(old, new, 1)))


def test_an_empty_file_lists_all_that_is_missing():
    problems = "\n".join(problems_of(""))
    for key in ("slug", "title", "seed", "consent", "debrief", "images", "classifier", "arms"):
        assert f"{key!r} is missing" in problems


def test_the_stored_definition_needs_no_analysis(study):
    definition = stored.definition(study)
    assert definition == loading.parse(study.source)
    assert stored.definition(study) is definition  # kept between requests


def test_what_looks_like_a_key_inside_a_long_text_has_no_line():
    text = 'a = """\nb = 1\n[c]\n"""\nb = 2\n[[d]]\ne = 1\n[[d]]\n[d.f]\ng = 3\n'
    lines = tomllines.line_numbers(text)
    assert lines[("b",)] == 5
    assert ("c",) not in lines
    assert (lines[("d", 0, "e")], lines[("d", 1)], lines[("d", 1, "f", "g")]) == (7, 8, 10)
    assert tomllines.line_of(lines, ("d", 1, "f", "nothing")) == 9
    assert tomllines.line_of(lines, ("nowhere",)) is None


def test_the_plan_comes_back_from_its_toml_unchanged():
    for path in SHIPPED:
        plan = plan_of(loading.parse(path.read_text()))
        assert tomllib.loads(toml_text(plan)) == plan


def test_awkward_values_come_back_from_toml_unchanged():
    document = {
        "quote": 'a "b" \\ \n\t\x7f ü 😀',
        "numbers": [1, -2.5, 1e-9],
        "yes": True,
        "odd key": "x",
        "inline": {"a b": 1, "c": "d"},
        "rows": [{"where": {"x": 0}}, {"empty": {}}],
    }
    assert tomllib.loads(toml_text(document)) == document


def test_a_value_that_no_plan_has_is_refused():
    with pytest.raises(TypeError, match="not a text, number"):
        toml_text({"when": object()})
