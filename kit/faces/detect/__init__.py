"""Finds faces in a picture."""
