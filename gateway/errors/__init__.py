"""Errors as clients see them, and where they come from."""
