"""Claims of the final conclusion."""

from explanations.source_report import evidence as reasons
from explanations.source_report import judging_conclusions
from explanations.source_report.chapters.claim import Claim, needs_people, nothing_improved
from explanations.source_report.judging import held, repeated, unknown

CLAIMS = (
    Claim(
        "attempted",
        "we attempted to explain and implement some popular explainability techniques to "
        "understand the working of deep learning models",
        "conclusions",
        repeated("All five methods are implemented here."),
    ),
    Claim(
        "role",
        "the role played by Explainability techniques to enhance the trustworthiness of AI models",
        "study",
        judging_conclusions.trust_rises,
    ),
    Claim(
        "influence",
        "Explainability helps demystify the decision-making process of AI models by showing "
        "which features influence outcomes",
        "conclusions",
        judging_conclusions.maps_show_influence,
    ),
    Claim(
        "transparency",
        "This transparency allows developers and end-users to understand how and why specific "
        "decisions are made.",
        "conclusions",
        unknown(
            "A study of the platform can measure it with a quiz and with forward simulation, in "
            "which people predict the network's answer. The tables of the study above have "
            "neither, and its participants are synthetic.",
            reasons.PEOPLE,
        ),
    ),
    Claim(
        "verify",
        "By providing insights into the model's reasoning, stakeholders can verify whether the "
        "AI is making decisions based on relevant features or biases",
        "conclusions",
        unknown(
            "Whether the marked pixels count is measured above. Whether people can verify from "
            "them what is relevant needs people.",
            reasons.PEOPLE,
        ),
    ),
    Claim(
        "ensuring",
        "stakeholders can verify whether the AI is making decisions based on relevant "
        "features or biases, thus ensuring the model behaves as expected",
        "conclusions",
        unknown(
            "A map changes no prediction of the network. Whether people who see maps change "
            "the network so that it behaves as expected needs people and a network with a known "
            "fault.",
            reasons.PEOPLE,
        ),
    ),
    Claim(
        "accountability",
        "Explainable AI can help pinpoint when and why errors occur",
        "conclusions",
        judging_conclusions.maps_tell_errors,
    ),
    Claim(
        "diagnosing",
        "Explainable AI can help pinpoint when and why errors occur, which is crucial for "
        "diagnosing problems and improving model performance",
        "conclusions",
        nothing_improved,
    ),
    Claim(
        "high-stakes",
        "especially valuable in high-stakes areas such as healthcare, finance, and law",
        "conclusions",
        unknown(
            "Neither the report nor this page contains anything about these areas.", reasons.OUTSIDE
        ),
    ),
    Claim(
        "gdpr-law",
        "Increasingly, regulations require transparency in AI systems",
        "conclusions",
        unknown(
            "Whether such regulations increase could be counted in the law, which this page "
            "does not do.",
            reasons.OUTSIDE,
        ),
    ),
    Claim(
        "gdpr-example",
        "regulations require transparency in AI systems (eg: EU's GDPR)",
        "conclusions",
        held(
            "For automated decisions, its Articles 13 to 15 require “meaningful information about "
            "the logic involved”. Whether a map meets this is a question of law."
        ),
    ),
    Claim(
        "gdpr",
        "Explainability aids in compliance by providing the necessary documentation and "
        "reasoning for decisions made by AI, which is required for legal accountability",
        "conclusions",
        unknown(
            "A question of law. The platform stores every map with its provenance, which "
            "can be audited.",
            reasons.OUTSIDE,
        ),
    ),
    Claim(
        "fairness",
        "Explainability tools can reveal whether a model's decisions are unfairly biased towards "
        "certain groups.",
        "conclusions",
        judging_conclusions.classes_differ,
    ),
    Claim(
        "fairness-adjustments",
        "Understanding these biases allows developers to make necessary adjustments to data or "
        "model architectures to promote fairness",
        "conclusions",
        unknown(
            "Developers could adjust a network with a known bias with and without maps. Nothing in "
            "the report is adjusted, and nothing was adjusted here.",
            reasons.PEOPLE,
        ),
    ),
    Claim(
        "fairness-ensuring",
        "By ensuring AI systems operate without unintended or discriminatory bias",
        "conclusions",
        unknown(
            "A map changes no prediction of the network, so that it ensures nothing by itself. "
            "The report does not say what bias is unintended, and CIFAR-10 has no groups of "
            "people.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "fairness-ethical",
        "explainability supports the ethical deployment of AI technologies",
        "conclusions",
        unknown("A judgement of value.", reasons.NOTHING),
    ),
    Claim(
        "confidence",
        "When users understand how AI models make decisions, they are more likely to trust and "
        "rely on AI-driven recommendations.",
        "study",
        judging_conclusions.trust_rises,
    ),
    Claim(
        "adoption",
        "crucial for user adoption in sectors like autonomous vehicles and personal finance",
        "conclusions",
        needs_people,
    ),
    Claim(
        "feedback",
        "Explainable models allow users to provide feedback on AI decisions, facilitating "
        "iterative improvements",
        "conclusions",
        unknown(
            "No feedback of people was collected for this page. A study of the platform can "
            "ask after each trial what is wrong, and lists the answers by image (see above).",
            reasons.PEOPLE,
        ),
    ),
    Claim(
        "feedback-improves",
        "This feedback loop not only improves model accuracy but also aligns AI operations with"
        " human values and expectations",
        "conclusions",
        unknown(
            "Nothing in the report feeds back into a model. It would take feedback of people, "
            "and a network that is trained with it.",
            reasons.PEOPLE,
        ),
    ),
    Claim(
        "references",
        "https://arxiv.org/abs/1708.08296",
        "conclusions",
        unknown(
            "A list, of which this is the first of nine entries. By their titles, they name "
            "SHAP, Grad-CAM and Integrated Gradients; LIME only through two papers that apply "
            "it; and no paper on saliency maps. Two are arXiv numbers without a title.",
            reasons.NOTHING,
        ),
    ),
)
