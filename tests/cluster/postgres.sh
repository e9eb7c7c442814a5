#!/bin/sh
# Stands in for the entry point of the official image, with Debian's programs and for any user.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	printf %s "$POSTGRES_PASSWORD" >/tmp/password
	initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 \
		--encoding=UTF8 --no-locale >/dev/null
	echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
	echo "CREATE DATABASE $POSTGRES_DB" | postgres --single postgres >/dev/null
	rm /tmp/password
fi
exec postgres "$@" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql
