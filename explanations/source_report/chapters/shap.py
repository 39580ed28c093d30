"""Claims about SHAP."""

from explanations.source_report import judging, judging_conclusions, judging_methods
from explanations.source_report.chapters.claim import NOTHING_IMPROVED, PEOPLE, Claim
from explanations.source_report.judging import failed, held, unknown

CLAIMS = (
    Claim(
        "shap-shapley",
        "specifically the Shapley values, which quantify the contribution of each feature",
        "shap",
        unknown(
            "DeepExplainer approximates Shapley values. The exact values of 1,024 pixels "
            "need the network's answers to 2^1,024 images, so that the distance from them "
            "cannot be measured here."
        ),
    ),
    Claim(
        "shap-complex",
        "particularly helpful in providing insights into the decision-making process of "
        "complex models",
        "shap",
        unknown(PEOPLE),
    ),
    Claim(
        "shap-critical",
        "is critical for SHAP's calculations",
        "shap",
        judging_methods.background_matters,
    ),
    Claim(
        "shap-subset",
        "calculated for a subset of the background data",
        "shap",
        unknown(
            "The report explains images that are part of the background. What that changes "
            "was not measured: here, test images are explained, and the background consists "
            "of training images."
        ),
    ),
    Claim(
        "shap-normalisation",
        "reversing the normalization process applied during model training",
        "shap",
        held("Done here as well: the maps above lie over the image without normalisation."),
    ),
    Claim(
        "shap-signs",
        "blue represents a negative impact (decreasing the likelihood of the "
        "prediction) and red indicates a positive impact",
        "shap",
        failed(
            "Not as worded. By definition, the signs are about the class's logit: the shares add "
            "up to its difference from the background, within 1e-4 of 1 plus that difference, and "
            "a map that misses more is refused. The likelihood rises only if the other classes' "
            "logits rise less: above, classes whose shares add up to a positive sum have a "
            "probability near 0."
        ),
    ),
    Claim(
        "shap-highlights",
        "effectively highlights the areas in the image that significantly influence the "
        "model's prediction",
        "shap",
        judging.marks_what_counts("deepshap", "SHAP"),
    ),
    Claim(
        "shap-face",
        "specific regions such as parts of the dog's face and body were highlighted",
        "shap",
        judging_methods.shap_marks_the_object,
    ),
    Claim(
        "shap-crucial",
        "These areas are crucial in identifying the image as a dog",
        "shap",
        judging.marks_what_counts("deepshap", "SHAP", ("dog",), most=True),
    ),
    Claim(
        "shap-background",
        "SHAP values can be sensitive to the distribution of data in the training set.",
        "shap",
        judging_methods.distribution_matters,
    ),
    Claim(
        "shap-actionable",
        "translating these values into actionable insights can be challenging",
        "shap",
        unknown("Only people can tell."),
    ),
    Claim(
        "shap-runs",
        "SHAP explanations may lack consistency across different runs",
        "shap",
        judging_methods.runs_differ,
    ),
    Claim(
        "shap-insights",
        "deep insights into the contributing factors behind the model's predictions",
        "shap",
        unknown(PEOPLE),
    ),
    Claim(
        "shap-trust",
        "we can better understand and trust our model's decisions",
        "shap",
        judging_conclusions.trust_rises,
    ),
    Claim(
        "shap-invaluable",
        "invaluable for debugging and improving the model",
        "shap",
        unknown(NOTHING_IMPROVED),
    ),
)
