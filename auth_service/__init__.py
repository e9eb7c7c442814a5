"""Accounts, events, event codes, memberships, tokens, e-mail and the change feed."""
