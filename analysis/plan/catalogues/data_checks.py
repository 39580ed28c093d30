"""Data checks: faults in the data, or in their fit to the plan, that an analysis would not notice.

A new check is a function in sections/data_checks/ and an entry in DATA_CHECKS.
"""

from dataclasses import dataclass

FAMILY_LEVEL = 0.001
"""Largest probability that any statistical check reports a fault in data without one."""


@dataclass(frozen=True)
class DataCheck:
    """A check: `path` names a function of Material → its findings.

    `looks_for` completes the sentence "The check looks for …". A `statistical` check decides by a
    test, at an equal share of FAMILY_LEVEL; any other check decides by a fact of the table that
    does not occur by chance. A check `by_row` compares neighbouring rows of the files. A check that
    `compares_arms` needs participants in two of them.
    """

    key: str
    label: str
    looks_for: str
    path: str
    statistical: bool = True
    by_row: bool = False
    compares_arms: bool = False


DATA_CHECKS = (
    DataCheck(
        "reversed_key",
        "Key of a scale",
        "items that run against the other items of their scale after reversal",
        "analysis.sections.data_checks.scales.reversed_key",
    ),
    DataCheck(
        "straight_lining",
        "Straight-lining",
        "more people with the same answer throughout a block than attentive answers explain",
        "analysis.sections.data_checks.straight_lines.straight_lining",
    ),
    DataCheck(
        "recoded_ratings",
        "Recoded ratings",
        "ratings piled up inside the declared range, copies cut at a value, and codes that merge "
        "ratings",
        "analysis.sections.data_checks.ranges.recoded_ratings",
    ),
    DataCheck(
        "other_range",
        "Range and unit",
        "answers on another range or in another unit than declared or than other answers",
        "analysis.sections.data_checks.units.other_range",
    ),
    DataCheck(
        "missing_code",
        "Missing codes",
        "codes of missing values, such as -99 or 999, among the values",
        "analysis.sections.data_checks.codes.missing_code",
    ),
    DataCheck(
        "ceiling",
        "Ceiling and floor",
        "outcomes with so many values at an end that differences cannot show",
        "analysis.sections.data_checks.ceiling.ceiling",
    ),
    DataCheck(
        "constant",
        "Constants",
        "items and columns of outcomes with the same value throughout, or throughout an arm",
        "analysis.sections.data_checks.constants.constant",
    ),
    DataCheck(
        "zero_by_zero",
        "Ratios without cases",
        "ratios with a value where they have no cases (0 divided by 0)",
        "analysis.sections.data_checks.recomputed.zero_by_zero",
        statistical=False,
    ),
    DataCheck(
        "cut_percentages",
        "Percentages",
        "percentages that were cut instead of rounded",
        "analysis.sections.data_checks.recomputed.cut_percentages",
    ),
    DataCheck(
        "response_times",
        "Response times",
        "times that repeat one value too often, end at a cut, or cannot be times of people",
        "analysis.sections.data_checks.times.response_times",
    ),
    DataCheck(
        "not_independent",
        "Independence",
        "several choices of one person that are analysed as choices of several people",
        "analysis.sections.data_checks.independence.not_independent",
        by_row=True,
    ),
    DataCheck(
        "duplicates",
        "Duplicates",
        "participants with the same data under two identifiers",
        "analysis.sections.data_checks.duplicates.duplicates",
    ),
    DataCheck(
        "repeated_rows",
        "Repeated rows",
        "trials that are in the table twice",
        "analysis.sections.data_checks.copies.repeated_rows",
    ),
    DataCheck(
        "copied_column",
        "Copied columns",
        "items and columns of outcomes that are copies of one another",
        "analysis.sections.data_checks.copies.copied_column",
    ),
    DataCheck(
        "attrition",
        "Losses by arm",
        "arms that lost more participants than the others",
        "analysis.sections.data_checks.attrition.attrition",
        compares_arms=True,
    ),
    DataCheck(
        "arm_period",
        "Times of arms",
        "arms that were collected at other times than the others",
        "analysis.sections.data_checks.order.arm_period",
        compares_arms=True,
    ),
    DataCheck(
        "fixed_order",
        "Order of levels",
        "levels of a within factor that came in one order for nearly everyone",
        "analysis.sections.data_checks.order.fixed_order",
    ),
    DataCheck(
        "mislabelled_arm",
        "Labels of arms",
        "participants whose arm contradicts another column",
        "analysis.sections.data_checks.arms.mislabelled_arm",
        compares_arms=True,
    ),
    DataCheck(
        "shifted",
        "Shifted cells",
        "columns moved by a row, and rows moved by a column",
        "analysis.sections.data_checks.shifts.shifted",
        by_row=True,
    ),
    DataCheck(
        "image_imbalance",
        "Images by arm",
        "images, or kinds of images, shown more often in one arm than chance explains",
        "analysis.sections.data_checks.images.image_imbalance",
        compares_arms=True,
    ),
    DataCheck(
        "no_shared_image",
        "Images by level",
        "arms and levels of a factor that share no image",
        "analysis.sections.data_checks.images.no_shared_image",
    ),
)
