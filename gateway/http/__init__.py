"""The HTTP layer: protocol, middleware, limits and request bodies."""
