"""The shapes of the REST contract."""
