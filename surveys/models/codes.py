"""Secrets and codes, drawn by the system's random generator."""

import secrets


def participant_code() -> str:
    """Return 192 random bits, which are the secret part of a participation's URL."""
    return secrets.token_urlsafe(24)


def pseudonym() -> str:
    """Return the participant's random name in exports, which is not derived from the code."""
    return f"P{secrets.token_hex(4)}"


def allocation_secret() -> str:
    """Return 128 random bits, without which the study file's seed predicts no allocation."""
    return secrets.token_hex(16)


def completion_code() -> str:
    """Return eight characters that cannot be mistaken for one another when copied."""
    return "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(8))
