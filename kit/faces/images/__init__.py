"""Image files: formats, metadata, colours, decoding and encoding."""
