"""What tests of several folders share: databases, servers, callers, programs."""
