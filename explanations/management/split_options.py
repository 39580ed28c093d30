"""Options of every command that reads images: how to divide and how to scale them."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from explanations.imagesets.grey_window import GreyWindow
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


def add_window(parser: ArgumentParser) -> None:
    """Add the option --window."""
    parser.add_argument(
        "--window",
        type=arguments.number,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="values of 16-bit grey images that become black and white, such as 0 4095; give every "
        "command the same",
    )


def window_of(options: Mapping[str, Any]) -> GreyWindow | None:
    """Return the window that the options state. Raises ImageSetError if it is none."""
    return GreyWindow(*options["window"]) if options["window"] else None


def split_rule_of(options: Mapping[str, Any]) -> SplitRule | None:
    """Return the rule that the options state. Raises ImageSetError if it is none."""
    text = options["split_rule"]
    return SplitRule.of(text, options["split_seed"]) if text else None
