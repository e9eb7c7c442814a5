"""Encodes a face as 128 numbers."""
