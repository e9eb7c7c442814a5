"""What every service shares; knows no service and none of our protos."""
