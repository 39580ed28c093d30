"""Options of every command that reads images without splits."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from explanations.imagesets.split_rule import SplitRule
from explanations.management import arguments


def add_split_rule(parser: ArgumentParser) -> None:
    """Add the options --split-rule and --split-seed."""
    parser.add_argument(
        "--split-rule",
        type=arguments.name,
        help="shares in percent that divide images without splits, such as 80/20 for train and "
        "test, or 70/15/15 for train, validation and test",
    )
    parser.add_argument(
        "--split-seed",
        type=arguments.seed,
        default=0,
        help="seed of the split rule; give every command the same",
    )


def split_rule_of(options: Mapping[str, Any]) -> SplitRule | None:
    """Return the rule that the options state. Raises ImageSetError if it is none."""
    text = options["split_rule"]
    return SplitRule.of(text, options["split_seed"]) if text else None
