"""Claims of the abstract, the introduction and the objectives."""

from explanations.source_report import judging_conclusions, judging_recipes
from explanations.source_report.chapters.claim import PEOPLE, Claim
from explanations.source_report.judging import failed, held, unknown

ELSEWHERE = "Nothing on this page is about other networks, tasks or fields."

CLAIMS = (
    Claim(
        "aims-popular",
        "one of the popular Convolution Neural network models",
        "aims",
        unknown(ELSEWHERE),
    ),
    Claim(
        "aims-opaque",
        "makes it hard for people to understand",
        "aims",
        unknown(PEOPLE),
    ),
    Claim(
        "aims-transparent",
        "making its decision-making process transparent",
        "aims",
        unknown(
            "The report does not say what counts as transparent. Its conclusions are judged "
            "one by one below."
        ),
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
        "aims-integrate",
        "integrate explainability methods with a VGG model tailored for image classification tasks",
        "aims",
        held(
            "All five methods explain the printed network on this page. Tests compare their "
            "maps with independent libraries."
        ),
    ),
    Claim(
        "compare",
        "we compare the effectiveness of various explainability techniques",
        "comparison",
        failed(
            "The report shows the methods one after the other and compares no number. The "
            "measures above compare them; which method is best depends on the measure."
        ),
    ),
    Claim(
        "trust-assess",
        "we assess the impact of enhanced explainability on the interpretability and "
        "trustworthiness of the VGG model among end-users",
        "study",
        failed(
            "The report contains no participants, no questionnaire and no result about "
            "people. The platform runs such a study; the people of the one above are "
            "synthetic."
        ),
    ),
    Claim(
        "aims-agnostic",
        "both model-specific and model-agnostic explainability techniques",
        "aims",
        held(
            "By construction: LIME needs only the network's answers; the other four need "
            "its gradients or its layers."
        ),
    ),
    Claim(
        "aims-quantitatively",
        "evaluate these methods' ability to visually and quantitatively explain",
        "aims",
        failed(
            "The report shows maps and contains no number about a map. This page has such "
            "numbers: see “The methods compared”."
        ),
    ),
    Claim(
        "aims-progress",
        "revolutionising the way machines understand and interact with the world",
        "aims",
        unknown(ELSEWHERE),
    ),
    Claim(
        "aims-improvement",
        "excellent improvement in the field of image recognition and classification",
        "aims",
        unknown(ELSEWHERE),
    ),
    Claim(
        "aims-complex",
        "can capture complex patterns and features in visual data",
        "aims",
        unknown(
            "The report does not say which patterns are complex. The accuracy is far above "
            "chance (see the recipes), but accuracy does not show which patterns the "
            "network uses."
        ),
    ),
    Claim(
        "surpasses",
        "which often surpasses human performance in accuracy",
        "recipes",
        judging_recipes.beats_people,
    ),
    Claim(
        "aims-barrier",
        "a significant barrier to trust and usability in critical applications",
        "aims",
        unknown(PEOPLE),
    ),
    Claim(
        "aims-acceptance",
        "hides their broader acceptance, especially in sensitive areas",
        "aims",
        unknown(PEOPLE),
    ),
    Claim(
        "aims-radiologist",
        "a radiologist must understand why a model classifies a scan as indicative of a disease",
        "aims",
        unknown(
            "Neither the report nor this page contains medical images or radiologists' answers."
        ),
    ),
    Claim(
        "aims-driving",
        "crucial for safety verification and gaining regulatory and public approval",
        "aims",
        unknown(
            "Neither the report nor this page contains anything about driving, and approval "
            "is a question of law."
        ),
    ),
    Claim(
        "aims-imperative",
        "not just a technical necessity but also a societal imperative",
        "aims",
        unknown("A judgement of value, which no number decides."),
    ),
    Claim(
        "aims-bridge",
        "effectively bridging a gap between complex models predictions and actionable "
        "human understanding",
        "aims",
        unknown(PEOPLE),
    ),
    Claim(
        "aims-state-of-the-art",
        "integrate state-of-the art explainability methods",
        "aims",
        unknown(
            "The five methods were published between 2013 and 2017. No measure here says "
            "what is state of the art."
        ),
    ),
    Claim(
        "cifar",
        "comprising 60,000 colour images across ten distinct classes",
        "network",
        held("50,000 training and 10,000 test images, of ten classes with 6,000 images each."),
    ),
    Claim(
        "aims-diverse",
        "offering a diverse and comprehensive collection of images for a robust assessment",
        "aims",
        failed(
            "The network is tested on 10,000 images, but each method is shown on a single "
            "image, which is not an assessment of the method. This page measures 100 images "
            "of each class where time allows."
        ),
    ),
    Claim(
        "aims-contribute",
        "anticipate contributing significantly to the field of interpretable AI",
        "aims",
        unknown("An expectation, which no number decides."),
    ),
    Claim(
        "aims-trustworthiness",
        "not only enhance the trustworthiness of the DL model but also show a way for "
        "their deployment",
        "aims",
        judging_conclusions.trust_rises,
    ),
)
