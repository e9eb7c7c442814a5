"""Converts the models of published packages into ONNX graphs."""
