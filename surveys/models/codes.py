"""Secrets and codes, drawn by the system's generator."""

import secrets


def participant_code() -> str:
    """192 random bits: the secret address of one participation."""
    return secrets.token_urlsafe(24)


def pseudonym() -> str:
    """The name under which a participant stands in exports; not derived from the code."""
    return f"P{secrets.token_hex(4)}"


def allocation_secret() -> str:
    """128 random bits: with them, nobody can foretell the allocation from the study file's seed."""
    return secrets.token_hex(16)


def completion_code() -> str:
    """Eight characters that a person can copy without mistaking one for another."""
    return "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(8))
