"""Photos, their faces, and who is in them; holds the face encodings of events in memory."""
