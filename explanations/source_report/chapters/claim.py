"""A claim of the report, and the reasons that several claims share."""

from dataclasses import dataclass

from explanations.source_report.judging import Judge


@dataclass(frozen=True)
class Claim:
    """A sentence of the report, and the function that judges it.

    ``quote`` is the report's wording; a test compares it with the report's text. ``section`` is the
    part of the page that shows the evidence.
    """

    key: str
    quote: str
    section: str
    judge: Judge


EYE = (
    "What a map looks like on one image cannot be told from what the network uses: CIFAR-10 has no "
    "masks of parts. The page shows the map next to the image."
)
WHERE = (
    "A map shows where, not what. Which features a layer detects needs another experiment, such as "
    "the images that activate each channel most."
)
PEOPLE = (
    "Not testable here without people: see “without people” in the words at the top of the page."
)
NOTHING_IMPROVED = (
    "The report debugs, diagnoses and improves nothing with a map, and this page does not either."
)
