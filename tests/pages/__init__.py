"""Tests of the pages in a real browser against the real system."""
