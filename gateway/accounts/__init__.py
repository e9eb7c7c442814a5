"""Codes, accounts, logins."""
