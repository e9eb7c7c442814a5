"""Uploads a folder of photos to an event over REST: resumable, with retries on a bad connection."""
