"""Selfies: accepted at once, validated in the background, matched in each event of the guest."""
