"""The poster of an event."""
