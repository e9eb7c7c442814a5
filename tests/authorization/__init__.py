"""Who may call what: every route of the gateway and every rpc of the services, by every kind of caller."""
