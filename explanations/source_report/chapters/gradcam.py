"""Claims about Grad-CAM."""

from explanations.source_report import judging, judging_depth, judging_recipes
from explanations.source_report.chapters.claim import EYE, PEOPLE, WHERE, Claim
from explanations.source_report.judging import held, unknown

CLAIMS = (
    Claim(
        "gradcam-localises",
        "effectiveness in localizing the important regions in the input image",
        "gradcam",
        judging.marks_what_counts("gradcam", "Grad-CAM"),
    ),
    Claim(
        "gradcam-coarse",
        "to create coarse heat maps",
        "gradcam",
        held(
            "By construction: the usual layer of this network yields 8 x 8 values and the "
            "last one 4 x 4, for 32 x 32 pixels."
        ),
    ),
    Claim(
        "gradcam-story",
        "offering a window into the model's layered processing",
        "gradcam",
        judging_depth.gradcam_focuses,
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
        "gradcam-frog",
        "the regions of the image that are most influential for the VGG13 model",
        "gradcam",
        judging.marks_what_counts("gradcam", "Grad-CAM", ("frog",), most=True),
    ),
    Claim(
        "sixteen",
        "We ran the GradCam heatmap for all 16 convolution layers.",
        "network",
        judging_recipes.sixteen_convolutions,
    ),
    Claim(
        "gradcam-early",
        "the heatmap appears quite blurred indicating that the model is focusing on broad features",
        "gradcam",
        judging_depth.early_gradcam_is_blurred,
    ),
    Claim(
        "gradcam-2-3",
        "the focus areas start to become more defined although it is still broad",
        "gradcam",
        judging_depth.focus_rises("cam", (2, 3), (0, 1)),
    ),
    Claim(
        "gradcam-patterns",
        "more specific patterns that are relevant to the classification",
        "gradcam",
        unknown(WHERE),
    ),
    Claim(
        "gradcam-4-6",
        "the highlighted areas start to become more concentrated and focused",
        "gradcam",
        judging_depth.focus_rises("cam", (4, 5, 6), (2, 3)),
    ),
    Claim(
        "gradcam-attention",
        "reveal the network's attention to certain regions of the image",
        "gradcam",
        unknown(
            "The report does not say how attention could be observed. Whether the marked "
            "pixels count was measured for the usual layer (first row), not for modules 4 "
            "to 6."
        ),
    ),
    Claim(
        "gradcam-7-8",
        "the highlighted regions are even more focused",
        "gradcam",
        judging_depth.focus_rises("cam", (7, 8), (4, 5, 6)),
    ),
    Claim(
        "gradcam-parts",
        "identifying the upper body features of the frog in this example like its head, eyes, and "
        "its gills",
        "gradcam",
        unknown(EYE + " (An adult frog has no gills.)"),
    ),
    Claim(
        "gradcam-texture",
        "most intensely focused on the body texture of the frog",
        "gradcam",
        judging_depth.deep_gradcam_is_most_focused,
    ),
    Claim(
        "gradcam-9-13",
        "covering the entire heatmap region",
        "gradcam",
        judging_depth.deep_gradcam_covers,
    ),
    Claim(
        "gradcam-last",
        "the heatmap is completely dark",
        "gradcam",
        judging_depth.last_gradcam_is_dark,
    ),
    Claim(
        "gradcam-abstract",
        "the model may have abstracted the features to such a high level that Grad-CAM "
        "cannot easily visualize the importance of these features",
        "gradcam",
        judging_depth.darkness_is_learned,
    ),
    Claim(
        "gradcam-2d",
        "so abstract at this point that they are not easily represented in a 2D heatmap",
        "gradcam",
        unknown("No measure here says how abstract a feature is."),
    ),
    Claim(
        "gradcam-place",
        "may not be directly related to specific spatial locations in the image",
        "gradcam",
        judging_depth.deep_gradcam_loses_the_place,
    ),
    Claim(
        "gradcam-struggles",
        "sometimes struggle to highlight meaningful patterns in the deepest layers",
        "gradcam",
        judging_depth.last_gradcam_is_sometimes_dark,
    ),
    Claim(
        "gradcam-context",
        "Deep layers incorporate more contextual information",
        "gradcam",
        held(
            "By construction: a cell of the first convolution depends on 3 x 3 pixels, of the last "
            "convolution on 18 x 18 (in a corner) to 30 x 30 of the 32 x 32."
        ),
    ),
    Claim(
        "gradcam-suggests",
        "it could suggest that the model is relying on features that are not easily interpretable",
        "gradcam",
        unknown(
            "An empty map does not show this. It depends on the sign of a sum (above), and no "
            "measure here says whether a feature can be interpreted."
        ),
    ),
    Claim(
        "gradcam-easier",
        "making it easier to understand how deep learning works",
        "gradcam",
        unknown(PEOPLE),
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
        "gradcam-clearer",
        "helping us all get a clearer picture of how AI makes its choices",
        "gradcam",
        unknown(PEOPLE),
    ),
)
