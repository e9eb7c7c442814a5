"""Minois on one machine: PostgreSQL, keys, certificates and supervised processes."""
