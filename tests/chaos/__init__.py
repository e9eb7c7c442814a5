"""The whole system as real processes, while they are killed, stopped and starved, and set arithmetic afterwards."""
