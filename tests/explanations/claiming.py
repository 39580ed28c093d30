"""A process that claims; of its own module, so that the process need not load torch."""

from explanations.store.claims import Claims


def claim(folder, keys, line):
    """Claim, answer, hold until told."""
    claims = Claims(folder)
    line.send(claims.take(keys))
    line.recv()
