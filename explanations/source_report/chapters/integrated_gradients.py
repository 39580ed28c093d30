"""Claims about Integrated Gradients."""

from explanations.source_report import evidence as reasons
from explanations.source_report import judging_methods
from explanations.source_report.chapters.claim import Claim, needs_people, nothing_improved
from explanations.source_report.judging import changed, held, repeated, seen_in_ours, unknown

CLAIMS = (
    Claim(
        "ig-useful",
        "useful in understanding the contribution of each input feature to the final prediction",
        "ig",
        needs_people,
    ),
    Claim(
        "ig-widely",
        "widely used to ensure transparency and reliability in model decisions, especially in "
        "sensitive fields",
        "ig",
        unknown(
            "How widely a method is used, and what its use ensures, was not measured.",
            reasons.OUTSIDE,
        ),
    ),
    Claim(
        "ig-decompose",
        "decompose the prediction into contributions of each input feature",
        "ig",
        judging_methods.ig_adds_up,
    ),
    Claim(
        "ig-batch",
        "Loaded a batch of data from `train_loader`, and the relevant inputs to the computation"
        " device",
        "ig",
        changed(
            "The report explains training images here. This page explains test images, which "
            "the network has not seen."
        ),
    ),
    Claim(
        "ig-averaging",
        "Integrated Gradients computed the attributions by interpolating the input and its "
        "baseline and averaging the gradients at all interpolation points",
        "ig",
        changed(
            "A weighted mean: the points and their weights are those of Gauss-Legendre quadrature. "
            "The report does not say where its points are, and averages them with equal weights."
        ),
    ),
    Claim(
        "ig-fifty",
        "The number of steps for the interpolation was set to 50",
        "ig",
        repeated("All maps of Integrated Gradients on this page have 50 steps."),
    ),
    Claim(
        "ig-steps",
        "to provide a balance between computational efficiency and granularity of the explanation",
        "ig",
        judging_methods.ig_steps,
    ),
    Claim(
        "ig-normalised",
        "we normalized the attributions to visualize the data effectively",
        "ig",
        repeated(
            "Each hot map is relative to its own largest value. Whether that is effective is not "
            "judged (rule “Effective” at the top)."
        ),
    ),
    Claim(
        "ig-left",
        "The left image in the output is the input image.",
        "ig",
        repeated("The first picture of each row above."),
    ),
    Claim(
        "ig-warmer",
        "hot color map to represent the intensity of attributions, where warmer colors indicate"
        " higher importance",
        "ig",
        held(
            "By definition, if importance is the method's own value, and relative to the largest "
            "value of the same picture. The hot map shows absolute values, which do not tell "
            "favour from against."
        ),
    ),
    Claim(
        "ig-importance",
        "This image displays the normalized importance of each pixel in determining the model's"
        " prediction.",
        "ig",
        held(
            "By construction, if importance is the method's own value, as in the row on warmer "
            "colours. The row on decomposing judges the sum of the values, and the row on crucial "
            "pixels what happens without them."
        ),
    ),
    Claim(
        "ig-regions",
        "Several regions of the image are highlighted in varying intensities of red and yellow.",
        "ig",
        seen_in_ours(judging_methods.ig_marks_regions),
    ),
    Claim(
        "ig-crucial",
        "These highlights suggest that the model considers these areas crucial for "
        "identifying the target class",
        "ig",
        seen_in_ours(judging_methods.ig_beats_random),
    ),
    Claim(
        "ig-behaviour",
        "This insight can help in understanding the model's behavior, verifying if the model is"
        " focusing on sensible features",
        "ig",
        needs_people,
    ),
    Claim(
        "ig-biases",
        "This insight can help in understanding the model's behavior, verifying if the model "
        "is focusing on sensible features, and diagnosing any potential biases or "
        "shortcomings in the model's learning",
        "ig",
        nothing_improved,
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
        judging_methods.wrong_baseline_misleads,
    ),
    Claim(
        "ig-hard",
        "For complex data types like images, it can be difficult to clearly understand the results",
        "ig",
        needs_people,
    ),
    Claim(
        "ig-overlapping",
        "images contain many overlapping features that can complicate the interpretation",
        "ig",
        needs_people,
    ),
    Claim(
        "ig-insights",
        "detailed insights into how our model processes and interprets its input data",
        "ig",
        needs_people,
    ),
    Claim(
        "ig-transparency",
        "The technique enhances model transparency by highlighting how each part of the input "
        "contributes to the output.",
        "ig",
        unknown(
            "What each part contributes is judged in the row on decomposing. The report does "
            "not say what counts as transparent.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "ig-validates",
        "This method is particularly valuable for validating the model's decision-making "
        "process, ensuring that the model behaves as expected",
        "ig",
        nothing_improved,
    ),
    Claim(
        "ig-improving",
        "identifying any areas for improvement",
        "ig",
        nothing_improved,
    ),
)
