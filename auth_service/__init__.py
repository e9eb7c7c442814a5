"""Accounts, events, event codes, memberships, tokens, and the change feed."""
