"""Claims about LIME."""

from explanations.source_report import judging, judging_methods
from explanations.source_report.chapters.claim import NOTHING_IMPROVED, PEOPLE, Claim
from explanations.source_report.judging import failed, held, unknown

CLAIMS = (
    Claim(
        "lime-helps",
        "helps us understand how machine learning models make their decisions",
        "lime",
        unknown(PEOPLE),
    ),
    Claim(
        "lime-simplifies",
        "LIME simplifies the model's process in a specific area",
        "lime",
        judging_methods.lime_fits,
    ),
    Claim(
        "lime-small",
        "making small changes to the input data",
        "lime",
        failed(
            "By definition, LIME for images covers each patch with a probability of one "
            "half, so that a changed image lacks half of its patches on average."
        ),
    ),
    Claim(
        "lime-pixels",
        "This model's coefficients then provided insight into the importance of different pixels "
        "in the classification decision.",
        "lime",
        failed(
            "LIME's coefficients are of patches, not of pixels: about 50 to 65 patches of some 16 "
            "to 20 pixels in these images."
        ),
    ),
    Claim(
        "lime-highlighted",
        "The most influential regions are highlighted, indicating where the model is looking to "
        "make its decision.",
        "lime",
        judging_methods.lime_highlights_most,
    ),
    Claim(
        "lime-body",
        "areas in green around the cat's body and face suggest these regions are most influential",
        "lime",
        judging_methods.lime_marks_the_body,
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
        "lime-any",
        "LIME works with any model",
        "lime",
        held("By construction: LIME needs only the model's answers, no gradients and no layers."),
    ),
    Claim(
        "lime-details",
        "the details of the model can still affect its explanations",
        "lime",
        judging_methods.lime_follows_the_network,
    ),
    Claim(
        "lime-local",
        "The insights LIME provides for one set of data may not apply to other parts of the data.",
        "lime",
        judging_methods.lime_is_unstable,
    ),
    Claim(
        "lime-use",
        "might not always be straightforward to use",
        "lime",
        unknown("Only people can tell. The study measures felt and tested understanding by arm."),
    ),
    Claim(
        "lime-costly",
        "Creating explanations with LIME can be resource-intensive",
        "lime",
        judging_methods.lime_costs_most,
    ),
    Claim(
        "lime-reasoning",
        "helped in understanding the reasoning behind the VGG13 model's classification",
        "lime",
        unknown(PEOPLE),
    ),
    Claim(
        "lime-influential",
        "By highlighting which features are most influential",
        "lime",
        judging.marks_what_counts("lime", "LIME", most=True),
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
        "lime-debugging",
        "particularly useful for debugging the model",
        "lime",
        unknown(NOTHING_IMPROVED),
    ),
)
