"""Live updates: open pages hear that something of theirs changed, and read it again."""
