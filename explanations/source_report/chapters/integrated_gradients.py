"""Claims about Integrated Gradients."""

from explanations.source_report import judging_methods
from explanations.source_report.chapters.claim import NOTHING_IMPROVED, PEOPLE, Claim
from explanations.source_report.judging import held, unknown

CLAIMS = (
    Claim(
        "ig-useful",
        "useful in understanding the contribution of each input feature to the final prediction",
        "ig",
        unknown(PEOPLE),
    ),
    Claim(
        "ig-widely",
        "widely used to ensure transparency and reliability in model decisions",
        "ig",
        unknown("How widely a method is used, and what its use ensures, was not measured."),
    ),
    Claim(
        "ig-decompose",
        "decompose the prediction into contributions of each input feature",
        "ig",
        judging_methods.ig_adds_up,
    ),
    Claim(
        "ig-steps",
        "to provide a balance between computational efficiency and granularity of the explanation",
        "ig",
        judging_methods.ig_steps,
    ),
    Claim(
        "ig-warmer",
        "warmer colors indicate higher importance",
        "ig",
        held(
            "By definition, relative to the largest value of the same picture. The hot map "
            "shows absolute values, which do not tell favour from against."
        ),
    ),
    Claim(
        "ig-regions",
        "Several regions of the image are highlighted in varying intensities of red and yellow.",
        "ig",
        judging_methods.ig_marks_regions,
    ),
    Claim(
        "ig-crucial",
        "the model considers these areas crucial for identifying the target class",
        "ig",
        judging_methods.ig_beats_random,
    ),
    Claim(
        "ig-biases",
        "diagnosing any potential biases or shortcomings in the model's learning",
        "ig",
        unknown(NOTHING_IMPROVED),
    ),
    Claim(
        "ig-baseline",
        "The baseline we choose can greatly impact the results.",
        "ig",
        judging_methods.baseline_matters,
    ),
    Claim(
        "ig-wrong-baseline",
        "Using the wrong baseline might lead to incorrect conclusions.",
        "ig",
        judging_methods.opposite_baselines,
    ),
    Claim(
        "ig-hard",
        "it can be difficult to clearly understand the results",
        "ig",
        unknown("Only people can tell. The study measures felt and tested understanding by arm."),
    ),
    Claim(
        "ig-insights",
        "detailed insights into how our model processes and interprets its input data",
        "ig",
        unknown(PEOPLE),
    ),
    Claim(
        "ig-validates",
        "This method is particularly valuable for validating the model's decision-making process",
        "ig",
        unknown("The report validates nothing with it, and no rule says what would be valid."),
    ),
)
