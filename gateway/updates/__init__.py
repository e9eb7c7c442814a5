"""Live updates: open pages are notified of changes, and read the changed data again."""
