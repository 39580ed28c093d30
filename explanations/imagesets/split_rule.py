"""Division of images that come without splits, by a rule that is stated and stored."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explanations.imagesets.dice import derive_seed
from explanations.imagesets.problems import ImageSetError

SPLITS = {2: ("train", "test"), 3: ("train", "validation", "test")}
"""Names of the splits by their number."""


@dataclass(frozen=True)
class SplitRule:
    """Shares in percent of the splits train and test, or train, validation and test.

    The same rule divides the same images in the same way on every machine.
    """

    shares: tuple[int, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.shares) not in SPLITS or min(self.shares) < 1 or sum(self.shares) != 100:
            raise ImageSetError(
                f"The split rule is {self}. It must be two or three whole shares that sum to 100, "
                "such as 80/20 for train and test, or 70/15/15 for train, validation and test."
            )

    @classmethod
    def of(cls, text: str, seed: int = 0) -> "SplitRule":
        """Return the rule of a text such as "80/20". Raises ImageSetError for any other text."""
        parts = text.split("/")
        if not all(part.isascii() and part.isdecimal() and len(part) < 4 for part in parts):
            raise ImageSetError(
                f"{text!r} is not a split rule. Give whole shares in percent, such as 80/20."
            )
        return cls(tuple(map(int, parts)), seed)

    def __str__(self) -> str:
        return "/".join(map(str, self.shares))

    @property
    def stated(self) -> str:
        """Return the rule with its seed, as it is stored: "80/20, seed 0"."""
        return f"{self}, seed {self.seed}"

    @property
    def splits(self) -> tuple[str, ...]:
        """Return the names of the splits."""
        return SPLITS[len(self.shares)]

    def divide(
        self, class_of: Mapping[str, int], groups: Mapping[str, str]
    ) -> dict[str, list[str]]:
        """Return the sources of each split, sorted.

        ``class_of`` maps each image's source to its class. Each class is divided by the shares. If
        there are groups, each group is in one split as a whole, and the shares apply to the images
        of all classes together.
        """
        if any(groups.get(source) for source in class_of):
            divided = self._by_group(sorted(class_of), groups)
        else:
            divided = self._by_class(class_of)
        return {split: sorted(divided[split]) for split in self.splits}

    def _by_class(self, class_of: Mapping[str, int]) -> dict[str, list[str]]:
        divided: dict[str, list[str]] = defaultdict(list)
        for number in sorted(set(class_of.values())):
            of_class = [source for source in class_of if class_of[source] == number]
            ranked = sorted(of_class, key=lambda source: derive_seed(self.seed, source))
            start, passed = 0, 0
            for split, share in zip(self.splits, self.shares, strict=True):
                passed += share
                stop = round(len(ranked) * passed / 100)
                divided[split] += ranked[start:stop]
                start = stop
        return divided

    def _by_group(self, sources: Sequence[str], groups: Mapping[str, str]) -> dict[str, list[str]]:
        members: dict[str, list[str]] = defaultdict(list)
        for source in sources:
            members[groups.get(source) or f"\0{source}"].append(source)
        divided: dict[str, list[str]] = defaultdict(list)
        # Large groups first, so that small ones can even out the shares.
        order = sorted(
            members, key=lambda group: (-len(members[group]), derive_seed(self.seed, group))
        )
        for group in order:
            missing = {
                split: share * len(sources) / 100 - len(divided[split])
                for split, share in zip(self.splits, self.shares, strict=True)
            }
            divided[max(missing, key=lambda split: missing[split])] += members[group]
        return divided
