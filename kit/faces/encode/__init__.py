"""Turns a face into 128 numbers."""
