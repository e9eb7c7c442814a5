"""Selfies and rematches."""
