"""The audit log; every service stores it in its own schema."""
