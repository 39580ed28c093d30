"""Claims about SHAP."""

from explanations.source_report import evidence as reasons
from explanations.source_report import judging, judging_conclusions, judging_methods
from explanations.source_report.chapters.claim import Claim, needs_people, nothing_improved
from explanations.source_report.judging import changed, failed, held, repeated, unknown

CLAIMS = (
    Claim(
        "shap-powerful",
        "a powerful interpretability technique",
        "shap",
        unknown("The report does not say what makes a technique powerful.", reasons.UNDEFINED),
    ),
    Claim(
        "shap-games",
        "based on game theory",
        "shap",
        held("By definition: Shapley values are from game theory (Shapley, 1953)."),
    ),
    Claim(
        "shap-shapley",
        "specifically the Shapley values, which quantify the contribution of each feature to "
        "the prediction of a machine learning model",
        "shap",
        held(
            "By definition of the Shapley values. DeepExplainer only approximates them, and "
            "how closely was not measured: the exact values of 1,024 pixels need the network's "
            "predictions for 2^1,024 images."
        ),
    ),
    Claim(
        "shap-complex",
        "particularly helpful in providing insights into the decision-making process of "
        "complex models",
        "shap",
        needs_people,
    ),
    Claim(
        "shap-reference",
        "We selected a background dataset from our training loader to set a reference for the "
        "model",
        "shap",
        repeated(
            "100 training images, drawn with seed 0. The report does not say how many it took."
        ),
    ),
    Claim(
        "shap-critical",
        "is critical for SHAP's calculations",
        "shap",
        held(
            "By definition: SHAP values are differences from the mean output over the background. "
            "Without one, DeepExplainer computes nothing. How much the values depend on which "
            "images it contains is in the row on the distribution."
        ),
    ),
    Claim(
        "shap-deep",
        "We then utilized SHAP's DeepExplainer",
        "shap",
        changed(
            "The maps are of this project's own DeepSHAP, the method of DeepExplainer. Tests "
            "compare them with the package shap."
        ),
    ),
    Claim(
        "shap-tailored",
        "SHAP's DeepExplainer, which is tailored for",
        "shap",
        held(
            "By construction: it passes differences back through the layers of a network, and "
            "cannot explain a model without layers. How well it does so is in the rows on "
            "influence. (A page break of the report cuts this sentence before “deep learning "
            "models”: the next row is its second half.)"
        ),
    ),
    Claim(
        "shap-explainer",
        "deep learning models, using our model and the background dataset to initialize the "
        "explainer",
        "shap",
        repeated("The explainer gets the network and the 100 training images."),
    ),
    Claim(
        "shap-subset",
        "SHAP values were calculated for a subset of the background data to understand the "
        "impact of each feature in the model's predictions",
        "shap",
        changed(
            "The report explains images that are part of its background. Here, test images are "
            "explained, and the background consists of training images. What that changes was "
            "not measured."
        ),
    ),
    Claim(
        "shap-normalisation",
        "Adjusted output images and SHAP values by reversing the normalization process applied "
        "during model training",
        "shap",
        changed(
            "The image is shown without normalisation. The values are not changed: to reverse a "
            "normalisation would break their sum, by which they are checked."
        ),
    ),
    Claim(
        "shap-meaningful",
        "ensuring that the visualizations are meaningful and comparable to the original image data",
        "shap",
        unknown(
            "The original is shown first, in the colours of its file. Whether the pictures are "
            "meaningful needs people.",
            reasons.PEOPLE,
        ),
    ),
    Claim(
        "shap-original",
        "original image was displayed to provide a baseline for comparison with the SHAP values",
        "shap",
        repeated("The first picture of each row above."),
    ),
    Claim(
        "shap-plot",
        "SHAP values were visualized using SHAP's image plot, which overlays the SHAP values on"
        " the original image.",
        "shap",
        changed(
            "The maps are drawn by this project in the colours of shap's image plot, over the "
            "image in grey."
        ),
    ),
    Claim(
        "shap-signs",
        "blue represents a negative impact (decreasing the likelihood of the prediction) and "
        "red indicates a positive impact (increasing the likelihood of the prediction)",
        "shap",
        failed(
            "Not as worded. By definition, the signs are about the class's logit: the values add "
            "up to its difference from the background, within 1e-4 of 1 plus that difference, and "
            "a map that misses more is refused. The likelihood rises only if the other classes' "
            "logits rise less: above, classes whose values add up to a positive sum have a "
            "probability near 0."
        ),
    ),
    Claim(
        "shap-highlights",
        "effectively highlights the areas in the image that significantly influence the "
        "model's prediction",
        "shap",
        judging.seen_in_ours(judging_methods.shap_highlights),
    ),
    Claim(
        "shap-face",
        "specific regions such as parts of the dog's face and body were highlighted",
        "shap",
        judging.seen_in_ours(judging_methods.shap_marks_the_object),
    ),
    Claim(
        "shap-crucial",
        "These areas are crucial in identifying the image as a dog, according to the model's "
        "learned features",
        "shap",
        judging.seen_in_ours(judging_methods.shap_of_dogs),
    ),
    Claim(
        "shap-background",
        "SHAP values can be sensitive to the distribution of data in the training set.",
        "shap",
        judging_methods.distribution_matters,
    ),
    Claim(
        "shap-represent",
        "If the background dataset used for reference does not represent the overall data "
        "distribution well, the SHAP values might not accurately reflect the influence of "
        "features.",
        "shap",
        judging_methods.narrow_background_misleads,
    ),
    Claim(
        "shap-quantitative",
        "SHAP provides a quantitative measure of feature importance",
        "shap",
        held(
            "By definition, if importance is the method's own value: a signed number for each "
            "pixel. The row on the signs says what the numbers add up to."
        ),
    ),
    Claim(
        "shap-actionable",
        "translating these values into actionable insights can be challenging",
        "shap",
        needs_people,
    ),
    Claim(
        "shap-runs",
        "Depending on the implementation, SHAP explanations may lack consistency across "
        "different runs, especially when the method involves sampling or approximations",
        "shap",
        judging_methods.runs_differ,
    ),
    Claim(
        "shap-insights",
        "deep insights into the contributing factors behind the model's predictions, enhancing "
        "the transparency of our machine learning process",
        "shap",
        needs_people,
    ),
    Claim(
        "shap-identifying",
        "By identifying which features are most influential",
        "shap",
        judging.marks_what_counts("deepshap", "SHAP", rule=judging.MOST),
    ),
    Claim(
        "shap-trust",
        "we can better understand and trust our model's decisions",
        "shap",
        judging_conclusions.trust_rises,
    ),
    Claim(
        "shap-invaluable",
        "This method is invaluable for debugging and improving the model",
        "shap",
        nothing_improved,
    ),
    Claim(
        "shap-relevant",
        "ensuring that it focuses on relevant features and performs well in practical applications",
        "shap",
        nothing_improved,
    ),
)
