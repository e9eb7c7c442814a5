"""Uploading a folder of photos to an event over REST: resumable, and patient with a bad connection."""
