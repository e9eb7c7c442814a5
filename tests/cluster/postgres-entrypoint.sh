#!/bin/bash
# Creates the cluster once, as the official image does, and runs the command as the user postgres.
set -euo pipefail
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	install -d -o postgres -m 0700 "$PGDATA"
	secret=$(mktemp)
	cat "$POSTGRES_PASSWORD_FILE" >"$secret" && chown postgres "$secret"
	setpriv --reuid postgres --regid postgres --init-groups \
		initdb --username "$POSTGRES_USER" --pwfile "$secret" --auth-host scram-sha-256 >/dev/null
	rm "$secret"
	echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
	printf '%s' "CREATE DATABASE $POSTGRES_DB" |
		setpriv --reuid postgres --regid postgres --init-groups postgres --single postgres >/dev/null
fi
install -d -o postgres /var/run/postgresql
exec setpriv --reuid postgres --regid postgres --init-groups "$@" -c listen_addresses='*'
