"""Accounts: sign-in, invitations, second factor and sessions."""
