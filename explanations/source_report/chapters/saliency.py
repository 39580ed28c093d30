"""Claims about saliency maps."""

from explanations.source_report import judging, judging_depth
from explanations.source_report.chapters.claim import EYE, PEOPLE, WHERE, Claim
from explanations.source_report.judging import failed, held, unknown

CLAIMS = (
    Claim(
        "saliency-pixels",
        "saliency maps focus on the individual pixels in the image",
        "saliency",
        held(
            "By construction: saliency has a value for every pixel, the largest over the "
            "colours; Grad-CAM weights the feature maps of a layer."
        ),
    ),
    Claim(
        "saliency-gradient",
        "computing the gradient of the output for the input image",
        "saliency",
        held(
            "By definition, and computed so here. Tests compare the maps with an "
            "independent library's."
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
    Claim("saliency-noisy", "they can be very noisy", "saliency", judging_depth.saliency_is_noisy),
    Claim(
        "saliency-deep",
        "especially in deeper or very complex models",
        "saliency",
        unknown("Only this architecture was measured, so that nothing is known about deeper ones."),
    ),
    Claim(
        "saliency-measures",
        "measures how changes in each input pixel",
        "saliency",
        held(
            "By definition, for a very small change of one pixel at a time. Large changes "
            "of many pixels are judged in the rows on influence."
        ),
    ),
    Claim(
        "saliency-absolute",
        "higher values indicate more influence on the model's output",
        "saliency",
        held(
            "By definition, for very small changes. The absolute value does not tell "
            "whether a pixel speaks for the class or against it."
        ),
    ),
    Claim(
        "saliency-influential",
        "visual representations showing the areas of the image most influential to the model's "
        "predictions",
        "saliency",
        judging.marks_what_counts("saliency", "saliency", most=True),
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
        "saliency-truck",
        "what regions of the pixels in the image are influential in different layers",
        "saliency",
        judging_depth.saliency_of_trucks,
    ),
    Claim(
        "saliency-progress",
        "we can see a progression in the saliency map representations",
        "saliency",
        judging_depth.saliency_focuses,
    ),
    Claim(
        "saliency-early",
        "the saliency seems to be quite distributed, with emphasis on broader regions",
        "saliency",
        judging_depth.early_saliency_is_distributed,
    ),
    Claim(
        "saliency-shapes",
        "focusing on general shapes and boundaries in the image",
        "saliency",
        unknown(WHERE),
    ),
    Claim(
        "saliency-3-5",
        "the saliency is becoming more focused on specific areas",
        "saliency",
        judging_depth.focus_rises("saliency", (2, 3, 4), (0, 1)),
    ),
    Claim(
        "saliency-complex",
        "indicating the identification of more complex features",
        "saliency",
        unknown(WHERE),
    ),
    Claim(
        "saliency-6-8",
        "the saliency maps are much more concentrated in particular regions",
        "saliency",
        judging_depth.focus_rises("saliency", (5, 6, 7), (2, 3, 4)),
    ),
    Claim(
        "saliency-parts",
        "the parts of the truck that are most distinctive for classification, such as the corners, "
        "the cab of the truck, or distinctive color patterns",
        "saliency",
        unknown(EYE),
    ),
    Claim(
        "saliency-9-10",
        "the saliency maps are very focused, with bright spots showing where the network is paying "
        "the most attention",
        "saliency",
        judging_depth.focus_rises("saliency", (8, 9), (5, 6, 7)),
    ),
    Claim(
        "saliency-cargo",
        "the structure of the cargo area, wheels, or other unique identifiers",
        "saliency",
        unknown(EYE),
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
        judging_depth.last_saliency_is_few_spots,
    ),
    Claim(
        "saliency-deepest",
        "Since these are the deepest layers",
        "saliency",
        failed(
            "The report's layers 11 and 12 are the modules 10 and 11. The modules 12 to 14 "
            "are deeper and are shown above."
        ),
    ),
    Claim(
        "saliency-relationships",
        "less about individual pixels and more about the complex relationships and patterns",
        "saliency",
        unknown(WHERE),
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
        "saliency-insights",
        "fantastic insights into the neural network's inner workings",
        "saliency",
        unknown(PEOPLE),
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
        "saliency-deepens",
        "deepens our understanding of AI's interpretive strategies",
        "saliency",
        unknown(PEOPLE),
    ),
)
