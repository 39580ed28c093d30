"""Schemes and ledgers for tests of allocation, without a database."""

from collections import Counter
from collections.abc import Iterable, Iterator

from surveys.allocation.book import Book
from surveys.allocation.entries import Origin
from surveys.allocation.scheme import Scheme, Share

ARMS = ("none", "gradcam", "saliency", "integrated_gradients", "deepshap", "lime", "placebo")
ORIGIN = Origin("pure", "0" * 64, simulated=False)


def scheme(
    arms: Iterable[str] = ARMS,
    *,
    seed: int | str = 1,
    ratios: dict[str, int] | None = None,
    quotas: dict[str, int] | None = None,
    method: str = "permuted_blocks",
    places: int = 100_000,
    multiples: Iterable[int] = (1, 2),
    probability: float = 0.8,
    strata: Iterable[str] = (),
) -> Scheme:
    shares = [Share(arm, (ratios or {}).get(arm, 1), (quotas or {}).get(arm, 0)) for arm in arms]
    return Scheme(
        method, tuple(shares), places, str(seed), tuple(multiples), probability, tuple(strata)
    )


def book_of(scheme: Scheme, people: int | Iterable[dict[str, str]]) -> Book:
    """A ledger in which so many people, or people of these levels, came one after the other."""
    book = Book(ORIGIN, scheme)
    for levels in [{}] * people if isinstance(people, int) else people:
        book.allocate(book.arrive(), levels)
    return book


def arms_of(scheme: Scheme, people: int) -> list[str]:
    """The first arms of the scheme's list."""
    return book_of(scheme, people).arms


def imbalances(arms: Iterable[str], ratios: dict[str, int]) -> Iterator[float]:
    """After each arm, how far the sizes divided by the ratios are apart."""
    counts = Counter(dict.fromkeys(ratios, 0))
    for arm in arms:
        counts[arm] += 1
        shares = [counts[one] / ratio for one, ratio in ratios.items()]
        yield max(shares) - min(shares)
