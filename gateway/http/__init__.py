"""HTTP as clients and proxies speak it: the protocol, middleware, bodies."""
