"""Events and their guests."""
