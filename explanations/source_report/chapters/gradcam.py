"""Claims about Grad-CAM."""

from explanations.source_report import judging_depth, judging_recipes
from explanations.source_report.chapters.claim import EYE, PEOPLE, WHERE, Claim
from explanations.source_report.judging import failed, held, repeated, unknown

CLAIMS = (
    Claim(
        "gradcam-simple",
        "Grad-CAM was chosen for its simplicity",
        "gradcam",
        unknown(
            "A reason of the authors. The report does not say what it counts as simple, or which "
            "method would be less so."
        ),
    ),
    Claim(
        "gradcam-localises",
        "effectiveness in localizing the important regions in the input image",
        "gradcam",
        judging_depth.gradcam_localises,
    ),
    Claim(
        "gradcam-coarse",
        "We utilized the gradients flowing into each layer of the trained VGG13 model to create"
        " coarse heat maps",
        "gradcam",
        repeated(
            "Done here for every module. The usual layer of this network (module 13) yields 8 × 8 "
            "values and the last one 4 × 4, for 32 × 32 pixels."
        ),
    ),
    Claim(
        "gradcam-led",
        "This allowed us to visualize which parts of an image led to a particular output",
        "gradcam",
        unknown(
            "Whether the marked pixels count is judged in the row on localising. That they, and no "
            "other pixels, led to the output was not tested."
        ),
    ),
    Claim(
        "gradcam-story",
        "offering a window into the model's layered processing",
        "gradcam",
        judging_depth.gradcam_focuses,
    ),
    Claim(
        "gradcam-prepared",
        "we had to tweak how we prepare images so they fit what our VGG13 model needs",
        "gradcam",
        repeated(
            "Images enter as 32 × 32 pixels, normalised by the training images' mean and "
            "standard deviation."
        ),
    ),
    Claim(
        "gradcam-adjusted",
        "We also adjusted the Grad-CAM method to work smoothly with our model's setup.",
        "gradcam",
        repeated(
            "Grad-CAM is computed at every module before the flattening. The report does not "
            "say what it adjusted."
        ),
    ),
    Claim(
        "gradcam-looking",
        "a set of heatmaps, which are like special maps that show us where the model is looking"
        " in an image",
        "gradcam",
        unknown(
            "“Looking” is a figure of speech. Whether the marked pixels count is judged in the "
            "row on localising."
        ),
    ),
    Claim(
        "gradcam-edges",
        "These maps tell a story about how the model starts by noticing simple things like "
        "edges and textures and then moves on to recognize more complicated stuff in the deeper"
        " parts of the model",
        "gradcam",
        unknown(
            "A Grad-CAM map shows where, not what. Whether a layer detects edges or objects needs "
            "another experiment, such as the images that activate each channel most."
        ),
    ),
    Claim(
        "gradcam-shown",
        "The above image shows the example of a frog.",
        "gradcam",
        repeated(
            "The frog above is another one: the report's picture is not in the text that this "
            "page judges."
        ),
    ),
    Claim(
        "gradcam-frog",
        "The GradCam heatmaps show the regions of the image that are most influential for the "
        "VGG13 model when classifying the image as “frog”",
        "gradcam",
        judging_depth.gradcam_of_frogs,
    ),
    Claim(
        "sixteen",
        "We ran the GradCam heatmap for all 16 convolution layers.",
        "network",
        judging_recipes.sixteen_convolutions,
    ),
    Claim(
        "gradcam-initial",
        "Layers 0 and 1: In these initial convolution layers",
        "gradcam",
        failed("Module 0 is the first convolution. Module 1 is its ReLU."),
    ),
    Claim(
        "gradcam-early",
        "the heatmap appears quite blurred indicating that the model is focusing on broad "
        "features and general patterns across the image rather than specific details",
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
        "the network begins to focus on more specific patterns that are relevant to the "
        "classification",
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
        "the Grad-CAM heatmap is beginning to reveal the network's attention to certain regions"
        " of the image which are likely important for making the classification decision",
        "gradcam",
        unknown(
            "The report does not say how attention could be observed. Whether the marked "
            "pixels count was measured for the usual layer (module 13), not for modules 4 "
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
        "gradcam-close",
        "the model is paying close attention to certain parts of the image",
        "gradcam",
        unknown("The report does not say how attention could be observed."),
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
        "the frog is magnified to a maximum extent covering the entire heatmap region",
        "gradcam",
        judging_depth.deep_gradcam_covers,
    ),
    Claim(
        "gradcam-learning",
        "the model is likely identifying and learning textures on certain body parts of the frog",
        "gradcam",
        unknown(EYE),
    ),
    Claim(
        "gradcam-final",
        "As we proceed to the final convolution layer",
        "gradcam",
        failed(
            "Module 14 is the last pool. The last convolution is module 12, whose map is above,"
            " two places before."
        ),
    ),
    Claim(
        "gradcam-last",
        "the heatmap is completely dark",
        "gradcam",
        judging_depth.last_gradcam_is_dark,
    ),
    Claim(
        "gradcam-abstract",
        "the model may have abstracted the features to such a high level that Grad-CAM cannot "
        "easily visualize the importance of these features in the spatial domain of the "
        "original image",
        "gradcam",
        judging_depth.darkness_is_learned,
    ),
    Claim(
        "gradcam-2d",
        "the critical features for classification are so abstract at this point that they are "
        "not easily represented in a 2D heatmap",
        "gradcam",
        unknown("No measure here says how abstract a feature is."),
    ),
    Claim(
        "gradcam-abstraction",
        "Deep layers of a CNN tend to extract highly abstract features that may represent "
        "complex structures pertinent to the classification task, like object parts or entire "
        "objects",
        "gradcam",
        unknown(WHERE),
    ),
    Claim(
        "gradcam-place",
        "may not be directly related to specific spatial locations in the image",
        "gradcam",
        judging_depth.deep_gradcam_loses_the_place,
    ),
    Claim(
        "gradcam-struggles",
        "Grad-CAM and similar visualization techniques sometimes struggle to highlight "
        "meaningful patterns in the deepest layers",
        "gradcam",
        judging_depth.last_gradcam_is_sometimes_dark,
    ),
    Claim(
        "gradcam-away",
        "activations have been abstracted away from the pixel space",
        "gradcam",
        unknown(
            "No measure here says how abstract an activation is. The row on spatial locations "
            "says how well maps of deep modules still find an object."
        ),
    ),
    Claim(
        "gradcam-context",
        "Deep layers incorporate more contextual information",
        "gradcam",
        held(
            "By construction: a cell of the first convolution depends on 3 × 3 pixels, of the last "
            "convolution on 18 × 18 (in a corner) to 30 × 30 of the 32 × 32."
        ),
    ),
    Claim(
        "gradcam-essential",
        "which is essential for distinguishing among classes but is not always visually "
        "interpretable",
        "gradcam",
        unknown(
            "No network without context was trained. What can be interpreted is not testable "
            "without people."
        ),
    ),
    Claim(
        "gradcam-suggests",
        "If the final layers' heatmaps are not informative, it could suggest that the model is "
        "relying on features that are not easily interpretable",
        "gradcam",
        unknown(
            "An empty map does not show this. It depends on the sign of a sum (above), and no "
            "measure here says whether a feature can be interpreted."
        ),
    ),
    Claim(
        "gradcam-tool",
        "Grad-CAM is not the right tool for visualizing these particular model decisions",
        "gradcam",
        unknown(
            "“The methods compared” has numbers over all images. The images whose map is empty "
            "were not compared on their own."
        ),
    ),
    Claim(
        "gradcam-easier",
        "exciting outcomes in making it easier to understand how deep learning works",
        "gradcam",
        unknown(PEOPLE),
    ),
    Claim(
        "gradcam-cleverly",
        "just how cleverly the model can pick out and focus on important parts of images",
        "gradcam",
        unknown(
            "The row on localising says whether the marked pixels count. That the network "
            "chose the parts a person would choose needs masks of parts."
        ),
    ),
    Claim(
        "gradcam-clearer",
        "This approach is a big step forward in helping us all get a clearer picture of how AI "
        "makes its choices",
        "gradcam",
        unknown(PEOPLE),
    ),
)
