"""Claims about LIME."""

from explanations.source_report import evidence as reasons
from explanations.source_report import judging, judging_methods
from explanations.source_report.chapters.claim import Claim, needs_people, nothing_improved, same
from explanations.source_report.judging import changed, failed, held, repeated, unknown

CLAIMS = (
    Claim(
        "lime-helps",
        "a technique that helps us understand how machine learning models make their decisions",
        "lime",
        needs_people,
    ),
    Claim(
        "lime-simplifies",
        "LIME simplifies the model's process in a specific area",
        "lime",
        judging_methods.lime_fits,
    ),
    Claim(
        "lime-easier",
        "LIME simplifies the model's process in a specific area to make it easier to interpret",
        "lime",
        unknown(
            "The sentence as a whole: whether about 60 weights are easier to interpret needs "
            "people. The row before says what the simplification describes.",
            reasons.PEOPLE,
        ),
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
        "lime-observing",
        "observing how these changes affect the model's predictions",
        "lime",
        held(
            "By definition: the linear model is fitted to the network's probabilities for 1,000"
            " changed images."
        ),
    ),
    Claim(
        "lime-pinpoint",
        "This helps to pinpoint which features in the data are most important for the model's "
        "decision",
        "lime",
        judging.marks_what_counts("lime", "LIME", rule=judging.MOST),
    ),
    Claim(
        "lime-valuable",
        "making it a valuable tool for interpreting complex models like deep neural networks, "
        "where it's usually hard to see what's driving the predictions",
        "lime",
        needs_people,
    ),
    Claim(
        "lime-normalised",
        "We normalized the images using defined mean and standard deviation values to ensure "
        "input to the model is standardized.",
        "lime",
        repeated(
            "By the training images' mean and standard deviation, after the patches are covered."
        ),
    ),
    Claim(
        "lime-applied",
        "We then applied LIME to a sample image.",
        "lime",
        repeated("To two cats for each network."),
    ),
    Claim(
        "lime-perturbations",
        "The technique generated perturbations and used the model's responses to these to train"
        " a local model.",
        "lime",
        repeated("1,000 images with covered patches, and a weighted linear model."),
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
        "lime-original",
        "The first image is the actual image as perceived by the human eye.",
        "lime",
        repeated("The first picture of each row above."),
    ),
    Claim(
        "lime-cat",
        "In this case, it's a pixelated image of a cat.",
        "lime",
        changed("The cats above are others."),
    ),
    Claim(
        "lime-heat",
        "The second image is a heat map overlay on the original image.",
        "lime",
        changed(
            "The second picture of each row above is such a heat map, in orange and blue "
            "instead of green. Its colours are so strong that the image hardly shows through, so "
            "that a weight can be read from its colour; the image is next to it."
        ),
    ),
    Claim(
        "lime-colours",
        "This visualization colors different regions of the image based on their importance to "
        "the model's prediction.",
        "lime",
        held(
            "By definition, if importance is the method's own value: a patch's colour is its "
            "weight in the linear model. How well that model describes the network is in the row "
            "on simplifying."
        ),
    ),
    Claim(
        "lime-highlighted",
        "The most influential regions are highlighted",
        "lime",
        judging.seen_in_ours(judging_methods.lime_highlights_most),
    ),
    Claim(
        "lime-looking",
        "indicating where the model is looking to make its decision.",
        "lime",
        unknown(
            "“Looking” is a figure of speech. Whether the marked pixels count is judged in the "
            "rows on influence.",
            reasons.NOTHING,
        ),
    ),
    Claim(
        "lime-body",
        "areas in green around the cat's body and face suggest these regions are most "
        "influential in the model's decision-making process",
        "lime",
        judging.seen_in_ours(judging_methods.lime_marks_the_body),
    ),
    Claim(
        "lime-intensity",
        "The intensity of the green indicates the strength of the influence.",
        "lime",
        held(
            "By definition, but only relative to the largest weight of the same picture, however "
            "small that is: the row on the most influential regions has the largest change by one "
            "patch."
        ),
    ),
    Claim(
        "lime-any",
        "Although LIME works with any model",
        "lime",
        held(
            "By construction: LIME needs only the model's predictions, no gradients and no layers."
        ),
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
        "The explanations LIME gives, especially with complex data like images might not always"
        " be straightforward to use",
        "lime",
        needs_people,
    ),
    Claim(
        "lime-costly",
        "Creating explanations with LIME can be resource-intensive when dealing with many data "
        "variations and complicated models like deep neural networks",
        "lime",
        judging_methods.lime_costs_most,
    ),
    Claim(
        "lime-reasoning",
        "helped in understanding the reasoning behind the VGG13 model's classification",
        "lime",
        needs_people,
    ),
    same(
        "lime-influential",
        "By highlighting which features are most influential",
        "lime",
        "lime-pinpoint",
    ),
    Claim(
        "lime-sensible",
        "it aids in assessing whether the model is focusing on sensible, recognizable features of "
        "the cat",
        "lime",
        needs_people,
    ),
    Claim(
        "lime-debugging",
        "This can be particularly useful for debugging the model (by identifying any focus on "
        "irrelevant features)",
        "lime",
        nothing_improved,
    ),
    Claim(
        "lime-improving",
        "This can be particularly useful for debugging the model (by identifying any focus "
        "on irrelevant features) and for guiding further model improvements and training "
        "strategies to enhance accuracy and reliability in classifications",
        "lime",
        nothing_improved,
    ),
)
