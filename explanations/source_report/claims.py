"""Every sentence of the report that claims or shows something, with its judge.

``quote`` is the report's wording; a test compares it with the report's text. ``section`` is the
part of the page that shows the evidence.
"""

from dataclasses import dataclass

from explanations.source_report import judging
from explanations.source_report.evidence import Evidence, Judged
from explanations.source_report.judging import Judge, failed, held, unknown


@dataclass(frozen=True)
class Claim:
    """A sentence of the report, and the function that judges it."""

    key: str
    quote: str
    section: str
    judge: Judge


@dataclass(frozen=True)
class Answer:
    """A claim with its verdict."""

    claim: Claim
    judged: Judged


SECTIONS = {
    "network": "The network",
    "recipes": "The two recipes",
    "gradcam": "Grad-CAM of a frog",
    "saliency": "Saliency of a truck",
    "lime": "LIME of a cat",
    "ig": "Integrated Gradients",
    "shap": "SHAP of a dog",
    "comparison": "The methods compared",
    "study": "People: trust and understanding",
    "conclusions": "The conclusions",
}

_EYE = (
    "What a map looks like on one image cannot be told from what the network uses: CIFAR-10 has no "
    "masks of parts. The page shows the map next to the image."
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "surpasses",
        "which often surpasses human performance in accuracy",
        "recipes",
        failed(
            "Not by this network: its accuracy is 75 %. Karpathy (2011) labelled CIFAR-10 by hand "
            "with about 94 %."
        ),
    ),
    Claim(
        "cifar",
        "comprising 60,000 colour images across ten distinct classes",
        "network",
        held("50,000 training and 10,000 test images, of ten classes with 6,000 images each."),
    ),
    Claim(
        "sizes",
        "Estimated Total Size (MB): 39.39",
        "network",
        judging.printed_sizes,
    ),
    Claim(
        "parameters",
        "Total params: 6,400,586",
        "network",
        held("This network has 6,400,586 parameters; all 22 rows agree in kind and number."),
    ),
    Claim(
        "sixteen",
        "We ran the GradCam heatmap for all 16 convolution layers.",
        "network",
        judging.sixteen_convolutions,
    ),
    Claim(
        "pretrained",
        "a pre-trained VGG model",
        "network",
        failed(
            "The report also says “We have constructed a VGG13 model for our dataset”, with 6 "
            "convolutions instead of VGG13's 10. No pre-trained weights fit this network."
        ),
    ),
    Claim(
        "base",
        "Test accuracy: 75%",
        "recipes",
        judging.recipe_performs("base", "test_accuracy"),
    ),
    Claim("loss", "Test Loss: 0.80", "recipes", judging.recipe_performs("base", "test_loss")),
    Claim(
        "base-f1",
        "F1 Score: 0.76",
        "recipes",
        judging.recipe_performs("base", "precision", "recall", "f1"),
    ),
    Claim(
        "base-train",
        "Train accuracy: 89.29%",
        "recipes",
        judging.recipe_performs("base", "running_accuracy"),
    ),
    Claim("l2", "Test accuracy: 72%", "recipes", judging.recipe_performs("l2", "test_accuracy")),
    Claim("l2-loss", "Test Loss: 0.79", "recipes", judging.recipe_performs("l2", "test_loss")),
    Claim(
        "l2-f1",
        "F1 Score: 0.75",
        "recipes",
        judging.recipe_performs("l2", "precision", "recall", "f1"),
    ),
    Claim(
        "l2-train",
        "Train accuracy: 76.0%",
        "recipes",
        judging.recipe_performs("l2", "running_accuracy"),
    ),
    Claim("l2-differs", "Base Model + L2 Regularization", "recipes", judging.l2_costs_accuracy),
    Claim("recall", "Recall: 0.75", "recipes", judging.recall_is_accuracy),
    Claim(
        "gradcam-localises",
        "effectiveness in localizing the important regions in the input image",
        "gradcam",
        judging.marks_what_counts("gradcam", "Grad-CAM"),
    ),
    Claim(
        "gradcam-edges",
        "the model starts by noticing simple things like edges and textures and then moves on to "
        "recognize more complicated stuff in the deeper parts of the model",
        "gradcam",
        unknown(
            "A Grad-CAM map shows where, not what. Whether a layer detects edges or objects needs "
            "another experiment, such as the images that activate each channel most."
        ),
    ),
    Claim(
        "gradcam-story",
        "offering a window into the model's layered processing",
        "gradcam",
        judging.gradcam_focuses,
    ),
    Claim(
        "gradcam-early",
        "the heatmap appears quite blurred indicating that the model is focusing on broad features",
        "gradcam",
        judging.early_gradcam_is_blurred,
    ),
    Claim(
        "gradcam-2-3",
        "the focus areas start to become more defined although it is still broad",
        "gradcam",
        judging.focus_rises("cam", (2, 3), (0, 1)),
    ),
    Claim(
        "gradcam-4-6",
        "the highlighted areas start to become more concentrated and focused",
        "gradcam",
        judging.focus_rises("cam", (4, 5, 6), (2, 3)),
    ),
    Claim(
        "gradcam-7-8",
        "the highlighted regions are even more focused",
        "gradcam",
        judging.focus_rises("cam", (7, 8), (4, 5, 6)),
    ),
    Claim(
        "gradcam-parts",
        "identifying the upper body features of the frog in this example like its head, eyes, and "
        "its gills",
        "gradcam",
        unknown(_EYE + " (An adult frog has no gills.)"),
    ),
    Claim(
        "gradcam-9-13",
        "covering the entire heatmap region",
        "gradcam",
        judging.deep_gradcam_covers,
    ),
    Claim(
        "gradcam-last",
        "the heatmap is completely dark",
        "gradcam",
        judging.last_gradcam_is_dark,
    ),
    Claim(
        "gradcam-abstract",
        "the model may have abstracted the features to such a high level that Grad-CAM cannot "
        "easily visualize the importance of these features",
        "gradcam",
        failed(
            "An empty map has a simple cause: the channels' weighted sum is negative in every "
            "cell, and Grad-CAM's ReLU sets it to 0. The map before the ReLU is not empty, and "
            "how often it happens depends on the network (above)."
        ),
    ),
    Claim(
        "gradcam-place",
        "may not be directly related to specific spatial locations in the image",
        "gradcam",
        judging.deep_gradcam_loses_the_place,
    ),
    Claim(
        "gradcam-struggles",
        "sometimes struggle to highlight meaningful patterns in the deepest layers",
        "gradcam",
        judging.last_gradcam_is_sometimes_dark,
    ),
    Claim(
        "gradcam-context",
        "Deep layers incorporate more contextual information",
        "gradcam",
        held(
            "By construction: a cell of the first convolution depends on 3 x 3 pixels, of the last "
            "convolution on 32 x 32, which is the whole image."
        ),
    ),
    Claim(
        "gradcam-suggests",
        "it could suggest that the model is relying on features that are not easily interpretable",
        "gradcam",
        unknown(
            "An empty map does not tell. It depends on the sign of a sum (above), and no measure "
            "here says whether a feature can be interpreted."
        ),
    ),
    Claim(
        "gradcam-cleverly",
        "just how cleverly the model can pick out and focus on important parts of images",
        "gradcam",
        unknown(
            "The first row of this table says whether the marked pixels count. That the network "
            "chose the parts a person would choose needs masks of parts."
        ),
    ),
    Claim(
        "saliency-finer",
        "Saliency maps produce finer detail at the pixel level compared to gradcam",
        "saliency",
        held(
            "By construction: saliency has 32 x 32 values, the usual Grad-CAM layer of this "
            "network 8 x 8, which are enlarged."
        ),
    ),
    Claim("saliency-noisy", "they can be very noisy", "saliency", judging.saliency_is_noisy),
    Claim(
        "saliency-influential",
        "visual representations showing the areas of the image most influential to the model's "
        "predictions",
        "saliency",
        judging.marks_what_counts("saliency", "saliency"),
    ),
    Claim(
        "saliency-edges",
        "from basic details like edges in early layers to more complex patterns in deeper layers",
        "saliency",
        unknown(
            "A saliency map shows where, not what. Whether a layer detects edges or patterns needs "
            "another experiment, such as the images that activate each channel most."
        ),
    ),
    Claim(
        "saliency-progress",
        "we can see a progression in the saliency map representations",
        "saliency",
        judging.saliency_focuses,
    ),
    Claim(
        "saliency-early",
        "the saliency seems to be quite distributed, with emphasis on broader regions",
        "saliency",
        judging.early_saliency_is_distributed,
    ),
    Claim(
        "saliency-3-5",
        "the saliency is becoming more focused on specific areas",
        "saliency",
        judging.focus_rises("saliency", (2, 3, 4), (0, 1)),
    ),
    Claim(
        "saliency-6-8",
        "the saliency maps are much more concentrated in particular regions",
        "saliency",
        judging.focus_rises("saliency", (5, 6, 7), (2, 3, 4)),
    ),
    Claim(
        "saliency-parts",
        "the parts of the truck that are most distinctive for classification, such as the corners, "
        "the cab of the truck, or distinctive color patterns",
        "saliency",
        unknown(_EYE),
    ),
    Claim(
        "saliency-9-10",
        "the saliency maps are very focused, with bright spots showing where the network is paying "
        "the most attention",
        "saliency",
        judging.focus_rises("saliency", (8, 9), (5, 6, 7)),
    ),
    Claim(
        "saliency-finest",
        "The saliency map visualization shows the finest level of pixel details in these layers.",
        "saliency",
        failed(
            "Layers 11 and 12 of the report are the modules 10 and 11, whose maps have 8 x 8 "
            "cells of 4 x 4 pixels each. The finest detail is in the first layers, with 32 x 32 "
            "cells."
        ),
    ),
    Claim(
        "saliency-11-12",
        "a few highly focused areas of bright color",
        "saliency",
        judging.last_saliency_is_few_spots,
    ),
    Claim(
        "saliency-misleading",
        "focusing on areas that seem unintuitive to humans",
        "saliency",
        unknown("Only people can tell. The study can ask them: “what is wrong here?”."),
    ),
    Claim(
        "saliency-simplistic",
        "might not fully capture the complex dependencies or interactions in the data",
        "saliency",
        held(
            "By construction: a gradient describes the network's answer to a small change of each "
            "pixel alone. Effects of several pixels together are not in it."
        ),
    ),
    Claim(
        "saliency-window",
        "saliency maps serve as a window into the AI's thought process",
        "saliency",
        unknown(
            "A figure of speech. What can be measured is above: the marked pixels, the noise, and "
            "what random weights show as well."
        ),
    ),
    Claim(
        "lime-pixels",
        "This model's coefficients then provided insight into the importance of different pixels "
        "in the classification decision.",
        "lime",
        failed(
            "LIME's coefficients are of patches, not of pixels: about 50 to 60 patches of some 20 "
            "pixels in these images."
        ),
    ),
    Claim(
        "lime-body",
        "areas in green around the cat's body and face suggest these regions are most influential",
        "lime",
        judging.lime_marks_the_body,
    ),
    Claim(
        "lime-intensity",
        "The intensity of the green indicates the strength of the influence.",
        "lime",
        held(
            "By definition, but only relative to the largest weight of the same picture, however "
            "small that is (next row)."
        ),
    ),
    Claim(
        "lime-highlighted",
        "The most influential regions are highlighted, indicating where the model is looking to "
        "make its decision.",
        "lime",
        judging.lime_highlights_most,
    ),
    Claim(
        "lime-any",
        "LIME works with any model",
        "lime",
        held("By construction: LIME needs only the model's answers, no gradients and no layers."),
    ),
    Claim(
        "lime-local",
        "The insights LIME provides for one set of data may not apply to other parts of the data.",
        "lime",
        judging.lime_is_unstable,
    ),
    Claim(
        "lime-costly",
        "Creating explanations with LIME can be resource-intensive",
        "lime",
        judging.lime_costs_most,
    ),
    Claim(
        "lime-use",
        "might not always be straightforward to use",
        "lime",
        unknown("Only people can tell. The study measures felt and tested understanding by arm."),
    ),
    Claim(
        "lime-influential",
        "By highlighting which features are most influential",
        "lime",
        judging.marks_what_counts("lime", "LIME"),
    ),
    Claim(
        "lime-sensible",
        "it aids in assessing whether the model is focusing on sensible, recognizable features of "
        "the cat",
        "lime",
        unknown(
            "Only people can tell. The study asks what is wrong: the class, the reasons, or a map "
            "that marks the background."
        ),
    ),
    Claim(
        "ig-crucial",
        "the model considers these areas crucial for identifying the target class",
        "ig",
        judging.ig_beats_random,
    ),
    Claim(
        "ig-regions",
        "Several regions of the image are highlighted in varying intensities of red and yellow.",
        "ig",
        held("Shown on this page. Single pixels are highlighted, not regions, for each baseline."),
    ),
    Claim(
        "ig-steps",
        "to provide a balance between computational efficiency and granularity of the explanation",
        "ig",
        held(
            "With 50 Gauss-Legendre steps, the shares miss the change of the logit by .01 on "
            "average (docs/evaluation.md, completeness)."
        ),
    ),
    Claim(
        "ig-baseline",
        "The baseline we choose can greatly impact the results.",
        "ig",
        judging.baseline_matters,
    ),
    Claim(
        "ig-wrong-baseline",
        "Using the wrong baseline might lead to incorrect conclusions.",
        "ig",
        judging.opposite_baselines,
    ),
    Claim(
        "ig-hard",
        "it can be difficult to clearly understand the results",
        "ig",
        unknown("Only people can tell. The study measures felt and tested understanding by arm."),
    ),
    Claim(
        "ig-validates",
        "This method is particularly valuable for validating the model's decision-making process",
        "ig",
        unknown("The report validates nothing with it, and no rule says what would be valid."),
    ),
    Claim(
        "shap-signs",
        "blue represents a negative impact (decreasing the likelihood of the prediction) and red "
        "indicates a positive impact",
        "shap",
        held(
            "By definition: the shares add up to the logit's difference from the background, "
            "within 1e-4 of 1 plus that difference; a map that misses more is refused."
        ),
    ),
    Claim(
        "shap-face",
        "specific regions such as parts of the dog's face and body were highlighted",
        "shap",
        judging.shap_marks_the_object,
    ),
    Claim(
        "shap-crucial",
        "These areas are crucial in identifying the image as a dog",
        "shap",
        judging.marks_what_counts("deepshap", "SHAP"),
    ),
    Claim(
        "shap-background",
        "SHAP values can be sensitive to the distribution of data in the training set.",
        "shap",
        judging.background_matters,
    ),
    Claim(
        "shap-runs",
        "SHAP explanations may lack consistency across different runs",
        "shap",
        failed(
            "DeepExplainer draws nothing: with the same background, two runs give the same numbers "
            "(a test of this project). Another background gives another map, as the row above says."
        ),
    ),
    Claim(
        "shap-actionable",
        "translating these values into actionable insights can be challenging",
        "shap",
        unknown("Only people can tell."),
    ),
    Claim(
        "shap-trust",
        "we can better understand and trust our model's decisions",
        "shap",
        judging.trust_rises,
    ),
    Claim(
        "compare",
        "we compare the effectiveness of various explainability techniques",
        "comparison",
        unknown(
            "The report shows the methods one after the other and compares no number. The measures "
            "above compare them; which is best depends on the measure."
        ),
    ),
    Claim(
        "trust-assess",
        "we assess the impact of enhanced explainability on the interpretability and "
        "trustworthiness of the VGG model among end-users",
        "study",
        judging.trust_rises,
    ),
    Claim(
        "transparency",
        "This transparency allows developers and end-users to understand how and why specific "
        "decisions are made.",
        "conclusions",
        unknown("Only people can tell. The study measures it with a quiz and forward simulation."),
    ),
    Claim(
        "verify",
        "stakeholders can verify whether the AI is making decisions based on relevant features or "
        "biases",
        "conclusions",
        unknown(
            "Only people can tell. Whether the marked pixels count is measured above; whether they "
            "are the relevant ones is not."
        ),
    ),
    Claim(
        "accountability",
        "Explainable AI can help pinpoint when and why errors occur",
        "conclusions",
        judging.maps_tell_errors,
    ),
    Claim(
        "gdpr",
        "Explainability aids in compliance by providing the necessary documentation",
        "conclusions",
        unknown(
            "A question of law. Every map is stored with its provenance, which can be audited."
        ),
    ),
    Claim(
        "fairness",
        "Explainability tools can reveal whether a model's decisions are unfairly biased towards "
        "certain groups.",
        "conclusions",
        judging.classes_differ,
    ),
    Claim(
        "fairness-adjustments",
        "Understanding these biases allows developers to make necessary adjustments",
        "conclusions",
        unknown("Nothing in the report is adjusted, and nothing was adjusted here."),
    ),
    Claim(
        "fairness-ethical",
        "explainability supports the ethical deployment of AI technologies",
        "conclusions",
        unknown("A question of ethics, which no number decides."),
    ),
    Claim(
        "gdpr-law",
        "regulations require transparency in AI systems",
        "conclusions",
        unknown("A question of law, which no number decides."),
    ),
    Claim(
        "confidence",
        "When users understand how AI models make decisions, they are more likely to trust and "
        "rely on AI-driven recommendations.",
        "study",
        judging.trust_rises,
    ),
    Claim(
        "feedback",
        "Explainable models allow users to provide feedback on AI decisions",
        "conclusions",
        unknown("No people's feedback was collected for this page."),
    ),
    Claim(
        "feedback-improves",
        "This feedback loop not only improves model accuracy but also aligns AI operations with "
        "human values",
        "conclusions",
        unknown("Nothing in the report feeds back into a model, and nothing was measured here."),
    ),
)


def judge_all(evidence: Evidence) -> list[Answer]:
    """Judge every claim, in the order of the report."""
    return [Answer(claim, claim.judge(evidence)) for claim in CLAIMS]
