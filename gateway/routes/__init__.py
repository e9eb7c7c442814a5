"""REST to gRPC, one module for each thing that people speak of."""
