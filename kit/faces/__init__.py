"""Inputs and outputs of the face engine; importing them does not load it, so servers may use them."""

from kit.faces.types import Box, Detection, Face, ImageLimits, Quality, Unreadable, UnreadableReason

__all__ = ["Box", "Detection", "Face", "ImageLimits", "Quality", "Unreadable", "UnreadableReason"]
