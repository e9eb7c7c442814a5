"""Permissions of every route of the gateway and every RPC of the services, for every kind of caller."""
