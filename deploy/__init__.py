"""Everything that starts Minois on a machine: the sample event, the local stack and the load test."""
