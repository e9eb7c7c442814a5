"""Channels, interceptors and health checks of the services behind the gateway."""
