"""The sample event and its photos."""
