"""gRPC servers and clients: identity, admission, deadlines, retries, statuses."""
