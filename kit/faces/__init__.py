"""The face engine's words: what goes in, what comes out; import-light, so that servers may use them."""

from kit.faces.types import Box, Detection, Face, ImageLimits, Quality, Unreadable, UnreadableReason

__all__ = ["Box", "Detection", "Face", "ImageLimits", "Quality", "Unreadable", "UnreadableReason"]
