"""Code shared by all services; imports no service and none of our protos."""
