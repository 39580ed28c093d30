"""[allocation] of a study file: what it declares, and every error with its line and cure."""

import pytest

from surveys.allocation.strata import NOT_ANSWERED, Stratum
from surveys.study_checks.loading import parse
from surveys.study_file.declaration import StudyFileError
from tests.surveys.factories import PLAN, study_text

STRATUM = '[[allocation.strata]]\nquestionnaire = "{questionnaire}"\nitem = "{item}"\n{more}\n'


def read(tmp_path, allocation: str, places: int = 60, strata: str = ""):
    weights = tmp_path / "dots.safetensors"
    return parse(study_text(weights, allocation=allocation, places=places, plan=strata + PLAN))


def stratum(item: str, more: str = "", questionnaire: str = "ai-experience-v1") -> str:
    return STRATUM.format(questionnaire=questionnaire, item=item, more=more)


def test_everything_can_be_declared(tmp_path):
    text = 'method = "minimisation"\nprobability = 0.7\nhold_minutes = 0\n'
    text += "ratios = { none = 2 }\nquotas = { lime = 9 }"
    strata = stratum("experience", "cuts = [3, 5]") + stratum(
        "use", 'key = "uses"\nlevels = { rarely = [1, 2], often = ["4", 5] }'
    )
    plan = read(tmp_path, text, strata=strata).allocation
    assert (plan.method, plan.probability, plan.hold_minutes) == ("minimisation", 0.7, 0)
    assert (plan.ratios, plan.quotas, plan.places) == ({"none": 2}, {"lime": 9}, 60)
    assert plan.strata == (
        Stratum("experience", "ai-experience-v1", "experience", cuts=(3, 5)),
        Stratum(
            "uses", "ai-experience-v1", "use", levels={"rarely": ("1", "2"), "often": ("4", "5")}
        ),
    )


@pytest.mark.parametrize(
    ("allocation", "says"),
    [
        ('method = "minimization"', "did you mean 'minimisation'?"),
        ('method = "minimisation"\nprobability = 1.0', "from 0.5"),
        ('method = "minimisation"\nblock_multiples = [1]', "Remove block_multiples"),
        ("probability = 0.7", "has no probability. Remove it"),
        ("ratios = { limes = 2 }", "ratios names 'limes': did you mean 'lime'?"),
        ("ratios = { lime = 0 }", "'lime' in [allocation.ratios] is 0. It must be from 1 to 20"),
        (
            "quotas = { lime = true }",
            "'lime' in [allocation.quotas] is true. It must be a whole number",
        ),
        ("quotas = { none = 9, gradcam = 9, lime = 9, placebo = 9 }", "the quotas add up to 36"),
        (
            "block_multiples = [0]",
            "'block_multiples' in [allocation] contains 0. It must be from 1 to 20",
        ),
        ("hold_minutes = -1", "must be at least 0"),
        ("holdminutes = 5", "did you mean 'hold_minutes'?"),
    ],
)
def test_a_faulty_declaration_is_named_with_its_line_and_cure(tmp_path, allocation, says):
    with pytest.raises(StudyFileError) as refusal:
        read(tmp_path, allocation)
    (problem,) = refusal.value.problems
    assert says in problem
    assert problem.startswith("line ")


@pytest.mark.parametrize(
    ("strata", "says"),
    [
        (stratum("trust1", questionnaire="trust-v1"), "Asked before: ai-experience-v1."),
        (stratum("uses"), "no item 'uses': did you mean 'use'?"),
        (stratum("use", "cuts = [5, 3]"), "the smallest first"),
        (stratum("use", "cuts = [3]\nlevels = { few = [1] }"), "Remove one of the two"),
        (stratum("use", "levels = { few = [1, 9] }"), "Remove from it: 9."),
        (stratum("use", "levels = { few = [1], many = [1, 2] }"), "Listed more than once: 1."),
        (
            stratum("use", "levels = { few = 1 }"),
            "It must be a list in [ ], of texts in quotes and numbers",
        ),
        (stratum("use", 'key = "Use!"'), "must hold small letters"),
        (stratum("use") + stratum("use"), "two strata have the key 'use'"),
        (stratum("experience") + stratum("use"), "35 cells, and a block of each needs 4 people"),
    ],
)
def test_a_faulty_stratum_is_named_with_its_line_and_cure(tmp_path, strata, says):
    with pytest.raises(StudyFileError) as refusal:
        read(tmp_path, "", strata=strata)
    named = [problem for problem in refusal.value.problems if says in problem]
    assert named, refusal.value.problems
    assert all(problem.startswith("line ") for problem in named)


def test_many_cells_are_no_problem_for_minimisation(tmp_path):
    strata = stratum("experience") + stratum("use")
    assert len(read(tmp_path, 'method = "minimisation"', strata=strata).allocation.strata) == 2


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ("29", "below 30"),
        ("30", "30 to 50"),
        ("49.5", "30 to 50"),
        ("50", "50 or more"),
        ("-3", "below 30"),
        ("", NOT_ANSWERED),
        ("does_not_apply", NOT_ANSWERED),
    ],
)
def test_a_number_belongs_to_the_level_between_its_cuts(answer, level):
    assert Stratum("age", "q", "age", cuts=(30, 50)).level_of(answer) == level


def test_an_answer_belongs_to_the_level_that_lists_it_or_is_one_itself():
    grouped = Stratum("use", "q", "use", levels={"rarely": ("1", "2"), "often": ("5",)})
    assert [grouped.level_of(one) for one in ("2", "5", "3")] == ["rarely", "often", NOT_ANSWERED]
    assert Stratum("use", "q", "use").level_of("3") == "3"
