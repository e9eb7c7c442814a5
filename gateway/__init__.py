"""The REST gateway: translates HTTP into gRPC and nothing else."""
