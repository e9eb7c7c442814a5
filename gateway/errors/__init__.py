"""Error responses, and their mapping from gRPC statuses and framework exceptions."""
