"""The audit log, which every service keeps in its own schema."""
