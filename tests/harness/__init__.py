"""Helpers shared by the tests of several folders: databases, servers, callers, programs."""
