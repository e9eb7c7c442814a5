"""Kills, stops and starves the real processes of a whole system, and verifies its data afterwards."""
