"""Codes, accounts, sign-ins."""
