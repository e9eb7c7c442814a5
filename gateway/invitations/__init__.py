"""Invitations to events, and the first organiser."""
