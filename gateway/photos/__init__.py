"""Photos, uploads, pictures."""
